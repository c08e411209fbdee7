"""
What stands between the sockets and Twisted's own wrappers, for TLS and the PROXY protocol.

A peer can make these work without end (TLS has messages that carry no byte of ours) or raise
(a header with letters for a port); neither ever reaches our protocols.
"""

from typing import TYPE_CHECKING, Any

from twisted.internet.interfaces import (
    IHalfCloseableProtocol,
    IListeningPort,
    IProtocolFactory,
)
from twisted.protocols.policies import ProtocolWrapper, WrappingFactory
from zope.interface import implementer

from twisted_messenger.incoming.connection import DRAIN_BYTES
from twisted_messenger.incoming.receipt import ReceiptFactory
from twisted_messenger.wire import MAX_MESSAGE_BYTES

# Bytes of handshake and records beside those of a message, and how much longer records may make
# a message that comes in small pieces.
_TLS_BYTES = 16 * 1024
_TLS_GROWTH = 2

# The record of a handshake (RFC 8446).
_TLS_STARTS = (b"\x16",)

# Both versions of the header, in HAProxy's description of the PROXY protocol.
_PROXY_STARTS = (b"PROXY TCP", b"PROXY UNKNOWN", b"\r\n\r\n\0\r\nQUIT\n")

# Bytes after a PROXY header: a message, and what is drained of it.
_PROXIED_BYTES = 2 * DRAIN_BYTES


class GuardedProtocol(ProtocolWrapper):
    """
    Resets a connection on which too much comes, or what its wrapper cannot read.
    """

    factory: "GuardedFactory"
    transport: Any
    _begun = False
    _received = 0

    def dataReceived(self, data: bytes) -> None:
        """
        Pass it on.
        """
        # Twisted would close in order where there is no such beginning, as if all were well.
        known = self._begun or data.startswith(self.factory.starts)
        self._begun = True
        self._received += len(data)
        if not known or self._received > self.factory.maxBytes:
            self.transport.abortConnection()
            return
        try:
            super().dataReceived(data)
        except Exception:
            # Not of ours: those are caught, and logged, where they happen.
            self.transport.abortConnection()

    def countAnew(self) -> None:
        """
        A message was taken; what comes now belongs to the next one.
        """
        self._received = 0


@implementer(IHalfCloseableProtocol)
class GuardedProxyProtocol(GuardedProtocol):
    """
    Guards Twisted's wrapper for the PROXY protocol, and passes on what that one does not: the ends
    of each half of a connection.
    """

    _reading = False

    def dataReceived(self, data: bytes) -> None:
        """
        Pass it on.
        """
        self._reading = True
        super().dataReceived(data)
        self._reading = False

    def loseConnection(self) -> None:
        """
        Close in order; but a header that cannot be read is reset, since a close would be a receipt.
        """
        if self._reading:
            self.transport.abortConnection()
        else:
            super().loseConnection()

    def readConnectionLost(self) -> None:
        """
        The sender has ended its half.
        """
        self._receiving.readConnectionLost()

    def writeConnectionLost(self) -> None:
        """
        We have ended ours.
        """
        self._receiving.writeConnectionLost()

    @property
    def _receiving(self) -> Any:
        wrapper: Any = self.wrappedProtocol
        return wrapper.wrappedProtocol


if TYPE_CHECKING:
    _WrappingFactory = WrappingFactory[GuardedProtocol]
else:
    # Twisted's factories are generic since 26.4; this works with older ones.
    _WrappingFactory = WrappingFactory


class GuardedFactory(_WrappingFactory):
    """
    Guards the connections of a wrapping factory of Twisted's.

    :param maxBytes: of one message, as they come from its socket.
    :param starts: how the first piece that comes must begin, one way or another.
    :param protocol: makes the guards.
    """

    noisy = False

    def __init__(
        self,
        wrappedFactory: IProtocolFactory,
        maxBytes: int,
        starts: tuple[bytes, ...],
        protocol: type[GuardedProtocol] = GuardedProtocol,
    ) -> None:
        super().__init__(wrappedFactory)
        self.protocol = protocol
        self.maxBytes = maxBytes
        self.starts = starts


class GuardingReactor:
    """
    A reactor that guards what listens with a wrapper, and may ask TLS clients for a certificate.

    Server endpoints wrap factories, and make their TLS context from a description that has no
    word for client certificates; so both are completed on their way to the reactor.

    :param reactor: everything else is its own.
    :param maxMessageBytes: of one message.
    :param authorities: the path of a PEM file with the certificates of authorities; ``None``
        asks nobody.
    """

    def __init__(
        self,
        reactor: Any,
        maxMessageBytes: int = MAX_MESSAGE_BYTES,
        authorities: str | None = None,
    ) -> None:
        self._reactor = reactor
        self._authorities = authorities
        self._tlsBytes = _TLS_GROWTH * maxMessageBytes + _TLS_BYTES

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reactor, name)

    def listenTCP(self, port: int, factory: IProtocolFactory, *rest: Any, **more: Any) -> Any:
        """
        See ``IReactorTCP``.
        """
        return self._reactor.listenTCP(port, self._guarded(factory), *rest, **more)

    def listenUNIX(self, address: str, factory: IProtocolFactory, *rest: Any, **more: Any) -> Any:
        """
        See ``IReactorUNIX``.
        """
        return self._reactor.listenUNIX(address, self._guarded(factory), *rest, **more)

    def listenSSL(
        self,
        port: int,
        factory: IProtocolFactory,
        contextFactory: Any,
        backlog: int = 50,
        interface: str = "",
    ) -> IListeningPort:
        """
        See ``IReactorSSL``.

        :raises OpenSSL.SSL.Error: the file of authorities holds no certificate.
        """
        # A caller has made a context, so the library is installed.
        from OpenSSL import SSL
        from twisted.protocols.tls import TLSMemoryBIOFactory

        context = contextFactory.getContext()
        # Twisted kills a client that offers protocols (ALPN), as curl does, where we name none.
        context.set_alpn_select_callback(lambda _, offered: SSL.NO_OVERLAPPING_PROTOCOLS)
        if self._authorities is not None:
            context.load_verify_locations(self._authorities)
            context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT)
        wrapped = TLSMemoryBIOFactory(contextFactory, False, factory)
        listening: IListeningPort = self.listenTCP(port, wrapped, backlog, interface)
        return listening

    def _guarded(self, factory: IProtocolFactory) -> IProtocolFactory:
        if isinstance(factory, ReceiptFactory) or not isinstance(factory, WrappingFactory):
            return factory
        # Of Twisted's wrappers, that of the PROXY protocol needs no extra library.
        if type(factory).__module__.startswith("twisted.protocols.haproxy"):
            return GuardedFactory(factory, _PROXIED_BYTES, _PROXY_STARTS, GuardedProxyProtocol)
        return GuardedFactory(factory, self._tlsBytes, _TLS_STARTS)
