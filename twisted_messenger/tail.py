"""
The newest entries of the log, in memory, shared by every member that is not far behind. Pure.
"""

from bisect import bisect_right
from collections.abc import Sequence
from sys import getsizeof

from twisted_messenger.interfaces import Entry

#: Entries and bytes kept. A member further behind reads pages from the store.
TAIL_ENTRIES = 1024
TAIL_BYTES = 4 * 1024 * 1024


class Tail:
    """
    The end of the log.

    :param start: everything beyond this position will be here; ``None`` covers nothing, until
        :meth:`startAt` says where to start.
    """

    def __init__(self, start: int | None = None) -> None:
        self.head = start or 0
        self._start = start
        self._entries: list[Entry] = []
        self._bytes = 0

    def startAt(self, head: int) -> None:
        """
        Everything beyond a position will be here. Only the first call counts.
        """
        if self._start is None:
            self.head = self._start = head

    def extend(self, entries: Sequence[Entry]) -> None:
        """
        New entries, in order, right behind the ones before.
        """
        self._entries.extend(entries)
        self._bytes += sum(_weight(entry) for entry in entries)
        if entries:
            self.head = entries[-1].position
        surplus = max(0, len(self._entries) - TAIL_ENTRIES)
        self._bytes -= sum(_weight(entry) for entry in self._entries[:surplus])
        while self._bytes > TAIL_BYTES:
            self._bytes -= _weight(self._entries[surplus])
            surplus += 1
        if surplus:
            self._start = self._entries[surplus - 1].position
            del self._entries[:surplus]

    def covers(self, cursor: int) -> bool:
        """
        Whether whatever comes behind the cursor is here.
        """
        return self._start is not None and cursor >= self._start

    def after(self, cursor: int) -> Entry | None:
        """
        The first entry behind a cursor that is covered.

        :returns: ``None`` at the head.
        """
        index = bisect_right(self._entries, cursor, key=lambda entry: entry.position)
        return self._entries[index] if index < len(self._entries) else None


def _weight(entry: Entry) -> int:
    # One emoji makes every character of a text take four bytes.
    return getsizeof(entry.text)
