"""
The SQL of a room's log: reading it, what waits and for how long, and what is kept or forgotten.
"""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from twisted_messenger.entry import Entry, LogExtent, LogLimits
from twisted_messenger.stores.repeattables import RepeatTables
from twisted_messenger.stores.retention import (
    MEMBERS_STEP,
    NOTHING_KEPT,
    STEP,
    Losses,
    floorOf,
    keptFloorOf,
)


class LogTables(RepeatTables):
    """
    The tables ``log`` and ``shares``, and counts of what is in them, beside ``repeats``.
    """

    def __init__(self) -> None:
        self._entries = self._size = 0
        # The last position that everybody has, or has lost; and of what is in the log, how much
        # lies up to there.
        self._delivered = self._kept = self._keptSize = 0

    @abstractmethod
    def _head(self) -> int:
        """
        The last position of the log.
        """

    @abstractmethod
    def _nextRevision(self) -> int:
        """
        Begin a change of the roster.
        """

    def read(self, after: int, limit: int, maxBytes: int) -> list[Entry]:
        """
        See :meth:`IMessageStore.read`.
        """
        entries = self.history(after, limit, maxBytes)
        if entries and entries[0].position > after + 1 and after < self._floor():
            # Between positions there may be gaps, as after a failover: what matters is whether
            # anything is gone.
            (oldest,) = self._execute("SELECT min(position) FROM log").fetchone()
            return [] if entries[0].position == oldest else entries
        return entries

    def history(self, after: int, limit: int, maxBytes: int) -> list[Entry]:
        """
        See :meth:`IMessageStore.history`.
        """
        return self._page("WHERE position > :value ORDER BY position", after, limit, maxBytes)

    def newest(self, limit: int, maxBytes: int) -> list[Entry]:
        """
        See :meth:`IMessageStore.newest`.
        """
        return self._page("ORDER BY position DESC", 0, limit, maxBytes)[::-1]

    def extent(self) -> LogExtent:
        """
        See :meth:`IMessageStore.extent`.
        """
        return self._extent(self._head(), self._entries, self._size)

    def _extent(self, head: int, entries: int, size: int) -> LogExtent:
        (oldest,) = self._execute("SELECT min(position) FROM log").fetchone()
        return LogExtent(head, head + 1 if oldest is None else oldest, entries, size)

    def _page(self, which: str, value: int, limit: int, maxBytes: int) -> list[Entry]:
        rows = self._execute(
            f"SELECT position, name, text, owned, time, size FROM log {which} LIMIT :limit",
            {"value": value, "limit": limit},
        )
        entries: list[Entry] = []
        for position, name, text, owned, time, size in rows:
            maxBytes -= size
            if entries and maxBytes < 0:
                break
            entries.append(Entry(position, name, self._textOf(text), bool(owned), time))
        return entries

    def _floor(self) -> int:
        """
        See :class:`~twisted_messenger.roster.RosterNews`.
        """
        (floor,) = self._execute("SELECT floor FROM room").fetchone()
        return int(floor)

    def _textOf(self, stored: Any) -> str:
        """
        A text, from how the log keeps it.
        """
        return str(stored)

    def trim(self, limits: LogLimits) -> int | None:
        """
        One step of :meth:`IMessageStore.trim`.

        :returns: how many entries were dropped; ``None`` where members had to be put behind them
            first, and it is to be asked again.
        """
        dropped = self._drop(limits)
        if dropped is None:
            return None
        forgotten = max(self._forget(limits), self._forgetRepeats(limits))
        # Who asks is told of what was lost alone, but there may be more to forget.
        return None if not dropped and forgotten >= self._step(STEP) else dropped

    def _drop(self, limits: LogLimits) -> int | None:
        oldest = self._execute(
            "SELECT position, ran, size FROM log WHERE position > :delivered ORDER BY position"
            " LIMIT :step",
            {"delivered": self._delivered, "step": STEP},
        ).fetchall()
        entries, size = self._entries - self._kept, self._size - self._keptSize
        floor = floorOf(oldest, entries, size, limits, self.running())
        if not floor:
            return 0
        if not self._putBehind(floor):
            return None
        self._moveDelivered(floor)
        return len([position for position, _, _ in oldest if position <= floor])

    def _putBehind(self, floor: int) -> bool:
        """
        Let members lose what lies up to a position, so many at once.

        :returns: whether everybody has come so far.
        """
        most = self._step(MEMBERS_STEP)
        behind = self._execute(
            "SELECT id, cursor, name, named FROM members WHERE cursor < :floor LIMIT :most",
            {"floor": floor, "most": most + 1},
        ).fetchall()
        if behind:
            gone = self._execute(
                "SELECT position, name FROM log WHERE position > :delivered AND position <= :floor"
                " ORDER BY position",
                {"delivered": self._delivered, "floor": floor},
            )
            losses = Losses(gone)
            lost = {memberId: losses.of(*known) for memberId, *known in behind[:most]}
            self._lose(lost, floor, self._nextRevision())
            self._setFloor(floor)
        return len(behind) <= most

    def _setFloor(self, position: int) -> None:
        """
        Somebody has lost what lies up to there.
        """
        self._execute("UPDATE room SET floor = :floor", {"floor": position})

    @abstractmethod
    def _lose(self, lost: Mapping[int, int], floor: int, revision: int) -> None:
        """
        Put members behind what they have lost.

        :param lost: how many entries each loses, by its id.
        """

    def _noteDelivered(self) -> int:
        """
        Note what everybody has: it waits for nobody, and is kept for those who come later.

        :returns: how many entries more that are, a bounded number.
        """
        return self._moveDelivered(self._slowestCursor())

    def _slowestCursor(self) -> int:
        """
        How far everybody has come.
        """
        (slowest,) = self._execute("SELECT min(cursor) FROM members").fetchone()
        return self._head() if slowest is None else int(slowest)

    def _moveDelivered(self, position: int) -> int:
        if position <= self._delivered:
            return 0
        last, entries, size = self._reckon(self._delivered, position, STEP, -1)
        self._kept += entries
        self._keptSize += size
        self._setDelivered(position if entries < STEP else last)
        return entries

    def _waitAgain(self, after: int) -> None:
        """
        Somebody new begins in what everybody else has: it must not be forgotten meanwhile.
        """
        if after < self._delivered:
            _, entries, size = self._reckon(after, self._delivered, self._kept, 1)
            self._kept -= entries
            self._keptSize -= size
            self._setDelivered(after)

    def _reckon(self, after: int, upTo: int, most: int, sign: int) -> tuple[int, int, int]:
        """
        Count entries to the shares of their sources, or off them.

        :param most: how many at most.
        :param sign: 1 where they wait from now on, -1 where they do no longer.
        :returns: the last position, how many they are, and their size.
        """
        rows = self._counted(after, upTo, most)
        self._holds({source: sign * int(size) for source, _, _, size in rows if source})
        last = max((position for _, position, _, _ in rows), default=after)
        return last, sum(int(row[2]) for row in rows), sum(int(row[3]) for row in rows)

    def _counted(self, after: int, upTo: int, most: int) -> Sequence[tuple[Any, ...]]:
        """
        Count the entries between two positions by their sources.

        :param most: how many at most.
        :returns: each source, its last position, how many they are, and their size.
        """
        found: Sequence[tuple[Any, ...]] = self._execute(
            "SELECT source, max(position), count(*), sum(size) FROM (SELECT source, position, size"
            " FROM log WHERE position > :after AND position <= :upTo ORDER BY position LIMIT :most)"
            " AS counted GROUP BY source",
            {"after": after, "upTo": upTo, "most": most},
        ).fetchall()
        return found

    @abstractmethod
    def _setDelivered(self, position: int) -> None:
        """
        Everybody has what lies up to there, or has lost it.
        """

    def forgetKept(self) -> int:
        """
        Forget all that everybody has, so many entries at once: others need the room.

        :returns: how many that were.
        """
        return self._forget(NOTHING_KEPT)

    def _forget(self, limits: LogLimits) -> int:
        oldest = self._execute(
            "SELECT position, ran, size FROM log WHERE position <= :delivered ORDER BY position"
            " LIMIT :step",
            {"delivered": self._delivered, "step": self._step(STEP)},
        ).fetchall()
        floor = keptFloorOf(oldest, self._kept, self._size, limits, self.running())
        if not floor:
            return 0
        self._execute("DELETE FROM log WHERE position <= :floor", {"floor": floor})
        sizes = [size for position, _, size in oldest if position <= floor]
        self._entries -= len(sizes)
        self._kept -= len(sizes)
        self._size -= sum(sizes)
        self._keptSize -= sum(sizes)
        return len(sizes)

    def _held(self, source: str) -> int:
        """
        Bytes of a source that wait for somebody.
        """
        row = self._execute(
            "SELECT size FROM shares WHERE source = :source", {"source": source}
        ).fetchone()
        return 0 if row is None else int(row[0])

    def _holds(self, more: Mapping[str, int]) -> None:
        """
        Of these sources, so many bytes more wait for somebody, or fewer.
        """
        rows = [{"source": source, "size": size} for source, size in more.items()]
        less = [{"source": source} for source, size in more.items() if size < 0]
        self._executeAll(
            "INSERT INTO shares (source, size) VALUES (:source, :size)"
            " ON CONFLICT (source) DO UPDATE SET size = shares.size + excluded.size",
            rows,
        )
        self._executeAll("DELETE FROM shares WHERE source = :source AND size <= 0", less)
