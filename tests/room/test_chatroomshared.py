"""
The room of several machines: loopback is another place for each of them.
"""

from collections.abc import Collection, Sequence
from ipaddress import ip_network
from typing import Any

from twisted.internet.defer import Deferred, succeed
from zope.interface import implementer

from tests.roomtestcase import GUEST, HOME, RoomTestCase
from twisted_messenger.address import Source
from twisted_messenger.eventlog import EventLog
from twisted_messenger.interfaces import ISharedStore
from twisted_messenger.lease import Lease
from twisted_messenger.refusal import Reason, Refusal
from twisted_messenger.room.chatroom import ChatRoom
from twisted_messenger.room.policy import AdmissionPolicy, Callbacks
from twisted_messenger.roster import Enrolment, RosterLimits
from twisted_messenger.stores.memory import MemoryStore
from twisted_messenger.wire import RoomMessage

#: The operator says that all nodes are on one machine.
_ONE_MACHINE = AdmissionPolicy(networks=(ip_network("127.0.0.0/8"),))


@implementer(ISharedStore)
class SharedStore(MemoryStore):
    """
    A store that other nodes may use too.
    """

    lease = Lease(1e12)
    node = "1b9d"

    def listens(self, places: Sequence[str]) -> None:
        """
        Nobody asks.
        """

    def serve(self) -> None:
        """
        It has everybody.
        """

    def serveNobody(self) -> "Deferred[None]":
        """
        Nobody else would serve them.
        """
        return succeed(None)

    def handOver(self, memberIds: Collection[int]) -> "Deferred[None]":
        """
        Nobody is handed over.
        """
        return succeed(None)


class SharedTestCase(RoomTestCase):
    """
    Rooms over one store.
    """

    def node(self, home: str, policy: AdmissionPolicy | None = None) -> None:
        """
        Go on at a node on some machine.
        """
        self.room = ChatRoom(
            self.store,
            policy,
            self.names.addresses,
            EventLog(self.counters, self.steady.seconds),
            isThisMachine=lambda host: True,
            home=home,
        )

    def setUp(self) -> None:
        """
        Nobody is there.
        """
        super().setUp()
        self.make(AdmissionPolicy(), SharedStore())
        self.node("one")


class CallbackTests(SharedTestCase):
    """
    A member is where every node finds it.
    """

    def assertToldTheMend(self, host: str, policy: AdmissionPolicy | None = None) -> None:
        """
        Fail unless a loopback address is refused, with what to do.
        """
        self.counters = type(self.counters)()
        self.events.clear()
        self.node("one", policy)
        doing = self.room.register("alice", host, 5000, HOME)
        refusal = self.assertRefused(doing, Reason.FOREIGN_CALLBACK)
        self.assertIn("give an address that all of them reach", refusal.detail)

    def test_loopback(self) -> None:
        """
        One's own loopback is refused, however it is said and whatever else is allowed.
        """
        for host in ("localhost", "", "127.0.0.1", "::1", "127.0.1.1"):
            self.assertToldTheMend(host)
        self.assertToldTheMend("localhost", AdmissionPolicy(callbacks=Callbacks.ANY))
        self.assertEqual(self.members(), [])

    def test_otherAddresses(self) -> None:
        """
        Another address of the same machine is taken, and so is everybody else's.
        """
        self.join("alice", "10.0.0.1", 5000, HOME)
        self.join("bob", "", 5000, GUEST)
        self.assertEqual(self.where(), {"alice": "10.0.0.1 5000", "bob": "10.0.0.7 5000"})

    def test_oneMachine(self) -> None:
        """
        Where the operator says that all nodes are on this machine, loopback is as good as ever.
        """
        self.node("one", _ONE_MACHINE)
        self.join("alice", "localhost", 5000)
        self.join("bob", "::1", 5001)
        self.assertEqual(self.where(), {"alice": "localhost 5000", "bob": "::1 5001"})


class OwnerTests(SharedTestCase):
    """
    What a local user of one machine owns is nothing to those of another.
    """

    def test_anotherMachine(self) -> None:
        """
        They neither speak nor register under the name, nor take it out.
        """
        self.join("alice", "10.0.0.1", 5000, HOME)
        self.node("two")
        doings: list[Deferred[Any]] = [
            self.room.post("alice", "no", HOME),
            self.room.register("alice", "10.0.0.2", 5000, HOME),
            self.room.leave("alice", "10.0.0.1", 5000, HOME),
            self.room.take(RoomMessage("alice", "no"), HOME),
        ]
        for doing in doings:
            self.assertIsInstance(self.successResultOf(doing), Refusal)
        self.node("one")
        self.say("alice", "yes")
        self.join("alice", "10.0.0.1", 5001, HOME)
        self.assertEqual(self.where(), {"alice": "10.0.0.1 5001"})

    def test_otherLoopback(self) -> None:
        """
        Another loopback address is another host, and one of this machine's all the same.
        """
        other = Source("127.0.0.2", False)
        self.node("one", AdmissionPolicy(callbacks=Callbacks.ANY))
        self.join("alice", "10.0.0.1", 5000, other)
        self.say("alice", "yes", other)
        self.node("two")
        self.assertRefused(self.room.post("alice", "no", other), Reason.NOT_OWNER)

    def test_registeredBefore(self) -> None:
        """
        Who was registered before machines were told apart keeps the name, and owns it from then on.
        """
        for port, source in ((5000, HOME), (5001, Source("127.0.0.2", False))):
            name = f"alice {port}"
            self.node("one", AdmissionPolicy(callbacks=Callbacks.ANY))
            old = Enrolment(name, "10.0.0.1", port, source.host)
            self.successResultOf(self.store.enrol(old, RosterLimits()))
            self.say(name, "still here", source)
            self.join(name, "10.0.0.1", port, source)
            self.node("two")
            self.assertIsInstance(self.successResultOf(self.room.post(name, "no", source)), Refusal)

    def test_otherSources(self) -> None:
        """
        Who comes over the network is the same at every node.
        """
        self.join("bob", "", 5000, GUEST)
        self.node("two")
        self.say("bob", "here too", GUEST)

    def test_notShared(self) -> None:
        """
        A store of one machine has owners as ever: a new machine-id does not lock anybody out.
        """
        self.make(AdmissionPolicy())
        self.node("one")
        self.join("alice", "localhost", 5000)
        self.node("two")
        self.say("alice", "hello")
        self.join("alice", "localhost", 5001)
