"""
What arrives at a peer, and the order in which it starts and stops.
"""

from typing import Any

from twisted.internet.address import IPv4Address, UNIXAddress
from twisted.internet.endpoints import TCP4ServerEndpoint
from twisted.internet.testing import MemoryReactorClock

from tests.peer.sessionrig import SessionTestCase
from twisted_messenger.incoming.listener import Listener
from twisted_messenger.incoming.receipt import ReceiptFactory
from twisted_messenger.incoming.receiver import PeerReceiverFactory
from twisted_messenger.peer.inbox import Inbox
from twisted_messenger.programs.peerservice import PeerService
from twisted_messenger.terminal.transcript import plain, whole

ADDRESS = IPv4Address("TCP", "10.0.0.9", 47893)


class InboxTests(SessionTestCase):
    """
    Messages on their way to the console.
    """

    def shown(self, *texts: str) -> list[str]:
        """
        Let texts come.

        :returns: what is shown.
        """
        inbox = Inbox(self.console, self.session, self.book)
        for text in texts:
            self.assertIsNone(self.successResultOf(inbox.received(ADDRESS, text)))
        return [plain(line) for arrival in self.console.arrivals for line in whole(arrival)]

    def test_friend(self) -> None:
        """
        Among friends, a text has its address, and the name of who writes from there.
        """
        self.assertEqual(self.shown("ann: hi"), ["('10.0.0.9', 47893): ann: hi"])
        self.befriend()
        self.assertEqual(self.shown("hi")[-1], "bob or carol ('10.0.0.9', 47893): hi")
        self.assertEqual(list(self.session.heard), ["bob or carol"])

    def test_room(self) -> None:
        """
        In a room, it has the name that the server gave, which is remembered.
        """
        self.join()
        self.assertEqual(self.shown("bob: hi"), ["bob: hi"])
        self.assertEqual(list(self.session.heard), ["bob"])

    def test_leftRoom(self) -> None:
        """
        Who left the room is among friends again.
        """
        self.join()
        self.commands.typed("/leave")
        self.assertEqual(self.shown("bob: hi"), ["('10.0.0.9', 47893): bob: hi"])

    def test_noAddress(self) -> None:
        """
        A transport without a host is shown too.
        """
        inbox = Inbox(self.console, self.session, self.book)
        inbox.received(UNIXAddress("/run/x"), "hi")
        self.assertEqual(self.console.arrivals[-1].host, "")


class ServiceTests(SessionTestCase):
    """
    Start and stop.
    """

    def make(self) -> tuple[PeerService, MemoryReactorClock]:
        """
        A peer that listens.
        """
        reactor = MemoryReactorClock()
        clock: Any = reactor
        inbox = Inbox(self.console, self.session, self.book)
        factory = ReceiptFactory(PeerReceiverFactory(inbox.received), clock)
        listener = Listener("--port 8881", TCP4ServerEndpoint(reactor, 8881))
        service = PeerService(listener, factory, self.session, self.commands, self.console)
        return service, reactor

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
