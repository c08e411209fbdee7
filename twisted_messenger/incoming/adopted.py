"""
A Unix socket that somebody else has made, such as systemd, and keeps.
"""

import os
import socket
from typing import Any

from twisted.internet.interfaces import IProtocolFactory

from twisted_messenger.incoming.unixport import UnixPort

# What Twisted's ports accept at once, before they have seen how many come.
_ACCEPTS = 100


class AdoptedPort(UnixPort):
    """
    Accepts on a socket that is not ours: its file, its mode and its queue stay as they are, for the
    next start.

    :param listening: the socket.
    :param factory: makes protocols.
    :param reactor: reads it.
    """

    # It would end the socket for its owner as well.
    _shouldShutdown = False

    def __init__(self, listening: socket.socket, factory: IProtocolFactory, reactor: Any) -> None:
        super().__init__(os.fsencode(listening.getsockname()), factory, reactor=reactor)
        self._listening = listening

    def startListening(self) -> None:
        """
        Accept from now on.
        """
        self.acceptOn(self._listening, _ACCEPTS)


def adopt(descriptor: int, factory: IProtocolFactory, reactor: Any) -> AdoptedPort:
    """
    Accept on a Unix socket.

    :param descriptor: of it; it stays the caller's, and a copy is used.
    """
    port = AdoptedPort(
        socket.fromfd(descriptor, socket.AF_UNIX, socket.SOCK_STREAM), factory, reactor
    )
    port.startListening()
    return port
