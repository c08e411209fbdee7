"""
Those who come to a server slowly, or in masses.
"""

from collections import Counter
from collections.abc import Callable
from enum import Enum
from functools import partial
from typing import Any

from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.interfaces import IDelayedCall, IPullProducer
from twisted.internet.task import LoopingCall
from zope.interface import implementer

from twisted_messenger.testing.visits import Visit

#: Seconds that each place of a flood rests between an answer and its next connection.
FLOOD_PAUSE = 0.01

# Bytes that an endless stream has at hand.
_CHUNK = 64 * 1024


class Dribbler:
    """
    Sends one message a few bytes at a time, to its end or for ever.

    :param reactor: provides ``IReactorTCP`` and ``IReactorTime``.
    :param host: the room's address.
    :param port: the room's port.
    :param message: what it sends; 1 byte or more where it is endless.
    :param seconds: before each piece, and before the end; more than 0.
    :param size: bytes of a piece, 1 or more.
    :param endless: whether it sends the message again and again, and never ends.
    :param fromHost: the address that it connects from; ``None`` for the system's choice.
    """

    def __init__(
        self,
        reactor: Any,
        host: str,
        port: int,
        message: bytes,
        seconds: float,
        size: int = 1,
        *,
        endless: bool = False,
        fromHost: str | None = None,
    ) -> None:
        #: Bytes that were written.
        self.sent = 0
        self._reactor = reactor
        self._where = host, port, fromHost
        self._message = message * (2 + size // len(message)) if endless else message
        self._period = len(message) if endless else None
        self._seconds = seconds
        self._size = size
        self._visit = Visit(self._begin)
        self._dripping = LoopingCall(self._drip)
        self._dripping.clock = reactor

    def start(self) -> "Deferred[str]":
        """
        Connect, and begin. It can be done once.

        :returns: fires when the connection is gone, with what was seen: see :class:`Seen`.
        """
        self._visit.go(self._reactor, *self._where)
        return self._visit.seen().addCallback(self._over)

    def stop(self) -> "Deferred[Any]":
        """
        Reset the connection.

        :returns: fires when it is gone.
        """
        self._visit.abort()
        return DeferredList([self._visit.over])

    def _begin(self, transport: Any) -> None:
        self._dripping.start(self._seconds, now=False)

    def _drip(self) -> None:
        transport = self._visit.speaking.transport
        start = self.sent % self._period if self._period else self.sent
        piece = self._message[start : start + self._size]
        if piece:
            transport.write(piece)
            self.sent += len(piece)
        else:
            transport.loseWriteConnection()
            self._dripping.stop()

    def _over(self, seen: str) -> str:
        if self._dripping.running:
            self._dripping.stop()
        return seen


class Flood(Enum):
    """
    What each connection of a flood does.
    """

    #: Sends the message and ends it.
    MESSAGES = "messages"
    #: Sends the message again and again, without an end.
    ENDLESS = "endless"
    #: Says nothing, and stays.
    SILENCE = "silence"


@implementer(IPullProducer)
class _Stream:
    def __init__(self, message: bytes, transport: Any) -> None:
        self._transport = transport
        self._chunk = message * (1 + _CHUNK // len(message))

    def resumeProducing(self) -> None:
        self._transport.write(self._chunk)

    def stopProducing(self) -> None:
        pass


class Flooder:
    """
    Keeps a number of connections going at once: where one is over, the next one begins.

    :param reactor: provides ``IReactorTCP`` and ``IReactorTime``.
    :param host: the room's address.
    :param port: the room's port.
    :param connections: at once.
    :param flood: what each does.
    :param message: what it sends; 1 byte or more.
    :param pauseSeconds: from the end of a connection to the next. In memory answers take no time:
        there, with 0, a flood of messages is an error, as it never comes to rest.
    :param fromHost: the address that it connects from; ``None`` for the system's choice.
    """

    def __init__(
        self,
        reactor: Any,
        host: str,
        port: int,
        connections: int,
        flood: Flood = Flood.MESSAGES,
        message: bytes = b"from:flood|x",
        *,
        pauseSeconds: float = FLOOD_PAUSE,
        fromHost: str | None = None,
    ) -> None:
        #: How many connections are over, by what they saw: words of :class:`Seen` and codes of
        #: refusals. Those that :meth:`stop` ends are not counted.
        self.seen: Counter[str] = Counter()
        self._reactor = reactor
        self._where = host, port, fromHost
        self._connections = connections
        self._pauseSeconds = pauseSeconds
        begins: dict[Flood, Callable[[Any], None]] = {
            Flood.MESSAGES: partial(_send, message),
            Flood.ENDLESS: partial(_stream, message),
            Flood.SILENCE: _sayNothing,
        }
        self._begin = begins[flood]
        self._stopped = False
        self._visits: dict[int, Visit] = {}
        self._pauses: dict[int, IDelayedCall] = {}

    def start(self) -> None:
        """
        Begin. It can be done once.
        """
        for place in range(self._connections):
            self._visitFrom(place)

    def stop(self) -> "Deferred[Any]":
        """
        Reset every connection, and begin no more.

        :returns: fires when they are gone.
        """
        self._stopped = True
        for pause in self._pauses.values():
            pause.cancel()
        self._pauses.clear()
        visits = list(self._visits.values())
        for visit in visits:
            visit.abort()
        return DeferredList([visit.over for visit in visits])

    def _visitFrom(self, place: int) -> None:
        self._pauses.pop(place, None)
        self._visits[place] = visit = Visit(self._begin)
        visit.seen().addCallback(self._over, place)
        visit.go(self._reactor, *self._where)

    def _over(self, seen: str, place: int) -> None:
        if not self._stopped:
            self.seen[seen] += 1
            self._pauses[place] = self._reactor.callLater(
                self._pauseSeconds, self._visitFrom, place
            )


def _send(message: bytes, transport: Any) -> None:
    transport.write(message)
    transport.loseWriteConnection()


def _stream(message: bytes, transport: Any) -> None:
    transport.registerProducer(_Stream(message, transport), False)


def _sayNothing(transport: Any) -> None:
    pass
