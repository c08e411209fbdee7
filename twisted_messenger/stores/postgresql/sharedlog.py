"""
The log in PostgreSQL: what is said in one transaction is written at once.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from re import ASCII, sub
from typing import Any

from twisted_messenger.address import sameOwner
from twisted_messenger.contents import LoggedEntry
from twisted_messenger.entry import LogExtent, LogLimits, Post
from twisted_messenger.interfaces import Admission
from twisted_messenger.refusal import Refusal
from twisted_messenger.repeats import KeptRepeat
from twisted_messenger.roster import Member
from twisted_messenger.stores.copying import CopyingTables, sizeOf
from twisted_messenger.stores.retention import entrySize, judgeShare


@lru_cache(maxsize=256)
def _translated(sql: str) -> str:
    """
    Name the values in psycopg's way.
    """
    return sub(r"(?<!:):([a-z]\w*)", r"%(\1)s", sql, flags=ASCII)


class SharedLog(CopyingTables):
    """
    The table ``log``, and what the row of the room says of it.
    """

    def __init__(self) -> None:
        super().__init__()
        self._cursor: Any = None
        self._position = 0
        self._ran = 0.0
        self._added: list[tuple[Post, bool]] = []
        self._owners: dict[str, Member | None] = {}
        self._shares: dict[str, int] = {}
        #: Whether there are forgotten messages whose place nobody can have yet.
        self.forgotten = False

    def _execute(self, sql: str, values: Mapping[str, object] | None = None) -> Any:
        return self._cursor.execute(_translated(sql), values)

    def _head(self) -> int:
        return self._position

    def running(self) -> float:
        """
        See :meth:`IMessageStore.running`: as it was when this transaction began.
        """
        return self._ran

    def append(self, post: Post, admit: Admission) -> int | Refusal:
        """
        See :meth:`IMessageStore.append`. It is written with all others of the transaction.
        """
        known = self._known(post)
        if known is not None:
            return known
        if post.name not in self._owners:
            self._owners[post.name] = self._member("name = :value", post.name)
        named = self._owners[post.name]
        refusal = admit(named)
        if refusal is None:
            refusal = self._judgeShare(post)
        if refusal is not None:
            return refusal
        self._added.append((post, named is not None and sameOwner(named.owner, post.source)))
        self._position += 1
        if post.repeat is not None:
            self._remember(KeptRepeat(self._position, post.source, post.repeat, self._ran))
        return self._position

    def _judgeShare(self, post: Post) -> Refusal | None:
        source = post.subscriber
        if source is None:
            return None
        if source not in self._shares:
            self._insertAdded()
            self._shares[source] = self._held(source)
        refusal = judgeShare(post, self._shares[source])
        if refusal is None:
            self._shares[source] += entrySize(post.name, post.text)
        return refusal

    def _insertAdded(self) -> None:
        if not self._added:
            return
        added, self._added = self._added, []
        sizes = [entrySize(post.name, post.text) for post, _ in added]
        self._execute(
            "INSERT INTO log (position, name, text, owned, time, size, source, ran) SELECT *, :ran"
            " FROM unnest(CAST(:positions AS bigint[]), CAST(:names AS text[]),"
            " CAST(:texts AS bytea[]), CAST(:owned AS integer[]),"
            " CAST(:times AS double precision[]), CAST(:sizes AS integer[]),"
            " CAST(:sources AS text[]))",
            {
                "positions": list(range(self._position - len(added) + 1, self._position + 1)),
                "names": [post.name for post, _ in added],
                "texts": [post.text.encode() for post, _ in added],
                "owned": [int(owned) for _, owned in added],
                "times": [post.time for post, _ in added],
                "sizes": sizes,
                "sources": [post.subscriber or "" for post, _ in added],
                "ran": self._ran,
            },
        )
        more: Counter[str] = Counter()
        for (post, _), size in zip(added, sizes):
            if post.subscriber is not None:
                more[post.subscriber] += size
        self._holds(more)
        self._entries += len(added)
        self._size += sum(sizes)

    def extent(self) -> LogExtent:
        """
        See :meth:`IMessageStore.extent`.
        """
        return self._extent(*self._execute("SELECT newest, entries, size FROM room").fetchone())

    def trim(self, limits: LogLimits) -> int | None:
        """
        See :meth:`RoomTables.trim`.
        """
        self._insertAdded()
        return super().trim(limits)

    def _forget(self, limits: LogLimits) -> int:
        forgotten = super()._forget(limits)
        self.forgotten |= forgotten > 0
        return forgotten

    def _textOf(self, stored: Any) -> str:
        return bytes(stored).decode()

    def _setDelivered(self, position: int) -> None:
        # It is written with all else that the room's row has.
        self._delivered = position

    def deliveredMore(self) -> bool:
        """
        Whether everybody has more than is noted. To look for it takes longer, the more members
        there are.
        """
        row = self._execute(
            "SELECT coalesce((SELECT min(cursor) FROM members), newest) > delivered FROM room"
        ).fetchone()
        return bool(row[0])

    def noteDelivered(self) -> int:
        """
        Note what everybody has, so many entries at once.

        :returns: how many that were.
        """
        return self._noteDelivered()

    def giveUpReserve(self) -> None:
        """
        Leave a full disk some pages, unless somebody reads them at the moment.
        """
        (piece,) = self._execute(
            "SELECT min(relname) FROM pg_class WHERE relname ~ '^reserve_[0-9]$'"
            " AND relnamespace = to_regnamespace(current_schema())"
        ).fetchone()
        if piece is not None:
            self._execute(f"LOCK TABLE {piece} IN ACCESS EXCLUSIVE MODE NOWAIT")
            self._execute(f"DROP TABLE {piece}")

    def vacuum(self) -> None:
        """
        Let new messages have the place of forgotten ones; outside of a transaction.
        """
        self._execute("VACUUM (SKIP_LOCKED) log")

    def _insertLogged(self, page: Sequence[LoggedEntry]) -> None:
        columns = "position, name, text, owned, time, size, source, ran"
        with self._cursor.copy(f"COPY log ({columns}) FROM STDIN") as copy:
            for one in page:
                entry = one.entry
                copy.write_row(
                    (
                        *(entry.position, entry.name, entry.text.encode(), int(entry.owned)),
                        *(entry.time, sizeOf(one), one.subscriber or "", one.ran),
                    )
                )
