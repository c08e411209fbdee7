"""
Browsers, TLS clients and health checks at the room's ports.
"""

from typing import Any

from twisted.protocols.haproxy._wrapper import HAProxyWrappingFactory
from twisted.trial.unittest import SynchronousTestCase

from tests.incoming.serverrig import BARE_PORT, HOST, PORT, ServerTestCase
from tests.roomtestcase import keepLog
from twisted_messenger.incoming.connection import DRAIN_SECONDS
from twisted_messenger.incoming.guardingreactor import GuardingReactor
from twisted_messenger.incoming.limits import SenderLimits
from twisted_messenger.incoming.mistakes import (
    GREETING_BYTES,
    mistakeBeforeHeader,
    mistakeBeforeTLS,
    mistakeIn,
)
from twisted_messenger.incoming.receipt import ReceiptFactory
from twisted_messenger.incoming.server import ChatServerFactory
from twisted_messenger.rates import RateLimit

_GET = b"GET / HTTP/1.1\r\nHost: room\r\n\r\n"
_HELLO = bytes.fromhex("160301004a0100004603036b7c") + b"x" * 66

_PROXY_PORT = 8883


class MistakeTests(SynchronousTestCase):
    """
    How connections begin that are none of ours.
    """

    def test_greetings(self) -> None:
        """
        Requests of HTTP and handshakes of TLS are known by their first bytes, no message is.
        """
        for greeting in (_GET, b"POST /x", b"OPTIONS *", b"PRI * HTTP/2.0", _HELLO):
            self.assertIsNotNone(mistakeIn(greeting))
            self.assertIsNotNone(mistakeIn(greeting[:GREETING_BYTES]))
            self.assertIsNotNone(mistakeBeforeHeader(greeting))
        for message in (
            b"",
            b"G",
            b"GET",
            b"GETTING on",
            b"get x",
            b"from:ann|GET /",
            b"\x16",
            b"\x17\x03",
        ):
            self.assertIsNone(mistakeIn(message))
            self.assertIsNone(mistakeBeforeHeader(message))

    def test_beforeTLS(self) -> None:
        """
        A handshake is what is expected there.
        """
        self.assertIsNotNone(mistakeBeforeTLS(_GET))
        self.assertIsNone(mistakeBeforeTLS(_HELLO))


class AnsweredTests(ServerTestCase):
    """
    Whoever speaks something else hears at once what this is.
    """

    def begin(self, *pieces: bytes, port: int = PORT, host: str = HOST) -> Any:
        """
        Send pieces, and wait.
        """
        sender = self.connect(port, host)
        for piece in pieces:
            sender.transport.write(piece)
            self.network.settle()
        return sender

    def test_atOnce(self) -> None:
        """
        One line comes, and the end, without a wait; what is still sent is read for a while.
        """
        for greeting, word in ((_GET, b"HTTP"), (_HELLO, b"TLS")):
            for pieces in ([greeting], [greeting[:1], greeting[1:]]):
                sender = self.begin(*pieces)
                self.assertRefused(sender, b"! malformed")
                self.assertIn(word, sender.data)
                sender.transport.write(b"x" * 1000)
                self.network.settle()
                self.assertIsNone(sender.reason)
        self.assertEqual(self.counters["refused.malformed"], 4)
        self.network.advance(DRAIN_SECONDS + 1)
        self.assertEqual(self.log(), [])

    def test_rate(self) -> None:
        """
        They cost what messages cost.
        """
        self.rates = RateLimit(0.001, 1)
        for port in self.ports:
            port.stopListening()
        self.network.settle()
        self.serve(self.store)
        told = [self.begin(_GET, host="10.0.0.7").data[:6] for _ in range(2)]
        self.assertEqual(told, [b"! malf", b"~ rate"])

    def test_unexplained(self) -> None:
        """
        Where nothing is explained, they are reset.
        """
        self.ports[0].stopListening()
        self.network.settle()
        clock: Any = self.network
        factory = ChatServerFactory(self.room)
        self.network.listenTCP(
            PORT, ReceiptFactory(factory, clock, self.room.refusals, SenderLimits(explain=False))
        )
        sender = self.begin(_GET)
        self.assertEqual((sender.data, sender.ended), (b"", False))
        self.assertIsNotNone(sender.reason)

    def test_bare(self) -> None:
        """
        Without receipts the connection is closed.
        """
        self.assertTrue(self.begin(_GET, port=BARE_PORT).ended)
        self.assertEqual(self.counters["refused.malformed"], 1)

    def test_atTheProxysPort(self) -> None:
        """
        Where a PROXY header is expected, they hear that; with one, they are answered like others.
        """
        clock: Any = self.network
        lines = keepLog(self, "eventlog")
        for explain in (True, False):
            receipts = ReceiptFactory(
                ChatServerFactory(self.room),
                clock,
                self.room.refusals,
                SenderLimits(explain=explain),
            )
            proxy = HAProxyWrappingFactory(receipts)
            GuardingReactor(self.network).listenTCP(_PROXY_PORT + explain, proxy)
        for greeting in (_GET, _HELLO):
            sender = self.begin(greeting, port=_PROXY_PORT + True)
            self.assertRefused(sender, b"! malformed")
            self.assertIn(b"PROXY", sender.data)
            sender = self.begin(greeting, port=_PROXY_PORT)
            self.assertEqual((sender.data, sender.ended), (b"", False))
        # They are refusals like others, and no probes.
        self.assertEqual((self.counters["refused.malformed"], self.counters["probes"]), (2, 0))
        told = [line for line in lines.lines() if line.startswith("refused malformed from ")]
        self.assertEqual(len(told), 2)
        header = b"PROXY TCP4 10.0.0.7 10.0.0.1 4242 8880\r\n"
        sender = self.begin(header + _GET, port=_PROXY_PORT + True)
        self.assertRefused(sender, b"! malformed")
        self.assertIn(b"HTTP", sender.data)


class ProbeTests(ServerTestCase):
    """
    Connections without a byte.
    """

    def setUp(self) -> None:
        """
        Keep the log.
        """
        super().setUp()
        self.lines = keepLog(self, "eventlog")

    def probe(self, port: int = PORT, header: bytes = b"") -> None:
        """
        Connect and go, in each way there is.
        """
        for leave in ("loseWriteConnection", "loseConnection", "abortConnection"):
            sender = self.connect(port)
            sender.transport.write(header)
            self.network.settle()
            getattr(sender.transport, leave)()
            self.network.settle()

    def test_counted(self) -> None:
        """
        Health checks are counted, however they end, and never logged.
        """
        self.probe()
        self.probe(BARE_PORT)
        self.assertEqual((self.counters["probes"], self.lines.lines()), (6, []))
        self.assertEqual([name for name in self.counters.snapshot() if "refused" in name], [])

    def test_headerAlone(self) -> None:
        """
        So are those of a proxy, which may send its header and nothing else.
        """
        clock: Any = self.network
        receipts = ReceiptFactory(ChatServerFactory(self.room), clock)
        GuardingReactor(self.network).listenTCP(_PROXY_PORT, HAProxyWrappingFactory(receipts))
        headers = (
            b"",
            b"PROXY UNKNOWN\r\n",
            b"PROXY TCP4 10.0.0.7 10.0.0.1 4242 8880\r\n",
            b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0",
        )
        for header in headers:
            self.probe(_PROXY_PORT, header)
        self.assertEqual((self.counters["probes"], self.lines.lines()), (12, []))

    def test_stop(self) -> None:
        """
        One that is open while the server stops is no refusal.
        """
        self.connect()
        factory: Any = self.ports[0].factory
        factory.drained()
        self.network.settle()
        self.assertEqual((self.counters["probes"], self.lines.lines()), (1, []))

    def test_oneByte(self) -> None:
        """
        With a byte it is half a message.
        """
        sender = self.connect()
        sender.transport.write(b"f")
        self.network.settle()
        sender.transport.abortConnection()
        self.network.settle()
        self.assertEqual(self.counters["refused.truncated"], 1)
