"""
Contender "plain": Twisted's ClientCreator, as anybody would write it. Not part of the product.
"""

from collections.abc import Callable
from typing import cast

from twisted.internet import reactor, stdio
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import ITCPTransport
from twisted.internet.protocol import ClientCreator, Protocol, connectionDone
from twisted.python.failure import Failure

from benchmarks.contenders.lanes import Lanes


class Push(Protocol):
    """
    Sends one message, half-closes, and waits for the member's close.
    """

    def __init__(self, message: bytes, done: Callable[[bool], None]) -> None:
        self._message = message
        self._done = done

    def connectionMade(self) -> None:
        """
        Send everything.
        """
        transport = cast(ITCPTransport, self.transport)
        transport.write(self._message)
        transport.loseWriteConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """
        An orderly close confirms.
        """
        self._done(reason.check(ConnectionDone) is not None)


def push(port: int, message: bytes, done: Callable[[bool], None]) -> None:
    """
    Push one message.
    """
    creator = ClientCreator(reactor, Push, message, done)
    creator.connectTCP("127.0.0.1", port).addErrback(lambda _: done(False))


class Commands(Protocol):
    """
    Standard input.
    """

    def __init__(self) -> None:
        self._lanes = Lanes(push, reactor.stop)

    def dataReceived(self, data: bytes) -> None:
        """
        Pass it on.
        """
        self._lanes.received(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """
        Pass it on.
        """
        self._lanes.ended()


if __name__ == "__main__":
    stdio.StandardIO(Commands())
    reactor.run()
