"""
The newest entries of the log, in memory, shared by every member that is not far behind. Pure.
"""

from bisect import bisect_right
from collections.abc import Sequence

from twisted_messenger.interfaces import Entry

#: Entries kept. A member further behind reads pages from the store.
TAIL_ENTRIES = 1024


class Tail:
    """
    The end of the log.

    :param start: everything beyond this position is here, or was when it was newest.
    """

    def __init__(self, start: int) -> None:
        self.head = start
        self._start = start
        self._entries: list[Entry] = []

    def extend(self, entries: Sequence[Entry]) -> None:
        """
        New entries, in order, right behind the ones before.
        """
        self._entries.extend(entries)
        if entries:
            self.head = entries[-1].position
        surplus = len(self._entries) - TAIL_ENTRIES
        if surplus > 0:
            self._start = self._entries[surplus - 1].position
            del self._entries[:surplus]

    def covers(self, cursor: int) -> bool:
        """
        Whether whatever comes behind the cursor is here.
        """
        return cursor >= self._start

    def after(self, cursor: int) -> Entry | None:
        """
        The first entry behind a cursor that is covered.

        :returns: ``None`` at the head.
        """
        index = bisect_right(self._entries, cursor, key=lambda entry: entry.position)
        return self._entries[index] if index < len(self._entries) else None
