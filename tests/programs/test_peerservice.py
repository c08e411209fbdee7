"""
What arrives at a peer, and the order in which it starts and stops.
"""

from typing import Any

from twisted.internet.address import IPv4Address, UNIXAddress
from twisted.internet.endpoints import TCP4ServerEndpoint
from twisted.internet.testing import MemoryReactorClock

from tests.peer.sessionrig import TalkTestCase
from twisted_messenger.incoming.listener import Listener
from twisted_messenger.incoming.receipt import ReceiptFactory
from twisted_messenger.incoming.receiver import PeerReceiverFactory
from twisted_messenger.peer.inbox import Inbox
from twisted_messenger.programs.peerservice import PeerService
from twisted_messenger.terminal.transcript import plain, whole

ADDRESS = IPv4Address("TCP", "10.0.0.9", 47893)


class IncomingTests(TalkTestCase):
    """
    Messages on their way to the console.
    """

    def shown(self, *texts: str) -> list[str]:
        """
        Let texts come.

        :returns: what is shown.
        """
        incoming = Inbox(self.console, self.talk, self.book)
        for text in texts:
            self.assertIsNone(self.successResultOf(incoming.received(ADDRESS, text)))
        return [plain(line) for arrival in self.console.arrivals for line in whole(arrival)]

    def test_friend(self) -> None:
        """
        Among friends, a text has its address, and the name of who writes from there.
        """
        self.assertEqual(self.shown("ann: hi"), ["('10.0.0.9', 47893): ann: hi"])
        self.befriend()
        self.assertEqual(self.shown("hi")[-1], "bob or carol ('10.0.0.9', 47893): hi")
        self.assertEqual(list(self.talk.heard), ["bob or carol"])

    def test_room(self) -> None:
        """
        In a room, it has the name that the server gave, which is remembered.
        """
        self.join()
        self.assertEqual(self.shown("bob: hi"), ["bob: hi"])
        self.assertEqual(list(self.talk.heard), ["bob"])

    def test_leftRoom(self) -> None:
        """
        Who left the room is among friends again.
        """
        self.join()
        self.talk.typed("/leave")
        self.assertEqual(self.shown("bob: hi"), ["('10.0.0.9', 47893): bob: hi"])

    def test_noAddress(self) -> None:
        """
        A transport without a host is shown too.
        """
        incoming = Inbox(self.console, self.talk, self.book)
        incoming.received(UNIXAddress("/run/x"), "hi")
        self.assertEqual(self.console.arrivals[-1].host, "")


class ServiceTests(TalkTestCase):
    """
    Start and stop.
    """

    def make(self) -> tuple[PeerService, MemoryReactorClock]:
        """
        A peer that listens.
        """
        reactor = MemoryReactorClock()
        clock: Any = reactor
        incoming = Inbox(self.console, self.talk, self.book)
        factory = ReceiptFactory(PeerReceiverFactory(incoming.received), clock)
        listener = Listener("--port 8881", TCP4ServerEndpoint(reactor, 8881))
        return PeerService(listener, factory, self.talk, self.console), reactor

    def test_life(self) -> None:
        """
        It listens before the terminal is touched, and gives the terminal back at the end.
        """
        service, reactor = self.make()
        self.assertEqual(self.console.calls, [])
        service.startService()
        self.assertEqual(len(reactor.tcpServers), 1)
        self.assertEqual(self.console.calls, ["start"])
        self.successResultOf(service.stopService())
        self.assertEqual(self.console.calls, ["start", "stop"])

    def test_hurry(self) -> None:
        """
        A second signal gives the terminal back at once.
        """
        service, _ = self.make()
        service.startService()
        service.hurry()
        self.assertEqual(self.console.calls, ["start", "hurry"])
