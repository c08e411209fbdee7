"""
How many connections may be open, in all and from one source, and which one makes room.

At a source's own cap its longest silent connection goes; where none is silent, the new one is
told at its end that there were too many. At the cap on all, the longest silent connection goes;
where none is silent, accepting pauses, and new ones wait in the kernel's queue.
"""

from collections.abc import Callable
from typing import Protocol

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from twisted_messenger.address import Source
from twisted_messenger.eventlog import EventLog
from twisted_messenger.incoming.connectiontable import MAX_CONNECTIONS, ConnectionTable
from twisted_messenger.rates import RateLimit
from twisted_messenger.refusal import Reason, Refusal

# Twisted accepts up to 100 connections before anybody looks; where so few may be open, we look
# after each time.
_SMALL = 200

# Seconds between two log lines about a pause; a full house opens and closes often.
_PAUSE_LINE_SECONDS = 60.0


class Visitor(Protocol):
    """
    A connection, as far as the cap knows it.
    """

    def evict(self) -> None:
        """
        Go, to make room for another.
        """

    def turnAway(self, refusal: Refusal) -> None:
        """
        Take no message, and say why at its end.
        """

    def abort(self) -> None:
        """
        Go at once.
        """


class ConnectionCap:
    """
    Counts connections in and out.

    :param clock: the reactor, for its time.
    :param refusals: where connections that are turned away are counted.
    :param total: connections that may be open at once.
    :param perHost: of these, from one source; see
        :class:`~twisted_messenger.incoming.connectiontable.ConnectionTable`. As many again are
        kept only to be told so.
    """

    log = Logger()

    def __init__(
        self,
        clock: IReactorTime,
        refusals: EventLog,
        total: int = MAX_CONNECTIONS,
        perHost: int | None = None,
    ) -> None:
        #: Each is told how many connections it may accept at once; 0 means to pause.
        self.gates: list[Callable[[int], None]] = []
        self._clock = clock
        self._refusals = refusals
        self._table: ConnectionTable[Visitor] = ConnectionTable(total, perHost)
        #: Whether nobody has to go for one more connection of a subscriber's.
        self.hasRoomFor = self._table.hasRoomFor
        #: Counts a connection of a subscriber's that waits for us already, and for which there is
        #: room; somebody calls :meth:`kept` soon.
        self.keep = self._table.keep
        # With so many open, we look after each turn: Twisted accepts more at a time, the more came.
        self._crowd = total // 4 if total >= _SMALL else 0
        self._lines = RateLimit(1 / _PAUSE_LINE_SECONDS, 1)
        self._closed = False
        self._looking: IDelayedCall | None = None

    def enter(self, visitor: Visitor, source: Source) -> None:
        """
        A connection was made, or turned out to come from elsewhere.
        """
        now = self._clock.seconds()
        table = self._table
        table.add(visitor, source.subscriber, now)
        excess = table.excess(visitor)
        if excess or len(table) > table.total:
            victim = table.evictable(now, visitor if excess else None)
            if victim is not None:
                self._evict(victim)
            elif excess or self._overfull():
                self._turnAway(visitor, source, excess)
        if len(table) >= self._crowd:
            self._lookSoon()

    def kept(self) -> None:
        """
        Look soon, where those that were kept make it crowded.
        """
        if len(self._table) >= self._crowd:
            self._lookSoon()

    def opened(self) -> None:
        """
        A gate was added.
        """
        self._regulate()

    def heard(self, visitor: Visitor) -> None:
        """
        A connection gave a sign of life.
        """
        self._table.heard(visitor, self._clock.seconds())
        self._lookAgain()

    def occupied(self, visitor: Visitor) -> None:
        """
        A connection waits for us, and may not be evicted.
        """
        self._table.occupied(visitor)
        self._lookAgain()

    def leave(self, visitor: Visitor) -> None:
        """
        A connection is gone.
        """
        self._table.remove(visitor)
        if self._closed:
            self._regulate()

    def tryOpening(self) -> None:
        """
        Go on accepting, if there is room again or somebody has fallen silent.
        """
        if self._closed:
            self._regulate()

    def _lookAgain(self) -> None:
        # A connection that could have made room may not be able to any more.
        if not self._closed and len(self._table) >= self._table.total:
            self._lookSoon()

    def _lookSoon(self) -> None:
        # When all that was accepted in one go has come in.
        if self._looking is None:
            self._looking = self._clock.callLater(0, self._look)

    def _overfull(self) -> bool:
        # Every gate lets one in, however few places there are.
        return len(self._table) >= self._table.total + max(1, len(self.gates))

    def _evict(self, victim: Visitor) -> None:
        self._refusals.counters.add("evicted.connection_cap")
        # Its descriptor is free one turn of the reactor later; its place is free now.
        self._table.remove(victim)
        victim.evict()

    def _turnAway(self, visitor: Visitor, source: Source, excess: int) -> None:
        perHost = self._table.perHost
        whose = f"{perHost} connections from your address" if excess else "too many connections"
        refusal = Refusal(Reason.CONNECTION_CAP, f"there are {whose} already")
        self._refusals.refused(refusal, source)
        visitor.turnAway(refusal)
        if self._overfull() or not 0 < excess <= perHost:
            self._table.remove(visitor)
            visitor.abort()

    def _look(self) -> None:
        self._looking = None
        self._regulate()

    def _regulate(self) -> None:
        vacancies = self._vacancies()
        if not vacancies and not self._closed:
            self._paused()
        self._closed = not vacancies
        for gate in self.gates:
            gate(vacancies and max(1, vacancies // len(self.gates)))

    def _vacancies(self) -> int:
        free = self._table.total - len(self._table)
        if free > 0:
            return free
        return 0 if self._table.evictable(self._clock.seconds()) is None else 1

    def _paused(self) -> None:
        self._refusals.counters.add("paused")
        if self._lines.take(None, self._clock.seconds()):
            self.log.warn("{count} connections are open; others wait", count=len(self._table))
