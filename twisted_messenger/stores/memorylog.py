"""
A log in memory: the entries, which of them somebody still waits for, and whose these are. Pure.
"""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import NamedTuple

from twisted_messenger.entry import Entry, LogExtent, LogLimits, Post
from twisted_messenger.roster import Enrolment
from twisted_messenger.stores.retention import STEP, entrySize, floorOf, keptFloorOf


class Kept(NamedTuple):
    """
    An entry, and what the store alone knows of it.

    :param size: what it counts against limits, in bytes.
    :param subscriber: see :class:`~twisted_messenger.entry.Post`.
    :param ran: how long the room had been running.
    """

    entry: Entry
    size: int
    subscriber: str | None
    ran: float


class MemoryLog:
    """
    The entries, without gaps between their positions.
    """

    def __init__(self) -> None:
        #: The last position.
        self.head = 0
        self._entries: list[Kept] = []
        # Of all that is there, and of what waits for somebody.
        self._size = self._waitingSize = 0
        self._shares: dict[str, int] = {}
        # The last one that everybody has, or has lost.
        self._delivered = 0

    def add(self, post: Post, owned: bool, ran: float, isAwaited: bool) -> int:
        """
        Add an entry.

        :param owned: whether the owner of the name says it.
        :param ran: how long the room has been running.
        :param isAwaited: whether there is anybody who has to get it.
        :returns: its position.
        """
        self.head += 1
        entry = Entry(self.head, post.name, post.text, owned, post.time)
        kept = Kept(entry, entrySize(post.name, post.text), post.subscriber, ran)
        self._entries.append(kept)
        self._size += kept.size
        if isAwaited:
            self._wait([kept], 1)
        else:
            self._delivered = self.head
        return self.head

    def held(self, subscriber: str) -> int:
        """
        Bytes of a source that wait for somebody.
        """
        return self._shares.get(subscriber, 0)

    def after(self, position: int, limit: int, maxBytes: int) -> list[Entry]:
        """
        See :meth:`IMessageStore.history`.
        """
        start = self._index(position)
        return _page(self._entries[start : start + limit], maxBytes)

    def newest(self, limit: int, maxBytes: int) -> list[Entry]:
        """
        See :meth:`IMessageStore.newest`.
        """
        return _page(islice(reversed(self._entries), limit), maxBytes)[::-1]

    def extent(self) -> LogExtent:
        """
        See :meth:`IMessageStore.extent`.
        """
        return LogExtent(self.head, self._oldest(), len(self._entries), self._size)

    def _oldest(self) -> int:
        return self._entries[0].entry.position if self._entries else self.head + 1

    def speakers(self, after: int) -> Iterable[tuple[int, str]]:
        """
        Position and name of all entries after a position.
        """
        return _speakers(self._entries[self._index(after) :])

    def startOf(self, asked: Enrolment) -> int:
        """
        Behind which position a new member begins.
        """
        if asked.after is not None:
            return min(max(asked.after, self._oldest() - 1), self.head)
        history = 0 if asked.options is None else asked.options.history
        start = self.head
        for kept in reversed(self._entries) if history else ():
            if kept.entry.name != asked.name:
                if not history:
                    return kept.entry.position
                history -= 1
            start = kept.entry.position - 1
        return start

    def waitAgain(self, after: int) -> None:
        """
        Somebody begins there: what everybody else has must not be lost to it meanwhile.
        """
        if after < self._delivered:
            self._wait(self._between(after, self._delivered), 1)
            self._delivered = after

    def noteDelivered(self, position: int) -> None:
        """
        What everybody has waits for nobody, and is kept for those who come later.

        :param position: up to there.
        """
        self._wait(self._between(self._delivered, position), -1)
        self._delivered = max(self._delivered, position)

    def over(self, limits: LogLimits, now: float) -> int:
        """
        The last position that may wait no longer; 0 where all may.

        :param now: how long the room has been running.
        """
        there = self._index(self._delivered)
        waiting = islice(self._entries, there, there + STEP)
        entries = len(self._entries) - there
        return floorOf(_measured(waiting), entries, self._waitingSize, limits, now)

    def waiting(self, upTo: int) -> Sequence[tuple[int, str]]:
        """
        Position and name of what waits for somebody up to a position.
        """
        return [*_speakers(self._between(self._delivered, upTo))]

    def forget(self, limits: LogLimits, now: float) -> int:
        """
        Forget some of what everybody has, where it is more than is to be kept.

        :param now: how long the room has been running.
        :returns: how many entries that were.
        """
        most = self._index(self._delivered)
        kept = islice(self._entries, most)
        index = self._index(keptFloorOf(_measured(kept), most, self._size, limits, now))
        self._size -= sum(kept.size for kept in self._entries[:index])
        del self._entries[:index]
        return index

    def _index(self, position: int) -> int:
        """
        How many entries lie up to a position.
        """
        first = self._entries[0].entry.position if self._entries else position + 1
        return min(max(0, position - first + 1), len(self._entries))

    def _between(self, after: int, upTo: int) -> list[Kept]:
        return self._entries[self._index(after) : self._index(upTo)] if after < upTo else []

    def _wait(self, entries: Iterable[Kept], sign: int) -> None:
        for kept in entries:
            self._waitingSize += sign * kept.size
            if kept.subscriber is not None:
                held = self._shares.get(kept.subscriber, 0) + sign * kept.size
                self._shares[kept.subscriber] = held
                if not held:
                    del self._shares[kept.subscriber]


def _speakers(entries: Iterable[Kept]) -> Iterable[tuple[int, str]]:
    return ((kept.entry.position, kept.entry.name) for kept in entries)


def _measured(entries: Iterable[Kept]) -> Iterable[tuple[int, float, int]]:
    return ((kept.entry.position, kept.ran, kept.size) for kept in entries)


def _page(entries: Iterable[Kept], maxBytes: int) -> list[Entry]:
    page: list[Entry] = []
    for kept in entries:
        maxBytes -= len(kept.entry.text.encode())
        if page and maxBytes < 0:
            break
        page.append(kept.entry)
    return page
