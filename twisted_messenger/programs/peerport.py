"""
Where a peer listens.
"""

import socket
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ServerEndpoint, TCP6ServerEndpoint
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IListeningPort, IProtocolFactory, IStreamServerEndpoint
from twisted.python.failure import Failure
from zope.interface import implementer

from twisted_messenger.incoming.descriptions import LISTEN_BACKLOG
from twisted_messenger.incoming.listener import Listener


def checkHost(host: str) -> None:
    """
    Find out before the port is taken whether it is the host that is wrong.

    :raises ValueError: it is not this machine's; the text says why.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    kind, flags = socket.SOCK_STREAM, socket.AI_PASSIVE
    try:
        found = socket.getaddrinfo(host or None, 0, family, kind, 0, flags)
        with socket.socket(family, kind) as probe:
            probe.bind(found[0][4])
    except (OSError, UnicodeError) as error:
        raise ValueError(getattr(error, "strerror", None) or "this is no host") from None


def listenerAt(reactor: Any, host: str, port: int, *, needed: bool) -> Listener:
    """
    Listen on a TCP port of a host.

    :param needed: whether it must be this port. Where nobody knows of it yet, any free one will do
        in place of a taken one.
    """
    kind = TCP6ServerEndpoint if ":" in host else TCP4ServerEndpoint
    endpoint: IStreamServerEndpoint = kind(reactor, port, LISTEN_BACKLOG, interface=host)
    if not needed:
        endpoint = _OrAny(endpoint, kind(reactor, 0, LISTEN_BACKLOG, interface=host))
    return Listener(f"--port {port}", endpoint)


@implementer(IStreamServerEndpoint)
class _OrAny:
    """
    One endpoint, or another where that is taken.
    """

    def __init__(self, first: IStreamServerEndpoint, other: IStreamServerEndpoint) -> None:
        self._first = first
        self._other = other

    def listen(self, protocolFactory: IProtocolFactory) -> "Deferred[IListeningPort]":
        """
        See ``IStreamServerEndpoint``.
        """

        def taken(reason: Failure) -> "Deferred[IListeningPort]":
            reason.trap(CannotListenError)
            return self._other.listen(protocolFactory)

        listening: Deferred[IListeningPort] = self._first.listen(protocolFactory)
        return listening.addErrback(taken)
