"""
What the tests of leases share: a keeper whose database answers when the test says so.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any

from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.errors import StoreLost
from twisted_messenger.lease import Lease
from twisted_messenger.stores.postgresql.leases import LeaseKeeper
from twisted_messenger.stores.postgresql.leasetables import LeaseTables, Presence, Standing
from twisted_messenger.stores.postgresql.partitions import PARTITIONS, partitionOf

#: Seconds that leases last in these tests, and what a node believes in of that.
TTL, BELIEVED = 3.0, 2.7


class HandTables(LeaseTables):
    """
    Tables that stand as the test says, and keep what they were asked.
    """

    def __init__(self) -> None:
        super().__init__("me", "channel", TTL)
        self.standing = Standing(share=PARTITIONS, free=PARTITIONS)
        self.asked: list[object] = []
        #: What the last renewal said of this node, and of others that are gone.
        self.said = Presence(0, False, 0.0)
        self.gone: dict[str, int] = {}

    def renew(self, cursor: Any, own: Presence, gone: Mapping[str, int]) -> Standing:
        """
        Say how things stand.
        """
        self.asked.append("renew")
        self.said, self.gone = own, dict(gone)
        return self.standing if own.serves else replace(self.standing, share=0)

    def take(self, cursor: Any, room: int, announceAll: bool) -> Standing:
        """
        Take of what is free, the lowest numbers first.
        """
        self.asked.append(("take", room, announceAll))
        before = self.standing
        free = [n for n in range(PARTITIONS) if n not in before.epochs][: min(room, before.free)]
        self.have({**before.epochs, **dict.fromkeys(free, 1)}, free=before.free - len(free))
        return self.standing

    def give(self, cursor: Any, numbers: Collection[int]) -> None:
        """
        Give them away.
        """
        self.asked.append(("give", sorted(numbers)))
        kept = {n: e for n, e in self.standing.epochs.items() if n not in numbers}
        self.have(kept, free=self.standing.free + len(numbers))

    def depart(self, cursor: Any) -> None:
        """
        Give everything away.
        """
        self.asked.append("depart")

    def have(self, epochs: dict[int, int], **changes: Any) -> None:
        """
        From now on this node has these partitions.
        """
        self.standing = replace(self.standing, epochs=epochs, **changes)


class LeaseTestCase(SynchronousTestCase):
    """
    A node that has all partitions, and a database that answers at once until it is told not to.
    """

    def setUp(self) -> None:
        """
        Begin, as the program does.
        """
        self.clock = Clock()
        # A machine that was started a while ago.
        self.clock.advance(1000)
        self.tables = HandTables()
        #: Nothing can be reached.
        self.away = False
        #: What was asked is kept back; see :meth:`answer`.
        self.slow = False
        self.gates: list[Deferred[None]] = []
        #: How often followers were woken.
        self.changes = 0
        self.lease = Lease(0.0, self.clock.seconds)
        self.keeper = self.makeKeeper()
        self.keeper.begin(None)
        self.successResultOf(self.keeper.serve())
        self.tables.asked.clear()
        self.changes = 0

    def makeKeeper(self, **options: Any) -> LeaseKeeper:
        """
        One that has not begun.
        """
        return LeaseKeeper(
            self.tables,
            self.ask,
            self.clock,
            self.lease,
            changed=self.changed,
            ttl=TTL,
            **options,
        )

    def changed(self) -> None:
        """
        Count.
        """
        self.changes += 1

    def ask(self, call: Callable[[Any], Any]) -> "Deferred[Any]":
        """
        Reach the tables, when it is time and if they can be reached.
        """

        def reached(_: None) -> Any:
            if self.away:
                raise StoreLost("no route")
            return call(None)

        gate: Deferred[None] = Deferred()
        if self.slow:
            self.gates.append(gate)
        else:
            gate.callback(None)
        return gate.addCallback(reached)

    def answer(self) -> None:
        """
        Let the oldest question be answered.
        """
        self.gates.pop(0).callback(None)

    def wait(self, seconds: float) -> None:
        """
        Let time pass in small steps, whose sum is exact.
        """
        self.clock.pump([1 / 128] * round(seconds * 128))

    def serve(self, *memberIds: int) -> list[int]:
        """
        Let members become known.

        :returns: those that are to be served.
        """
        return [one for one in memberIds if self.keeper.members.serves(one)]

    def share(self, share: int) -> None:
        """
        From now on so many partitions are this node's share.
        """
        self.tables.standing = replace(self.tables.standing, share=share, free=0)

    def lose(self, *numbers: int) -> None:
        """
        From now on these are another node's.
        """
        epochs = self.tables.standing.epochs
        self.tables.have({n: e for n, e in epochs.items() if n not in numbers})

    def stop(self) -> "Deferred[None]":
        """
        Stop the keeper.
        """
        return ensureDeferred(self.keeper.stop())

    @property
    def deadline(self) -> float:
        """
        Until when this node may push, as it was told last; seconds from now.
        """
        return self.lease.until - self.clock.seconds()


def memberIn(number: int) -> int:
    """
    :returns: the id of a member that belongs to a partition.
    """
    return next(one for one in range(1, PARTITIONS + 1) if partitionOf(one) == number)
