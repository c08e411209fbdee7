"""
Mutual TLS: who connects must show a certificate that our authorities issued.
"""

from typing import Any

from twisted.internet.interfaces import IListeningPort, IProtocolFactory


class VerifyingReactor:
    """
    A reactor whose TLS listeners ask their clients for a certificate.

    A server endpoint makes its TLS context from its description, which has no word for client
    certificates; so the context is completed on its way to the reactor.

    :param reactor: provides ``IReactorSSL``; everything else is its own.
    :param authorities: the path of a PEM file with the certificates of those who issue.
    """

    def __init__(self, reactor: Any, authorities: str) -> None:
        self._reactor = reactor
        self._authorities = authorities

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reactor, name)

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

        :raises OpenSSL.SSL.Error: the file holds no certificate.
        """
        # Whoever comes here has made a context, and so has the library.
        from OpenSSL import SSL

        context = contextFactory.getContext()
        context.load_verify_locations(self._authorities)
        context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT)
        port_: IListeningPort = self._reactor.listenSSL(
            port, factory, contextFactory, backlog=backlog, interface=interface
        )
        return port_
