"""
All connections of a site: how many there are, how long they take, and how much comes.
"""

from collections.abc import Callable, Iterable
from typing import Any, Protocol

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IDelayedCall

from twisted_messenger.address import Source
from twisted_messenger.eventlog import EventLog
from twisted_messenger.incoming.connectioncap import ConnectionCap, Visitor
from twisted_messenger.incoming.unfinished import UnfinishedBytes
from twisted_messenger.rates import RateLimit
from twisted_messenger.refusal import Reason, Refusal

#: Connections that may be open at once: those who read as it goes on, and some who ask.
MAX_CONNECTIONS = 1200

#: Of these, from one address.
MAX_PER_HOST = 64

#: At the control socket. Its descriptors are among those that are kept for files.
MAX_CONTROL_CONNECTIONS = 32

#: Bytes of bodies that are not whole, in all.
MAX_UNFINISHED_BYTES = 16 * 1024 * 1024

#: Connections a second from one address, in the long run and at once: twice as many as requests,
#: each of which may have one of its own. More are cut without a word.
CONNECTION_RATE = 100.0
CONNECTION_BURST = 200

# Seconds for which nobody is let in after that: to accept and cut costs as much as to answer, and
# the room is to come in between.
_REST_SECONDS = 0.01

# How often time-outs are looked at, in seconds: one call for all connections.
_SWEEP = 1.0


_TOO_FAST = Refusal(Reason.RATE, f"more than {CONNECTION_RATE:g} connections a second")


class Connection(Visitor, Protocol):
    """
    A connection, as far as the others matter to it.
    """

    #: When its time is up; ``None`` where it waits for us.
    deadline: float | None

    def expire(self) -> None:
        """
        Its time is up.
        """

    def giveWay(self) -> None:
        """
        Too much comes at once, and nobody's is larger.
        """


class Connections:
    """
    Who is connected.

    :param clock: the reactor, for its time.
    :param refusals: what is refused is counted and logged there.
    :param maxBodyBytes: of the largest body.
    :param gates: each is told how many one of the ports may let in at once.
    :param most: how many may be open at once.
    """

    def __init__(
        self,
        clock: Any,
        refusals: EventLog,
        maxBodyBytes: int,
        gates: Iterable[Callable[[int], None]] = (),
        most: int = MAX_CONNECTIONS,
    ) -> None:
        self._clock = clock
        #: What is refused is counted and logged there.
        self.refusals = refusals
        #: Bytes of the largest body.
        self.maxBodyBytes = maxBodyBytes
        #: How many connections there may be.
        self.cap = ConnectionCap(clock, refusals, most, MAX_PER_HOST)
        self.cap.gates.extend(gates)
        #: What has come of bodies that are not whole.
        self.bodies: UnfinishedBytes[Connection] = UnfinishedBytes(MAX_UNFINISHED_BYTES)
        #: Whether each connection is closed when it is answered.
        self.isClosing = False
        self._arrivals = RateLimit(CONNECTION_RATE, CONNECTION_BURST)
        self._all: dict[Connection, None] = {}
        self._sweeping: IDelayedCall | None = None
        self._resting: IDelayedCall | None = None
        self._empty: list[Deferred[None]] = []

    def now(self) -> float:
        """
        Seconds.
        """
        seconds: float = self._clock.seconds()
        return seconds

    def mayCome(self, source: Source) -> bool:
        """
        Count one more connection.

        :returns: whether it is worth to be looked at; else it is cut.
        """
        subscriber = source.subscriber
        if subscriber is None or self._arrivals.take(subscriber, self.now()):
            return True
        self.refusals.refused(_TOO_FAST, source)
        if self._resting is None:
            for gate in self.cap.gates:
                gate(0)
            self._resting = self._clock.callLater(_REST_SECONDS, self._rested)
        return False

    def _rested(self) -> None:
        self._resting = None
        self.cap.opened()

    def entered(self, connection: Connection, source: Source) -> None:
        """
        A connection was made, or turned out to come from elsewhere.
        """
        self._all[connection] = None
        self.cap.enter(connection, source)
        if self._sweeping is None:
            self._sweeping = self._clock.callLater(_SWEEP, self._sweep)

    def left(self, connection: Connection) -> None:
        """
        A connection is gone.
        """
        self._all.pop(connection, None)
        self.cap.leave(connection)
        self.bodies.keep(connection, 0)
        if self._all:
            return
        if self._sweeping is not None:
            self._sweeping.cancel()
            self._sweeping = None
        for waiting in self._empty:
            waiting.callback(None)
        self._empty.clear()

    def _sweep(self) -> None:
        self._sweeping = self._clock.callLater(_SWEEP, self._sweep)
        self.cap.tryOpening()
        now = self.now()
        for connection in list(self._all):
            if connection.deadline is not None and connection.deadline <= now:
                connection.expire()

    def drained(self) -> "Deferred[None]":
        """
        Close who asks nothing, and the others when they are answered.

        :returns: fires when no connection is left.
        """
        self.isClosing = True
        for connection in list(self._all):
            if connection.deadline is not None:
                connection.expire()
        if not self._all:
            return succeed(None)
        done: Deferred[None] = Deferred()
        self._empty.append(done)
        return done

    def abortAll(self) -> None:
        """
        Cut everybody.
        """
        for connection in list(self._all):
            connection.abort()
