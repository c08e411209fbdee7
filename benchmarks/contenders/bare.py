"""
For the way in: a Twisted protocol that collects until the end of file and closes. Nothing is read,
judged or stored. Not part of the product.
"""

from typing import Any

from twisted.internet import reactor, stdio
from twisted.internet.endpoints import serverFromString
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure


class Collector(Protocol):
    """
    One message.
    """

    def connectionMade(self) -> None:
        """
        Nothing yet.
        """
        self._parts: list[bytes] = []

    def dataReceived(self, data: bytes) -> None:
        """
        Keep it.
        """
        self._parts.append(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """
        The message is whole; Twisted has closed already.
        """
        b"".join(self._parts)


class Input(Protocol):
    """
    Standard input: its end is the program's.
    """

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """
        Stop.
        """
        reactor.stop()


def listening(port: Any) -> None:
    """
    Say where.
    """
    print(port.getHost().port, flush=True)


if __name__ == "__main__":
    stdio.StandardIO(Input())
    endpoint = serverFromString(reactor, "tcp:0:backlog=1024:interface=127.0.0.1")
    endpoint.listen(Factory.forProtocol(Collector)).addCallback(listening)
    reactor.run()
