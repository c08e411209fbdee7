"""
What stands below Twisted's wrappers, for TLS and the PROXY protocol.
"""

from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionAborted, ConnectionDone
from twisted.internet.interfaces import IProtocolFactory
from twisted.internet.ssl import CertificateOptions
from twisted.protocols.haproxy._wrapper import HAProxyWrappingFactory
from twisted.protocols.tls import TLSMemoryBIOFactory
from twisted.trial.unittest import SynchronousTestCase

from tests.incoming.receiptrig import Bug, ReceiptTestCase, Taking, TakingFactory
from twisted_messenger.incoming.connection import DRAIN_BYTES
from twisted_messenger.incoming.gathering import LINE_SECONDS
from twisted_messenger.incoming.guard import GuardedFactory, GuardedProxyProtocol
from twisted_messenger.incoming.guardingreactor import GuardingReactor
from twisted_messenger.incoming.limits import IDLE_TIMEOUT
from twisted_messenger.incoming.receipt import ReceiptFactory
from twisted_messenger.refusal import Reason, Refusal
from twisted_messenger.sockets import resetOnClose
from twisted_messenger.testing import MemoryNetwork
from twisted_messenger.wire import MAX_MESSAGE_BYTES

_PROXIED, _SMALL = 8881, 8882

_HEADER = b"PROXY TCP4 10.0.0.7 10.0.0.1 40000 8880\r\n"
_LETTERS = b"PROXY TCP4 1.2.3.4 5.6.7.8 a b\r\n"


class _UnixNetwork(MemoryNetwork):
    """
    A network that is told about Unix sockets.
    """

    def __init__(self) -> None:
        super().__init__()
        self.unix: list[tuple[Any, ...]] = []

    def listenUNIX(self, *asked: Any) -> None:
        """
        Note it.
        """
        self.unix.append(asked)


class GuardingReactorTests(SynchronousTestCase):
    """
    Factories on their way to the reactor.
    """

    def setUp(self) -> None:
        """
        A reactor, and factories of every kind.
        """
        self.network = _UnixNetwork()
        self.reactor = GuardingReactor(self.network)
        self.plain = ReceiptFactory(TakingFactory([]), self.network)
        self.proxy = HAProxyWrappingFactory(self.plain)
        self.tls = TLSMemoryBIOFactory(CertificateOptions(), False, self.plain)

    def test_plain(self) -> None:
        """
        What nobody wraps is left as it is.
        """
        self.assertIs(self.reactor.listenTCP(_PROXIED, self.plain).factory, self.plain)
        self.reactor.listenUNIX("socket", self.plain, 50)
        self.assertEqual(self.network.unix, [("socket", self.plain, 50)])

    def test_wrapped(self) -> None:
        """
        Twisted's wrappers are guarded, on every kind of socket.
        """
        factories: list[IProtocolFactory] = [self.proxy, self.tls]
        for port, factory in enumerate(factories, _PROXIED):
            guarded = self.reactor.listenTCP(port, factory, 50, interface="10.0.0.1").factory
            assert isinstance(guarded, GuardedFactory)
            self.assertIs(guarded.wrappedFactory, factory)
            self.reactor.listenUNIX("socket", factory, 50)
            _, guarded, _ = self.network.unix.pop()
            assert isinstance(guarded, GuardedFactory)
            self.assertIs(guarded.wrappedFactory, factory)

    def test_tls(self) -> None:
        """
        What listens for TLS is wrapped by us, and so guarded below its wrapper.
        """
        port = self.reactor.listenSSL(_PROXIED, self.plain, CertificateOptions(), 7, "10.0.0.1")
        guarded: Any = getattr(port, "factory", None)
        assert isinstance(guarded, GuardedFactory)
        assert isinstance(guarded.wrappedFactory, TLSMemoryBIOFactory)
        self.assertIs(guarded.wrappedFactory.wrappedFactory, self.plain)
        self.assertEqual(port.getHost(), IPv4Address("TCP", "10.0.0.1", _PROXIED))

    def test_enough(self) -> None:
        """
        The guard lets pass what a receipt takes and drains behind a PROXY header, and a message
        of any allowed length in TLS.
        """
        proxied = self.reactor.listenTCP(_PROXIED, self.proxy).factory
        self.assertGreater(proxied.maxBytes, DRAIN_BYTES + MAX_MESSAGE_BYTES)
        for size in (MAX_MESSAGE_BYTES, 64 * MAX_MESSAGE_BYTES):
            reactor = GuardingReactor(MemoryNetwork(), size)
            self.assertGreater(reactor.listenTCP(_SMALL, self.tls).factory.maxBytes, size)

    def test_otherwise(self) -> None:
        """
        In everything else it is the reactor.
        """
        self.network.advance(7)
        self.assertEqual(self.reactor.seconds(), 7)


class GuardedTests(ReceiptTestCase):
    """
    Receipts behind a PROXY header.
    """

    def listen(self, port: int = 8880, **options: Any) -> None:
        """
        Listen as the service does, and once more with a guard that lets little pass.
        """
        super().listen(port, **options)
        proxy = HAProxyWrappingFactory(self.factory)
        for listening in (
            GuardingReactor(self.network).listenTCP(_PROXIED, proxy),
            self.network.listenTCP(_SMALL, self.littleGuard(proxy)),
        ):
            resetOnClose(listening, True)

    def littleGuard(self, proxy: HAProxyWrappingFactory) -> GuardedFactory:
        """
        A guard that lets a header and 100 bytes pass.
        """
        size = len(_HEADER) + 100
        return GuardedFactory(proxy, size, (b"PROXY",), GuardedProxyProtocol)

    def assertAborted(self, sender: Any, taking: Taking) -> None:
        """
        Fail unless a sender was reset, its message is not whole, and nothing was logged.
        """
        self.assertReset(sender)
        assert taking.reason is not None
        self.assertIs(taking.reason.type, ConnectionAborted)
        self.assertEqual(self.flushLoggedErrors(), [])
        self.assertEqual(self.factory.protocols, {})

    def test_beginning(self) -> None:
        """
        Who does not begin with a header is reset: a close would look like a receipt.
        """
        for data in (b"from:ci|hi", b"P", b"\r\n\r\n\0", b"PROXY me"):
            self.assertReset(self.connect(data, _PROXIED))

    def test_through(self) -> None:
        """
        What fits comes through, behind its header, and is whole at its end.
        """
        for port in (_PROXIED, _SMALL):
            sender = self.connect(_HEADER, port)
            self.write(sender, b"x" * 100)
            self.end(sender)
            taking = self.taking[-1]
            assert taking.reason is not None
            self.assertEqual((taking.data, taking.reason.type), (b"x" * 100, ConnectionDone))
            self.assertWaiting(sender)
            self.decide()
            self.assertReceipt(sender)

    def test_refused(self) -> None:
        """
        A refusal is seen behind a proxy too, at the end of the message or before.
        """
        refusal = Refusal(Reason.MALFORMED, "what?")
        sender = self.connect(_HEADER + b"message", _PROXIED)
        self.end(sender)
        self.decide(refusal)
        self.assertReceipt(sender, refusal.line())
        sender = self.connect(_HEADER + b"mess", _PROXIED)
        self.decide(refusal, which=-1)
        self.write(sender, b"age")
        self.assertWaiting(sender)
        self.end(sender)
        self.assertReceipt(sender, refusal.line())

    def test_lines(self) -> None:
        """
        Lines without an end are messages behind a proxy too.
        """
        sender = self.connect(_HEADER + b"one\n", _PROXIED)
        self.network.advance(LINE_SECONDS + 1)
        self.decide()
        self.write(sender, b"two\n")
        self.network.advance(LINE_SECONDS + 1)
        self.decide()
        self.assertEqual([taking.data for taking in self.taking], [b"one\n", b"two\n", b""])
        self.end(sender)
        self.assertReceipt(sender)

    def test_unfinished(self) -> None:
        """
        An unfinished message is reset.
        """
        sender = self.connect(_HEADER + b"half", _PROXIED)
        self.network.advance(IDLE_TIMEOUT + 1)
        self.assertReset(sender)

    def test_badHeader(self) -> None:
        """
        So is a header that says too little: a close would look like a receipt.
        """
        for header in (b"PROXY TCP4 10.0.0.7\r\n", b"PROXY TCP5 a b c d\r\n"):
            self.assertReset(self.connect(header + b"from:ci|hi", _PROXIED))

    def test_tooMuch(self) -> None:
        """
        One byte more and the connection is reset, however the bytes come.
        """
        for pieces in ([101], [100, 1], [1] * 101):
            sender = self.connect(_HEADER, _SMALL)
            for piece in pieces:
                self.assertWaiting(sender)
                self.write(sender, b"x" * piece)
            self.assertAborted(sender, self.taking[-1])
            self.assertLessEqual(len(self.taking[-1].data), 100)

    def test_further(self) -> None:
        """
        A message that was taken is no longer counted: a connection may stay for any number.
        """
        sender = self.connect(_HEADER, _SMALL)
        for _ in range(5):
            self.write(sender, b"x" * 49 + b"\n")
            self.network.advance(LINE_SECONDS + 1)
            self.decide()
        self.write(sender, b"x" * 200)
        self.assertEqual(self.factory.protocols, {})

    def test_tooMuchToDrain(self) -> None:
        """
        What would be thrown away counts as well, and so does a message that was refused.
        """
        sender = self.connect(_HEADER + b"x" * 50, _SMALL)
        self.decide(Refusal(Reason.TOO_BIG, "too big"))
        self.write(sender, b"x" * 51)
        self.assertReset(sender)
        self.assertEqual(self.factory.protocols, {})

    def test_letters(self) -> None:
        """
        A header with letters for a port, which the wrapper cannot read, costs the connection and
        no line in the log.
        """
        for pieces in ([_LETTERS], [_LETTERS[:20], _LETTERS[20:]], [_LETTERS + b"from:ci|hello"]):
            sender = self.connect(pieces[0], _PROXIED)
            for piece in pieces[1:]:
                self.write(sender, piece)
            self.assertAborted(sender, self.taking[-1])
            self.assertEqual(self.taking[-1].data, b"")

    def test_ourBug(self) -> None:
        """
        A bug of ours is still logged, and resets the connection.
        """
        sender = self.connect(_HEADER, _PROXIED)
        self.taking[-1].bugIn = "dataReceived"
        self.write(sender, b"hello")
        self.assertReset(sender)
        self.assertEqual(len(self.flushLoggedErrors(Bug)), 1)
