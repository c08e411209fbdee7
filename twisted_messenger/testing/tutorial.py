"""
The client of the tutorial that this package began with, on a reactor.
"""

from functools import partial
from typing import Any

from twisted.internet.defer import Deferred, DeferredLock, maybeDeferred, succeed
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.protocol import connectionDone
from twisted.internet.task import deferLater
from twisted.python.failure import Failure

from twisted_messenger.testing.peers import SerialFactory, SerialProtocol
from twisted_messenger.testing.visits import Visit
from twisted_messenger.wire import formatRegistration, formatRoomMessage

#: Seconds from its registration until it listens: it has a thread to start.
LISTEN_SECONDS = 0.005

# Bytes that it reads, and decodes, at once.
_PIECE = 16


class _TutorialProtocol(SerialProtocol):
    factory: "TutorialClient"

    def __init__(self) -> None:
        super().__init__()
        self._text = ""

    def connectionMade(self) -> None:
        self.transport.bufferSize = _PIECE
        super().connectionMade()

    def dataReceived(self, data: bytes) -> None:
        super().dataReceived(data)
        try:
            self._text += data.decode()
        except UnicodeDecodeError:
            self.factory.died(Failure())
            self.transport.loseConnection()

    def readConnectionLost(self) -> None:
        self.factory.texts.append(self._text.strip())
        super().readConnectionLost()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        # A special kind of it is our own reset.
        if reason.type is ConnectionLost and not self.ended:
            self.factory.died(reason)
        super().connectionLost(reason)


class TutorialClient(SerialFactory):
    """
    The tutorial's client: registers, listens a little later, and sends each message on a
    connection of its own, which it shuts without a look at the answer.

    It does one thing after the other, and it is as frail as its model: a character that straddles
    two of its reads, or a reset in the middle of a message, and it receives no more.

    :param reactor: provides ``IReactorTCP`` and ``IReactorTime``.
    :param host: the room's address.
    :param port: the room's port.
    :param name: under which it registers and speaks.
    :param callbackHost: an address literal of this machine, where it listens and from which it
        connects.
    :param callbackPort: where it listens; never 0, since it is registered first.
    :param listenSeconds: from the end of its registration until it listens.
    """

    protocol = _TutorialProtocol

    def __init__(
        self,
        reactor: Any,
        host: str,
        port: int,
        name: str,
        callbackHost: str,
        callbackPort: int,
        listenSeconds: float = LISTEN_SECONDS,
    ) -> None:
        super().__init__()
        #: What it has shown, in order.
        self.texts: list[str] = []
        #: Why it receives no more; ``None`` while it does.
        self.death: Failure | None = None
        self._reactor = reactor
        self._server = host, port
        self._name = name
        self._callback = callbackHost, callbackPort
        self._listenSeconds = listenSeconds
        self._turns = DeferredLock()
        self._port: Any = None
        self._closing: Deferred[Any] = succeed(None)

    def start(self) -> "Deferred[None]":
        """
        Register, then listen.

        :returns: fires when it listens; fails with ``CannotListenError``, or as :meth:`say`.
        """
        return self._turns.run(lambda: Deferred.fromCoroutine(self._start()))

    def say(self, text: str) -> "Deferred[None]":
        """
        Send a message, when what was begun before is over.

        :returns: fires when everything was written and both halves are shut, which says nothing
            of the room; fails with ``ConnectError``, or ``ConnectionLost`` where the connection
            was reset before.
        """
        payload = formatRoomMessage(self._name, text)
        return self._turns.run(lambda: Deferred.fromCoroutine(self._send(payload)))

    def stop(self) -> "Deferred[None]":
        """
        End, when what was begun before is over: close the port, and reset who is connected.

        :returns: fires when nothing is left of it.
        """
        return self._turns.run(lambda: Deferred.fromCoroutine(self._stop()))

    def died(self, why: Failure) -> None:
        """
        Receive no more.

        :param why: what the tutorial's client would die of.
        """
        self.death = self.death or why
        self._close()
        self.turnAway()

    async def _start(self) -> None:
        await self._send(formatRegistration(self._name, *self._callback))
        await deferLater(self._reactor, self._listenSeconds)
        host, port = self._callback
        self._port = self._reactor.listenTCP(port, self, interface=host)

    async def _send(self, payload: bytes) -> None:
        visit = Visit(partial(_hurl, payload))
        visit.go(self._reactor, *self._server, self._callback[0])
        reason = (await visit.over).reason
        if reason is not None and not reason.check(ConnectionDone):
            reason.raiseException()

    def _close(self) -> None:
        port, self._port = self._port, None
        if port is not None:
            self._closing = maybeDeferred(port.stopListening)

    async def _stop(self) -> None:
        self._close()
        await self.reset()
        await self._closing


def _hurl(payload: bytes, transport: Any) -> None:
    transport.write(payload)
    transport.loseConnection()
