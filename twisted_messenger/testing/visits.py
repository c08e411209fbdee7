"""
One connection to a server, from the attempt to its end, and what it saw there.
"""

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import ClientFactory
from twisted.python.failure import Failure

from twisted_messenger.testing.peers import RecordingProtocol


class Seen:
    """
    What a sender saw of its answer, where that was no refusal.
    """

    #: An orderly close without a byte.
    STORED = "stored"
    #: A reset, from either side.
    RESET = "reset"
    #: No connection.
    UNREACHED = "unreached"
    #: Bytes that no room says.
    OTHER = "other"


class _Speaking(RecordingProtocol):
    transport: Any

    def __init__(self, begin: Callable[[Any], None]) -> None:
        super().__init__()
        self._begin = begin

    def connectionMade(self) -> None:
        self._begin(self.transport)

    def readConnectionLost(self) -> None:
        super().readConnectionLost()
        # Twisted asks a producer for more before it closes.
        self.transport.unregisterProducer()
        self.transport.loseConnection()

    @property
    def seen(self) -> str:
        if not self.data:
            return Seen.STORED if self.ended else Seen.RESET
        mark, _, line = self.data.decode("utf-8", "replace").partition(" ")
        return line.partition(":")[0] if mark in ("!", "~") else Seen.OTHER


class Visit(ClientFactory):
    """
    A connection to a server; what it does there is up to its maker.

    :param begin: is given the transport when the connection is made.
    """

    noisy = False

    def __init__(self, begin: Callable[[Any], None]) -> None:
        self.speaking = _Speaking(begin)
        #: Fires when the connection is gone; fails where there was none.
        self.over: Deferred[_Speaking] = Deferred()
        self._connector: Any = None

    def go(self, reactor: Any, host: str, port: int, fromHost: str | None) -> None:
        """
        Connect; it can be done once.

        :param fromHost: the address to connect from; ``None`` for the system's choice.
        """
        bindAddress = None if fromHost is None else (fromHost, 0)
        self._connector = reactor.connectTCP(host, port, self, bindAddress=bindAddress)

    def seen(self) -> "Deferred[str]":
        """
        Tell what was seen.

        :returns: fires when it is over, with a word of :class:`Seen` or the code of a refusal.
        """
        return self.over.addCallbacks(lambda speaking: speaking.seen, lambda _: Seen.UNREACHED)

    def buildProtocol(self, addr: IAddress | None) -> _Speaking:
        """
        There is one.
        """
        return self.speaking

    def clientConnectionFailed(self, connector: object, reason: Failure) -> None:
        """
        There was no connection.
        """
        self.over.errback(reason)

    def clientConnectionLost(self, connector: object, reason: Failure) -> None:
        """
        There is none any more.
        """
        self.over.callback(self.speaking)

    def abort(self) -> None:
        """
        Reset it, or give the attempt up.
        """
        if self.speaking.transport is not None:
            self.speaking.transport.abortConnection()
        elif not self.over.called:
            self._connector.stopConnecting()
