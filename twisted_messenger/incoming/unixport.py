"""
A port on a Unix socket that Twisted has not made.
"""

import socket
from typing import Any

from twisted.internet import tcp, unix
from twisted.python.failure import Failure


class UnixPort(unix.Port):
    """
    Accepts on a socket that is there already, and leaves its file to who has made that.
    """

    factory: Any

    def acceptOn(self, listening: socket.socket, atOnce: int) -> None:
        """
        Accept from now on.

        :param listening: the socket.
        :param atOnce: how many, as long as nobody has seen how many come.
        """
        self.factory.doStart()
        self.connected = True
        self.socket = listening
        # Twisted's ports have it as an attribute, and delete it in the end.
        vars(self)["fileno"] = listening.fileno
        self.numberAccepts = atOnce
        self.startReading()

    def connectionLost(self, reason: Failure) -> None:
        """
        Let go of it. Twisted would remove whatever is at its path.
        """
        tcp.Port.connectionLost(self, reason)
