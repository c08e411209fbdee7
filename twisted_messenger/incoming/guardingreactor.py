"""
Puts a guard in front of what listens with a wrapper of Twisted's, and asks TLS clients for
certificates.
"""

import socket
from typing import Any

from twisted.internet.interfaces import IListeningPort, IProtocolFactory
from twisted.protocols.policies import WrappingFactory

from twisted_messenger.incoming.adopted import adopt
from twisted_messenger.incoming.connection import DRAIN_BYTES
from twisted_messenger.incoming.guard import GuardedFactory, GuardedProxyProtocol
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
