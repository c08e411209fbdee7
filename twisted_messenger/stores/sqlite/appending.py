"""
Messages on their way into SQLite's log: many by one statement, and nothing is asked of the file
that is known since the last transaction.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from twisted_messenger.address import sameOwner
from twisted_messenger.entry import Entry, Post
from twisted_messenger.errors import StoreFull
from twisted_messenger.interfaces import Admission
from twisted_messenger.refusal import Refusal
from twisted_messenger.repeats import KeptRepeat
from twisted_messenger.roster import Progress
from twisted_messenger.stores.retention import entrySize, judgeShare
from twisted_messenger.stores.sqlite.diskspace import DiskSpace
from twisted_messenger.stores.sqlite.tables import COLUMNS, SQLiteTables, insertionOf
from twisted_messenger.stores.sqlite.uncounted import Uncounted

T = TypeVar("T")

# Bytes that a key takes, with the indexes over it.
_REPEAT_BYTES = 512

# Entries that one statement puts into the log.
_ROWS = 32

# Names, and sources, that are remembered.
_MOST_KNOWN = 1024


class _Asked(dict[str, T]):
    """
    What is known already, and what is looked for when it is asked for.

    :param find: finds it.
    """

    def __init__(self, find: Callable[[str], T]) -> None:
        super().__init__()
        self._find = find

    def __missing__(self, key: str) -> T:
        if len(self) >= _MOST_KNOWN:
            # Strangers choose what is asked for.
            self.clear()
        found = self[key] = self._find(key)
        return found


class SQLiteLog(SQLiteTables):
    """
    The tables of a file that nobody else writes.

    :param steady: seconds that nobody sets.
    """

    def __init__(self, steady: Callable[[], float] = time.monotonic) -> None:
        super().__init__(steady)
        # What may still be written.
        self._room: DiskSpace
        # What this transaction has added; ``None`` where there was no member for it.
        self._added: list[Entry] | None = None
        # How long the room had been running when this transaction began.
        self._ran = 0.0
        # Who bears a name, and what waits of a source, as far as it was asked.
        self._owners = _Asked(partial(self._beside, partial(self._member, "name = :value")))
        self._heldBy = _Asked(partial(self._beside, self._held))
        self._isBeside = False
        self._uncounted = Uncounted()
        self._forgetKnown()

    def _forgetKnown(self) -> None:
        """
        Nothing is known any more of what the tables hold.
        """
        self._owners.clear()
        self._heldBy.clear()
        self._uncounted.clear()
        # What was said, and is not in the log yet, column after column: many at once cost half.
        self._said: list[object] = []
        self._saidBy: dict[str, int] = {}
        # The last position, the last one that somebody has lost, and how far everybody has come; -1
        # as long as nobody asked.
        self._last = self._lost = self._slowest = -1

    def _load(self) -> None:
        self._forgetKnown()
        super()._load()

    def _execute(self, sql: str, values: Mapping[str, object] | None = None) -> Any:
        if self._said and not self._isBeside:
            # Whatever else is done sees the log as it is.
            self._writeSaid()
        return self._db.execute(sql, values or {})

    def _beside(self, call: Callable[[Any], T], argument: object) -> T:
        """
        Do something that has nothing to do with what was said and is not in the log yet.
        """
        self._isBeside = True
        try:
            return call(argument)
        finally:
            self._isBeside = False

    def _head(self) -> int:
        return self._last if self._last >= 0 else super()._head()

    def append(self, post: Post, admit: Admission) -> int | Refusal:
        """
        See :meth:`IMessageStore.append`.
        """
        name, text, owner, time, subscriber, _, repeat = post
        known = None if repeat is None else self._beside(self._known, post)
        if known is not None:
            return known
        size = entrySize(name, text)
        # Before anybody is asked: who only asks whether a message would be taken learns it, too.
        if not self._room.take(size if repeat is None else size + _REPEAT_BYTES):
            raise StoreFull("the disk is full")
        named = self._owners[name]
        refusal = admit(named)
        if refusal is None and subscriber:
            refusal = judgeShare(post, self._heldBy[subscriber])
        if refusal is not None:
            return refusal
        owned = named is not None and sameOwner(named.owner, owner)
        source = subscriber or ""
        self._last = position = self._last + 1
        # A number: of anything else, sqlite3 asks first whether it can be adapted.
        self._said += (name, text, int(owned), time, size, source)
        self._uncounted.add((position, source, size))
        self._entries += 1
        self._size += size
        if source:
            self._heldBy[source] += size
            self._saidBy[source] = self._saidBy.get(source, 0) + size
        if repeat is not None:
            self._beside(self._remember, KeptRepeat(position, owner, repeat, self._ran))
        if self._added is not None:
            self._added.append(Entry(position, name, text, owned, time))
        return position

    def _writeSaid(self) -> None:
        """
        Put what was said into the log.
        """
        said, self._said = self._said, []
        waiting = len(said) // COLUMNS
        while waiting:
            # Powers of two: so few statements are known to SQLite already.
            rows = 1 << min(_ROWS, waiting).bit_length() - 1
            values = said[: rows * COLUMNS]
            self._db.execute(insertionOf(rows), [self._ran, self._last - waiting, *values])
            del said[: rows * COLUMNS]
            waiting -= rows
        more, self._saidBy = self._saidBy, {}
        # What is known of them has these already.
        super()._holds(more)

    def _holds(self, more: Mapping[str, int]) -> None:
        for source in more.keys() & self._heldBy.keys():
            self._heldBy[source] += more[source]
        super()._holds(more)

    def _counted(self, after: int, upTo: int, most: int) -> Sequence[tuple[Any, ...]]:
        # Never more than may be counted at once: so many are remembered.
        known = self._uncounted.take(after, upTo)
        return super()._counted(after, upTo, most) if known is None else known

    def _nextRevision(self) -> int:
        # Who bears a name may be another one now, and have come less far.
        self._owners.clear()
        self._slowest = -1
        return super()._nextRevision()

    def advance(self, progress: Mapping[int, Progress]) -> None:
        """
        See :meth:`IMessageStore.advance`.
        """
        self._slowest = -1
        super().advance(progress)

    def _slowestCursor(self) -> int:
        if not self._members:
            return self._head()
        if self._slowest < 0:
            self._slowest = super()._slowestCursor()
        return self._slowest

    def _floor(self) -> int:
        if self._lost < 0:
            self._lost = super()._floor()
        return self._lost

    def _setFloor(self, position: int) -> None:
        super()._setFloor(position)
        self._lost = position
