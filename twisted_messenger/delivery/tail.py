"""
The newest entries of the log, in memory, for every member that is not far back. Pure.
"""

from bisect import bisect_right
from collections.abc import Sequence

from twisted_messenger.delivery.payload import PreparedPush
from twisted_messenger.entry import ENTRY_OVERHEAD

#: Entries and bytes kept. A member further back reads pages from the store.
TAIL_ENTRIES = 1024
TAIL_BYTES = 4 * 1024 * 1024


class Tail:
    """
    The end of the log.

    :param start: everything after this position will be here; ``None`` covers nothing, until
        :meth:`startAt` says where to start.
    """

    def __init__(self, start: int | None = None) -> None:
        self.head = start or 0
        self._start = start
        self._entries: list[PreparedPush] = []
        #: Entries by the position before theirs, where nearly every cursor stands.
        self.next: dict[int, PreparedPush] = {}
        self._bytes = 0

    def startAt(self, head: int) -> None:
        """
        Everything after a position will be here. Only the first call counts.
        """
        if self._start is None:
            self.head = self._start = head

    def rewind(self) -> None:
        """
        Forget everything, until :meth:`startAt` says where to start again.
        """
        self.head, self._start, self._bytes = 0, None, 0
        self._entries.clear()
        self.next.clear()

    def dropUpTo(self, floor: int) -> None:
        """
        The log has dropped what lies up to a position. Where not all of that was here, nothing
        here may follow what was: a member would come over what it has lost, and never hear of it.
        """
        if floor > self.head:
            self.rewind()
            self.startAt(floor)

    def extend(self, entries: Sequence[PreparedPush]) -> None:
        """
        Add new entries, in order; they follow the ones before without a gap. Entries that are
        here already may be among them.
        """
        for entry in entries:
            if entry.position <= self.head:
                continue
            self._entries.append(entry)
            self.next[self.head] = entry
            self.head = entry.position
            self._bytes += _weight(entry)
        surplus = max(0, len(self._entries) - TAIL_ENTRIES)
        self._bytes -= sum(_weight(entry) for entry in self._entries[:surplus])
        while self._bytes > TAIL_BYTES:
            self._bytes -= _weight(self._entries[surplus])
            surplus += 1
        for entry in self._entries[:surplus]:
            assert self._start is not None
            self.next.pop(self._start, None)
            self._start = entry.position
        del self._entries[:surplus]

    def covers(self, cursor: int) -> bool:
        """
        Whether everything after a cursor is here.
        """
        return self._start is not None and cursor >= self._start

    def after(self, cursor: int) -> PreparedPush | None:
        """
        The first entry after a cursor that is covered.

        :returns: ``None`` at the head.
        """
        entry = self.next.get(cursor)
        if entry is not None or cursor >= self.head:
            return entry
        index = bisect_right(self._entries, cursor, key=lambda entry: entry.position)
        return self._entries[index] if index < len(self._entries) else None


def _weight(entry: PreparedPush) -> int:
    return len(entry.payload) + ENTRY_OVERHEAD
