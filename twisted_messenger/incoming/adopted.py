"""
A Unix socket that somebody else has made, such as systemd, and keeps.
"""

import os
import socket
from typing import Any

from twisted.internet import tcp, unix
from twisted.internet.interfaces import IProtocolFactory
from twisted.python.failure import Failure

# What Twisted's ports accept at once, before they have seen how many come.
_ACCEPTS = 100


class AdoptedPort(unix.Port):
    """
    Accepts on a socket that is not ours: its file, its mode and its queue stay as they are.

    Twisted would remove the file when it stops, and the next start would serve nobody.

    :param listening: the socket.
    :param factory: makes protocols.
    :param reactor: reads it.
    """

    factory: Any
    _shouldShutdown = False

    def __init__(self, listening: socket.socket, factory: IProtocolFactory, reactor: Any) -> None:
        super().__init__(os.fsencode(listening.getsockname()), factory, reactor=reactor)
        self._listening = listening

    def startListening(self) -> None:
        """
        Accept from now on.
        """
        self.factory.doStart()
        self.connected = True
        self.socket = self._listening
        # Twisted's ports have it as an attribute, and delete it in the end.
        vars(self)["fileno"] = self.socket.fileno
        self.numberAccepts = _ACCEPTS
        self.startReading()

    def connectionLost(self, reason: Failure) -> None:
        """
        Let go of it.
        """
        tcp.Port.connectionLost(self, reason)


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
