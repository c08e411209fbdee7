"""
Who is behind a proxy, and what a proxy cannot make of anybody.
"""

from typing import Any

from twisted.internet.protocol import ClientCreator
from twisted.protocols.haproxy._wrapper import HAProxyWrappingFactory
from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.address import UNKNOWN, Source
from twisted_messenger.incoming.guardingreactor import GuardingReactor
from twisted_messenger.incoming.limits import SenderLimits
from twisted_messenger.incoming.receipt import ReceiptFactory
from twisted_messenger.incoming.server import ChatServerFactory
from twisted_messenger.rates import RateLimit
from twisted_messenger.room.chatroom import ChatRoom
from twisted_messenger.stores.memory import MemoryStore
from twisted_messenger.testing import MemoryNetwork, RecordingProtocol

_HOST, _PORT, _BARE_PORT = "127.0.0.1", 8880, 8881
_PROXY = "10.0.0.9"

#: Claims that are this machine to whoever makes them: a loopback address, or both ends the same.
_LOCAL = (
    b"PROXY TCP4 127.0.0.1 127.0.0.1 40000 8880\r\n",
    b"PROXY TCP4 127.0.0.1 10.0.0.1 40000 8880\r\n",
    b"PROXY TCP4 10.0.0.7 10.0.0.7 40000 8880\r\n",
    b"PROXY TCP6 ::1 ::1 40000 8880\r\n",
    b"PROXY TCP6 2001:db8::7 2001:db8::7 40000 8880\r\n",
)


def _header(client: str) -> bytes:
    return f"PROXY TCP4 {client} 10.0.0.1 40000 8880\r\n".encode()


class BehindTests(SynchronousTestCase):
    """
    A source as a proxy tells it.
    """

    def test_claims(self) -> None:
        """
        Only a proxy on this machine can say that somebody else is.
        """
        here, there = Source(), Source(_PROXY, False)
        own, stranger = Source("10.0.0.1", True), Source("10.0.0.7", False)
        for claimed in (here, own, Source("::1", True)):
            for proxy in (here, own):
                self.assertEqual(claimed.behind(proxy), claimed)
            self.assertEqual(claimed.behind(there), Source(UNKNOWN, False))
        for proxy in (here, own, there):
            self.assertEqual(stranger.behind(proxy), stranger)

    def test_certificate(self) -> None:
        """
        A certificate says more than an address, and is kept.
        """
        claimed = Source("127.0.0.1", True, "holder").behind(Source(_PROXY, False))
        self.assertEqual(claimed, Source(UNKNOWN, False, "holder"))

    def test_limited(self) -> None:
        """
        Somebody unknown is not exempt from limits.
        """
        self.assertIsNotNone(Source().behind(Source(_PROXY, False)).subscriber)


class ProxiedTests(SynchronousTestCase):
    """
    A room behind a proxy that tells who is there; the network's clients are that proxy.
    """

    def setUp(self) -> None:
        """
        Behind a proxy elsewhere.
        """
        self.serve(_PROXY)

    def serve(self, proxy: str, **options: Any) -> None:
        """
        Listen for a proxy with that address, and for others at another port.
        """
        self.network = MemoryNetwork(proxy)
        self.store = MemoryStore()
        self.store.open()
        self.room = ChatRoom(self.store, rates=RateLimit(1, 3), steady=self.network.seconds)
        server = ChatServerFactory(self.room)
        self.factory = ReceiptFactory(
            server, self.network, self.room.refusals, SenderLimits(**options)
        )
        reactor = GuardingReactor(self.network)
        reactor.listenTCP(_PORT, HAProxyWrappingFactory(self.factory))
        reactor.listenTCP(_BARE_PORT, self.factory)

    def connect(self, port: int = _PORT) -> Any:
        """
        Connect, and send nothing.
        """
        connected = ClientCreator(self.network, RecordingProtocol).connectTCP(_HOST, port)
        self.network.settle()
        return self.successResultOf(connected)

    def refused(self, message: bytes, sender: Any = None) -> dict[str, int]:
        """
        Send a message and end it. The answer is the proxy's, so look at what the room counts.

        :returns: the refusals that it led to.
        """
        before = self.room.counters.snapshot()
        sender = sender or self.connect()
        sender.transport.write(message)
        sender.transport.loseWriteConnection()
        self.network.settle()
        self.assertEqual(self.flushLoggedErrors(), [])
        return {
            name.removeprefix("refused."): count - before.get(name, 0)
            for name, count in self.room.counters.snapshot().items()
            if name.startswith("refused.") and count > before.get(name, 0)
        }

    def where(self) -> list[str]:
        """
        The callback hosts.
        """
        members = self.successResultOf(self.store.roster(0)).members
        return [state.member.host for state in members]

    def test_cannotRegister(self) -> None:
        """
        A claim to be this machine, from a proxy elsewhere, is an address that nobody knows.
        """
        for claim in _LOCAL:
            for host in (b"", b"localhost", b"127.0.0.1", b"10.0.0.7"):
                self.setUp()
                message = claim + b"connect_request|ann|" + host + b"|5000"
                self.assertEqual(self.refused(message), {"foreign_callback": 1})
                self.assertEqual(self.where(), [])

    def test_canSpeak(self) -> None:
        """
        It may speak, and its messages are limited.
        """
        for claim in _LOCAL:
            self.setUp()
            for _ in range(3):
                self.assertEqual(self.refused(claim + b"from:ci|hello"), {})
            self.assertEqual(self.refused(claim + b"from:ci|hello"), {"rate": 1})

    def test_notTheOwner(self) -> None:
        """
        It is nobody who has a name here.
        """
        self.successResultOf(self.room.register("ann", "", 5000))
        for claim in _LOCAL:
            self.assertEqual(self.refused(claim + b"from:ann|hello"), {"not_owner": 1})
            self.network.advance(1)

    def test_proxyHere(self) -> None:
        """
        A proxy on this machine is believed: who is here is here, without limits.
        """
        for claim in _LOCAL[:2]:
            self.serve(_HOST)
            for host, where in ((b"", "127.0.0.1"), (b"localhost", "localhost")):
                message = claim + b"connect_request|ann|" + host + b"|5000"
                self.assertEqual(self.refused(message), {})
                self.assertEqual(self.where(), [where])
            for _ in range(5):
                self.assertEqual(self.refused(claim + b"from:ann|hello"), {})

    def test_others(self) -> None:
        """
        Any other address is taken from the proxy, wherever it is.
        """
        for proxy in (_PROXY, _HOST):
            self.serve(proxy)
            header = _header("10.0.0.7")
            self.assertEqual(self.refused(header + b"connect_request|ann||5000"), {})
            self.assertEqual(self.where(), ["10.0.0.7"])
            message = header + b"connect_request|bob|localhost|5001"
            self.assertEqual(self.refused(message), {"foreign_callback": 1})

    def test_notForTheProxy(self) -> None:
        """
        Connections whose clients are not known yet count for nobody: a proxy may have many.
        """
        self.serve(_PROXY, maxPerHost=2)
        senders = [self.connect() for _ in range(10)]
        self.network.advance(2)
        # Its own connections are others.
        direct = [self.connect(_BARE_PORT) for _ in range(2)]
        for sender in direct:
            self.assertEqual(self.refused(b"from:ci|direct", sender), {})
        for number, sender in enumerate(senders):
            message = _header(f"10.0.1.{number}") + b"from:ci|hello"
            self.assertEqual((number, self.refused(message, sender)), (number, {}))
        counted = self.room.counters.snapshot()
        self.assertEqual((counted["accepted"], counted.get("evicted.connection_cap", 0)), (12, 0))

    def test_forTheClient(self) -> None:
        """
        From their first bytes on they count for the client that the proxy tells.
        """
        self.serve(_PROXY, maxPerHost=2)
        for _ in range(2):
            self.connect().transport.write(_header("10.0.0.7") + b"from:ci|")
            self.network.settle()
        refused = self.refused(_header("10.0.0.7") + b"from:ci|hello")
        self.assertEqual(refused, {"connection_cap": 1})
        self.assertEqual(self.refused(_header("10.0.0.8") + b"from:ci|hello"), {})
