"""
Twisted's own transports over memory sockets.
"""

import socket
from typing import Any

from twisted.internet import tcp
from twisted.internet.address import IPv4Address
from twisted.logger import Logger

from twisted_messenger.testing.kernel import Socket

# How many more connections a port accepts at once when it accepted all that it might.
_MORE_ACCEPTS = 20


class Port(tcp.Port):
    """
    Twisted's port over a memory socket.
    """

    log = Logger()
    factory: Any
    numberAccepts: int
    reactor: Any
    socket: Any

    def createInternetSocket(self) -> socket.socket:
        """
        Make the socket that listens.
        """
        return Socket(self.reactor)

    def doRead(self) -> None:
        """
        Accept who waits, as many at once as Twisted would.
        """
        # Twisted's own method asks the kernel about descriptors that are not there.
        allowed, accepted = self.numberAccepts, 0
        while accepted < allowed and self.connected and self.socket.waiting:
            accepted += 1
            self._accept(*self.socket.accept())
        self.numberAccepts = allowed + _MORE_ACCEPTS if accepted == allowed else max(1, accepted)

    def _accept(self, accepted: socket.socket, address: tuple[str, int]) -> None:
        try:
            protocol = self.factory.buildProtocol(IPv4Address("TCP", *address))
            if protocol is None:
                accepted.close()
                return
            self.sessionno += 1
            protocol.makeConnection(
                tcp.Server(accepted, protocol, address, self, self.sessionno, self.reactor)
            )
        except Exception:
            self.log.failure("a connection was not accepted")


class _Client(tcp.Client):
    def createInternetSocket(self) -> socket.socket:
        return Socket(self.connector.reactor)


class Connector(tcp.Connector):
    """
    Twisted's connector, for memory sockets.
    """

    def _makeTransport(self) -> tcp.Client:
        return _Client(self.host, self.port, self.bindAddress, self, self.reactor)
