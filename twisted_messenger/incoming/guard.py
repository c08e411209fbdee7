"""
What stands between the sockets and Twisted's own wrappers, for TLS and the PROXY protocol.

A peer can make these work without end (TLS has messages that carry no byte of ours) or raise
(a header with letters for a port); neither ever reaches our protocols.
"""

import socket
from typing import TYPE_CHECKING, Any

from twisted.internet.error import ConnectionAborted
from twisted.internet.interfaces import (
    IHalfCloseableProtocol,
    IListeningPort,
    IProtocolFactory,
)
from twisted.protocols.policies import ProtocolWrapper, WrappingFactory
from zope.interface import implementer

from twisted_messenger.incoming.adopted import adopt
from twisted_messenger.incoming.connection import DRAIN_BYTES, ReceiptProtocol
from twisted_messenger.incoming.mistakes import mistakeBeforeHeader, mistakeBeforeTLS
from twisted_messenger.incoming.receipt import ReceiptFactory
from twisted_messenger.refusal import Refusal
from twisted_messenger.sockets import resetOnClose
from twisted_messenger.wire import MAX_MESSAGE_BYTES

# Bytes of handshake and records beside those of a message, and how much longer records may make
# a message that comes in small pieces.
_TLS_BYTES = 16 * 1024
_TLS_GROWTH = 2

# The record of a handshake (RFC 8446).
_TLS_STARTS = (b"\x16",)

# Both versions of the header, in HAProxy's description of the PROXY protocol.
_PROXY_STARTS = (b"PROXY TCP", b"PROXY UNKNOWN", b"\r\n\r\n\0\r\nQUIT\n")

# A header without addresses.
_UNKNOWN = b"PROXY UNKNOWN"

# Bytes after a PROXY header: a message, and what is drained of it.
_PROXIED_BYTES = 2 * DRAIN_BYTES


class GuardedProtocol(ProtocolWrapper):
    """
    Resets a connection on which too much comes, or what its wrapper cannot read.
    """

    factory: "GuardedFactory"
    transport: Any
    mistakeIn = staticmethod(mistakeBeforeTLS)
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
        mistake = None if known or not self.factory.explain else self.mistakeIn(data)
        if mistake is not None:
            self._explain(mistake)
            return
        if not known or self._received > self.factory.maxBytes:
            self._abort("too much" if known else "not what this port is for")
            return
        try:
            super().dataReceived(data)
        except Exception:
            # Not of ours: those are caught, and logged, where they happen.
            self._abort("it cannot be read")

    def _receipt(self) -> ReceiptProtocol | None:
        receiving: Any = self
        while isinstance(receiving, ProtocolWrapper):
            receiving = receiving.wrappedProtocol
            if isinstance(receiving, ReceiptProtocol):
                return receiving
        return None

    def _abort(self, why: str) -> None:
        # Our own protocol is told first: from the wrapper it would hear of an end like any other.
        receipt = self._receipt()
        if receipt is not None:
            receipt.abort(ConnectionAborted(why))
        self.transport.abortConnection()

    def _explain(self, mistake: Refusal) -> None:
        receipt = self._receipt()
        if receipt is not None:
            receipt.mistaken(mistake)
        resetOnClose(self.transport, False)
        self.transport.write(mistake.line())
        self.transport.loseConnection()

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

    mistakeIn = staticmethod(mistakeBeforeHeader)
    _reading = False

    def dataReceived(self, data: bytes) -> None:
        """
        Pass it on.
        """
        if not self._begun and data.startswith(_UNKNOWN + b"\r"):
            # A health check of HAProxy's; Twisted takes it only with a blank.
            data = _UNKNOWN + b" " + data.removeprefix(_UNKNOWN)
        self._reading = True
        super().dataReceived(data)
        self._reading = False

    def loseConnection(self) -> None:
        """
        Close in order; but a header that cannot be read is reset, since a close would be a receipt.
        """
        if self._reading:
            self._abort("a header that cannot be read")
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
    :param explain: whether a browser, and the like, is told what this port is.
    """

    noisy = False

    def __init__(
        self,
        wrappedFactory: IProtocolFactory,
        maxBytes: int,
        starts: tuple[bytes, ...],
        protocol: type[GuardedProtocol] = GuardedProtocol,
        explain: bool = True,
    ) -> None:
        super().__init__(wrappedFactory)
        self.protocol = protocol
        self.maxBytes = maxBytes
        self.starts = starts
        self.explain = explain


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
        #: What another one is made with that does the same.
        self.settings = reactor, maxMessageBytes, authorities
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

    def adoptStreamPort(
        self, descriptor: int, family: socket.AddressFamily, factory: IProtocolFactory
    ) -> IListeningPort:
        """
        See ``IReactorSocket``.
        """
        guarded = self._guarded(factory)
        if family == socket.AF_UNIX:
            return adopt(descriptor, guarded, self._reactor)
        listening: IListeningPort = self._reactor.adoptStreamPort(descriptor, family, guarded)
        return listening

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
            return GuardedFactory(
                factory, _PROXIED_BYTES, _PROXY_STARTS, GuardedProxyProtocol, _explains(factory)
            )
        return GuardedFactory(factory, self._tlsBytes, _TLS_STARTS, explain=_explains(factory))


def _explains(factory: IProtocolFactory) -> bool:
    while isinstance(factory, WrappingFactory):
        if isinstance(factory, ReceiptFactory):
            return factory.limits.explain
        factory = factory.wrappedFactory
    return True
