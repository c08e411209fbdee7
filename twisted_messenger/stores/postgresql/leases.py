"""
Keeps this node's leases: takes its share of the partitions, and gives away what is over.

::

    renew, every third of the ttl --> fewer than the share, and some are free --> take
                                  --> more than the share --> drain --handed over--> give
                                  --> one is another's by now --> lost

The deadline is local: it counts from before the renewal was sent, on a clock that goes on while
the machine sleeps, and ends a tenth early. So does the time after which another node is taken for
gone, which counts from when it was last seen. So a node that is cut off, stopped or suspended has
stopped delivering before anybody takes its members, whatever the database's clock says.
"""

import time
from collections.abc import Callable, Collection, Coroutine, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from twisted.internet.defer import Deferred, DeferredLock, ensureDeferred
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger

from twisted_messenger.errors import StoreError
from twisted_messenger.lease import Lease
from twisted_messenger.stores.postgresql.answerlimit import Run
from twisted_messenger.stores.postgresql.leasetables import LeaseTables, Presence, Standing
from twisted_messenger.stores.postgresql.neighbours import Neighbours
from twisted_messenger.stores.postgresql.partitions import surplusOf
from twisted_messenger.stores.postgresql.servedmembers import ServedMembers

T = TypeVar("T")

#: Seconds that a lease lasts: so long may a node's members wait when it dies. It is renewed three
#: times as often, and a renewal may take its time.
LEASE_SECONDS = 3.0

# The part of the ttl for which a node relies on its leases.
_BELIEVED = 0.9

# Seconds after the end of another node's lease, at which this one looks for what is free.
_LATE = 0.05


class LeaseKeeper:
    """
    This node among the others.

    :param tables: the questions.
    :param run: how they reach the database.
    :param reactor: measures the time between renewals.
    :param lease: is extended whenever the database has renewed this node's leases.
    :param changed: called whenever members came, must go, or may be served again.
    :param ttl: seconds that a lease lasts.
    :param clock: seconds since the epoch, by this machine.
    """

    log = Logger()

    def __init__(
        self,
        tables: LeaseTables,
        run: Run,
        reactor: Any,
        lease: Lease,
        *,
        changed: Callable[[], object],
        ttl: float = LEASE_SECONDS,
        clock: Callable[[], float] = time.time,
    ) -> None:
        #: Of the partitions that this node has.
        self.epochs: dict[int, int] = {}
        #: Whom it serves.
        self.members = ServedMembers()
        self.standing = Standing()
        #: Where this node takes messages, for people.
        self.places = ""
        #: Seconds by which this machine's clock is ahead of the database's.
        self.clockError = 0.0
        self._ranBefore = 0.0
        self._tables = tables
        self._run = run
        self._reactor = reactor
        self._lease = lease
        self._changed = changed
        self._ttl = ttl
        self._clock = clock
        self._timer: IDelayedCall | None = None
        self._lock = DeferredLock()
        self._neighbours = Neighbours(ttl)
        self._renewal = 0
        self._born = 0.0
        self._serving = False
        self._stopped = False

    def running(self) -> float:
        """
        Seconds in which the room was running, as the database counts them, up to now.
        """
        return self._ranBefore + self._lease.now()

    def begin(self, cursor: Any) -> None:
        """
        Be there: blocking, at the start of the program, or after a stop. Nobody is served yet.
        """
        self._stopped = self._serving = False
        self.members.begin()
        self.epochs.clear()
        self._neighbours.forget()
        began = self._born = self._lease.now()
        standing = self._look(cursor, self._presence(began), {})
        self._neighbours.seen(standing.others, standing.time, *standing.looked)
        self._stand(standing, began)

    def _presence(self, now: float) -> Presence:
        self._renewal += 1
        return Presence(self._renewal, self._serving, now - self._born, self.places)

    def _look(self, cursor: Any, own: Presence, gone: Mapping[str, int]) -> Standing:
        # In the thread that asks: what an answer waits for until the reactor has time says nothing
        # of the database's clock.
        asked = self._lease.now()
        standing = self._tables.renew(cursor, own, gone)
        return replace(standing, looked=(asked, self._lease.now()))

    def start(self) -> None:
        """
        Renew from now on.
        """
        self._later()

    def serve(self) -> "Deferred[None]":
        """
        Have a share of the members from now on.

        :returns: fires, never with a failure, when it is known which that are.
        """
        self._serving = True
        return self._kept()

    def serveNobody(self) -> "Deferred[None]":
        """
        Give everything away, but be there.

        :returns: fires when that is done, or put off until the database is back.
        """
        self._serving = False
        # Nothing is under way for them.
        self.members.forgetAll()
        return self._kept()

    def look(self) -> None:
        """
        Something has changed among the nodes: do not wait for the next renewal.
        """
        if self._timer is not None:
            self._timer.reset(0)

    async def stop(self) -> None:
        """
        Give everything away; nobody is served any more.
        """
        self._stopped = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        await self._alone(self._depart())

    async def _depart(self) -> None:
        self._lease.until = 0.0
        try:
            await self._run(self._tables.depart)
        except StoreError as error:
            self.log.warn("the other nodes were not told: {error}", error=error)

    def handedOver(self, memberIds: Collection[int]) -> "Deferred[None]":
        """
        Nothing is under way for them any more, and how far they have come is written.

        :returns: fires when others may serve them.
        """
        self.members.handedOver(memberIds)
        return self._alone(self._giveDrained())

    async def _giveDrained(self) -> None:
        drained = self.members.drained()
        if not drained or self._stopped:
            return
        try:
            await self._run(lambda cursor: self._tables.give(cursor, drained))
        except StoreError:
            # The next renewal shows whether it was done.
            return
        self.members.given(drained)
        for number in drained:
            self.epochs.pop(number, None)

    def _alone(self, work: "Coroutine[Any, Any, T]") -> "Deferred[T]":
        # One after the other: partitions that one call has begun to give, another must not count.
        return self._lock.run(lambda: ensureDeferred(work))

    def _later(self) -> None:
        # When another node is gone, take its partitions as soon as its leases have ended.
        left = self._neighbours.nextEnd() - self._lease.now()
        wait = min(self._ttl / 3, max(0.0, left) + _LATE)
        if not self._stopped:
            self._timer = self._reactor.callLater(wait, self._due)

    def _due(self) -> None:
        self._timer = None
        self._kept().addCallback(lambda _: self._later())

    def _kept(self) -> "Deferred[None]":
        return self._alone(self._keep()).addErrback(
            lambda reason: self.log.failure("the leases were not kept", reason)
        )

    async def _keep(self) -> None:
        if self._stopped:
            return
        began = self._lease.now()
        try:
            standing = await self._renew(began)
            # Asked after the answer: pushes that were due after the deadline have not been begun.
            lapsed = not self._lease.held
            if not lapsed:
                self._extend(began)
            room = standing.share - len(standing.epochs)
            if (lapsed and self._serving) or (standing.free and room > 0):
                standing = await self._run(
                    lambda cursor: self._tables.take(cursor, max(0, room), lapsed)
                )
        except StoreError as error:
            self.log.debug("the leases were not renewed: {error}", error=error)
            self._neighbours.forget()
            return
        if self._stand(standing, began) or lapsed:
            self._changed()
        await self._giveDrained()

    async def _renew(self, began: float) -> Standing:
        own, gone = self._presence(began), self._neighbours.gone(began)
        standing: Standing = await self._run(lambda cursor: self._look(cursor, own, gone))
        self._neighbours.seen(standing.others, standing.time, *standing.looked)
        return standing

    def _stand(self, standing: Standing, began: float) -> bool:
        """
        Draw the conclusions.

        :returns: whether there is something to tell.
        """
        behind = (standing.head, standing.revision) != (
            self.standing.head,
            self.standing.revision,
        )
        lost = {n for n, epoch in self.epochs.items() if standing.epochs.get(n) != epoch}
        taken = standing.epochs.keys() - self.epochs.keys()
        self.standing, self.epochs = standing, dict(standing.epochs)
        self._extend(began)
        self.clockError = self._clock() - standing.time
        self._ranBefore = standing.ran - self._lease.now()
        if lost:
            self._lose(lost)
        drain = set(surplusOf(self.members.staying(self.epochs), standing.share))
        self.members.drain(drain)
        return bool(behind or lost or taken or drain)

    def _lose(self, lost: set[int]) -> None:
        self.log.info("{count} partitions are another node's now", count=len(lost))
        if self.members.staying(lost):
            # Who stands still again and again is no better than who crashes.
            self._born = self._lease.now()
        self.members.lose(lost)

    def _extend(self, began: float) -> None:
        self._lease.until = began + _BELIEVED * self._ttl
