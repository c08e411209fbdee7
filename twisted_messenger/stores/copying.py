"""
The SQL by which a room's tables are read as a whole, and filled with another room's contents.
"""

from abc import abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from twisted_messenger.contents import LoggedEntry, RoomContents
from twisted_messenger.entry import Entry
from twisted_messenger.repeats import KeptRepeat, Repeat
from twisted_messenger.roster import MemberState
from twisted_messenger.stores.memberrows import MEMBER_STATE, columnsOf, memberState
from twisted_messenger.stores.retention import entrySize
from twisted_messenger.stores.tables import RoomTables

# Entries in memory at once.
_PAGE = 500


class CopyingTables(RoomTables):
    """
    Tables that can be copied. Every method is part of a transaction.
    """

    def contents(self) -> RoomContents:
        """
        The room, as this transaction sees it. The entries are read page by page.
        """
        members = self._execute(f"SELECT {MEMBER_STATE} FROM members ORDER BY id").fetchall()
        return RoomContents(
            self._head(),
            self.running(),
            [memberState(row) for row in members],
            self._logged(),
            self._repeats(),
        )

    def _repeats(self) -> list[KeptRepeat]:
        rows = self._execute(
            "SELECT position, source, key, text, ran FROM repeats ORDER BY position"
        )
        return [
            KeptRepeat(position, source, Repeat(key, text), ran)
            for position, source, key, text, ran in rows
        ]

    def _logged(self) -> Iterator[LoggedEntry]:
        after = 0
        while rows := self._execute(
            "SELECT position, name, text, owned, time, source, ran FROM log WHERE position > :after"
            " ORDER BY position LIMIT :limit",
            {"after": after, "limit": _PAGE},
        ).fetchall():
            for position, name, text, owned, time, source, ran in rows:
                entry = Entry(position, name, self._textOf(text), bool(owned), time)
                yield LoggedEntry(entry, source or None, ran)
            after = entry.position

    def fill(self, contents: RoomContents) -> None:
        """
        Put a room into these tables, which are unused.
        """
        self._beginAt(contents.head, contents.ran)
        for state in contents.members:
            self._add(state.within(contents.head))
        entries = iter(contents.entries)
        while page := list(islice(entries, _PAGE)):
            self._insertLogged(page)
            self._countLogged(page)
        for repeat in contents.repeats:
            self._remember(repeat)
        while self._noteDelivered():
            pass

    def _add(self, state: MemberState) -> None:
        member, progress = state.member, state.progress
        columns = columnsOf(member, member.options, member.key)
        self._insert(columns, progress, state.named, state.paused)
        self._execute(
            "UPDATE members SET settled = :settled, failing_since = :failing,"
            " attempts = :attempts WHERE name = :name",
            {
                "settled": progress.settled,
                "failing": progress.failingSince,
                "attempts": progress.attempts,
                "name": member.name,
            },
        )

    def _countLogged(self, page: Iterable[LoggedEntry]) -> None:
        more: Counter[str] = Counter()
        for one in page:
            size = sizeOf(one)
            self._entries += 1
            self._size += size
            if one.subscriber is not None:
                more[one.subscriber] += size
        self._holds(more)

    @abstractmethod
    def _beginAt(self, head: int, ran: float) -> None:
        """
        Let an unused room go on from there.
        """

    @abstractmethod
    def _insertLogged(self, page: Sequence[LoggedEntry]) -> None:
        """
        Add entries as they are.
        """


def sizeOf(logged: LoggedEntry) -> int:
    """
    What an entry counts against the limit in bytes.
    """
    return entrySize(logged.entry.name, logged.entry.text)
