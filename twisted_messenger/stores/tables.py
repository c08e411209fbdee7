"""
The SQL that all databases share: what a room's log, roster and cursors are asked and told.

Every method blocks, and is one step of a transaction that somebody else begins and commits.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from twisted_messenger.address import machineKey
from twisted_messenger.entry import Entry, LogLimits
from twisted_messenger.refusal import Refusal
from twisted_messenger.roster import (
    Change,
    Enrolment,
    Member,
    MemberState,
    Progress,
    RosterLimits,
    RosterNews,
    RosterState,
    decide,
    mayLeave,
)
from twisted_messenger.stores.retention import DEPARTED, STEP, floorOf

_MEMBER = "SELECT name, host, port, owner, id FROM members WHERE "

#: What is read of a member, in the order that :func:`memberState` takes.
MEMBER_STATE = (
    "members.name, host, port, members.owner, id, cursor, skipped, told, reached, registered,"
    " dropped"
)


class RoomTables(ABC):
    """
    The tables ``log``, ``members`` and ``departed``, and counts of what is in them.
    """

    def __init__(self) -> None:
        self._revision = 0
        self._entries = self._size = 0

    @abstractmethod
    def _execute(self, sql: str, values: Mapping[str, object] | None = None) -> Any:
        """
        Run one statement.

        :param sql: with ``:name`` for each value.
        :returns: a cursor with the rows.
        """

    @abstractmethod
    def _head(self) -> int:
        """
        The last position of the log.
        """

    def _forgetStep(self) -> int:
        """
        How many entries may be forgotten at once.
        """
        return STEP

    def enrol(self, asked: Enrolment, limits: RosterLimits) -> Change | Refusal:
        """
        See :meth:`IMessageStore.enrol`.
        """
        named = self._member("name = :value", asked.name)
        there = self._member("address = :value", asked.address)
        members = self._memberCount()
        (atHost,) = self._execute(
            "SELECT count(*) FROM members WHERE machine = :machine",
            {"machine": machineKey(asked.host)},
        ).fetchone()
        change = decide(asked, RosterState(named, there, members, atHost), limits)
        if change is Change.MERGED:
            assert named is not None and there is not None
            cursor, reached = self._execute(
                "SELECT min(cursor), max(reached) FROM members WHERE id IN (:one, :other)",
                {"one": named.id, "other": there.id},
            ).fetchone()
            self._remove(named)
            self._remove(there)
            self._insert(asked, cursor, reached)
        elif change is Change.JOINED:
            self._insert(asked, self._head())
        elif not isinstance(change, Refusal):
            existing = named or there
            assert existing is not None
            self._execute(
                "UPDATE members SET name = :name, host = :host, port = :port, machine = :machine,"
                " address = :address, owner = :owner, registered = :revision,"
                " revision = :revision WHERE id = :id",
                {**_columns(asked), "revision": self._nextRevision(), "id": existing.id},
            )
        return change

    def leave(self, asked: Enrolment) -> bool | Refusal:
        """
        See :meth:`IMessageStore.leave`.
        """
        named = self._member("name = :value", asked.name)
        verdict = mayLeave(asked, named)
        if verdict is True:
            assert named is not None
            self._remove(named)
        return verdict

    def evict(self, memberId: int, since: int | None = None) -> bool:
        """
        See :meth:`IMessageStore.evict`.
        """
        spared = "" if since is None else f" AND registered <= {since:d}"
        member = self._member(f"id = :value{spared}", memberId)
        if member is not None:
            self._remove(member)
        return member is not None

    def read(self, after: int, limit: int, maxBytes: int) -> list[Entry]:
        """
        See :meth:`IMessageStore.read`.
        """
        rows = self._execute(
            "SELECT position, name, text, owned, time, size FROM log WHERE position > :after"
            " ORDER BY position LIMIT :limit",
            {"after": after, "limit": limit},
        )
        entries: list[Entry] = []
        for position, name, text, owned, time, size in rows:
            maxBytes -= size
            if entries and maxBytes < 0:
                break
            entries.append(Entry(position, name, self._textOf(text), bool(owned), time))
        return entries

    def _textOf(self, stored: Any) -> str:
        """
        A text, from how the log keeps it.
        """
        return str(stored)

    def roster(self, since: int) -> RosterNews:
        """
        See :meth:`IMessageStore.roster`.
        """
        rows = self._execute(
            f"SELECT {MEMBER_STATE} FROM members WHERE revision > :since ORDER BY id",
            {"since": since},
        )
        members = [memberState(row) for row in rows]
        return RosterNews(self._revision, self._head(), members, self._departedSince(since))

    def _departedSince(self, since: int) -> list[int]:
        rows = self._execute("SELECT id FROM departed WHERE revision > :since", {"since": since})
        return [memberId for (memberId,) in rows]

    def trim(self, limits: LogLimits, now: float) -> int:
        """
        See :meth:`IMessageStore.trim`.
        """
        oldest = self._execute(
            "SELECT position, time, size FROM log ORDER BY position LIMIT :step", {"step": STEP}
        )
        floor = {"floor": floorOf(oldest, self._entries, self._size, limits, now)}
        behind = self._execute("SELECT 1 FROM members WHERE cursor < :floor LIMIT 1", floor)
        if behind.fetchone() is not None:
            self._execute(
                "UPDATE members SET dropped = dropped + (SELECT count(*) FROM log WHERE"
                " position > members.cursor AND position <= :floor AND log.name != members.name),"
                " cursor = :floor, revision = :revision WHERE cursor < :floor",
                {**floor, "revision": self._nextRevision()},
            )
        (dropped,) = self._execute(
            "SELECT count(*) FROM log WHERE position <= :floor", floor
        ).fetchone()
        self._forget(floor["floor"])
        return int(dropped)

    def _forgetDelivered(self) -> int:
        (slowest,) = self._execute("SELECT min(cursor) FROM members").fetchone()
        return self._forget(self._head() if slowest is None else slowest)

    def _forget(self, floor: int) -> int:
        last, entries, size = self._execute(
            "SELECT max(position), count(*), sum(size) FROM (SELECT position, size FROM log"
            " WHERE position <= :floor ORDER BY position LIMIT :step) AS oldest",
            {"floor": floor, "step": self._forgetStep()},
        ).fetchone()
        if entries:
            self._execute("DELETE FROM log WHERE position <= :last", {"last": last})
            self._entries -= entries
            self._size -= size
        return int(entries)

    def _memberCount(self) -> int:
        return int(self._execute("SELECT count(*) FROM members").fetchone()[0])

    def _member(self, condition: str, value: object) -> Member | None:
        row = self._execute(_MEMBER + condition, {"value": value}).fetchone()
        return None if row is None else Member(*row)

    def _insert(self, asked: Enrolment, cursor: int, reached: int = 0) -> None:
        self._execute(
            "INSERT INTO members (name, host, port, machine, address, owner, registered,"
            " revision, cursor, reached) VALUES (:name, :host, :port, :machine, :address, :owner,"
            " :revision, :revision, :cursor, :reached)",
            {
                **_columns(asked),
                "revision": self._nextRevision(),
                "cursor": cursor,
                "reached": reached,
            },
        )

    def _remove(self, member: Member) -> None:
        self._execute("DELETE FROM members WHERE id = :id", {"id": member.id})
        revision = self._nextRevision()
        self._execute(
            "INSERT INTO departed VALUES (:id, :revision)", {"id": member.id, "revision": revision}
        )
        self._execute(
            "DELETE FROM departed WHERE revision < :oldest", {"oldest": revision - DEPARTED}
        )

    def _nextRevision(self) -> int:
        self._revision += 1
        return self._revision


def memberState(row: Any) -> MemberState:
    """
    A member, as :data:`MEMBER_STATE` reads it.
    """
    cursor, skipped, told, reached, registered, dropped = row[5:11]
    progress = Progress(cursor, skipped, told, bool(reached))
    return MemberState(Member(*row[:5]), progress, registered, dropped)


def _columns(asked: Enrolment) -> dict[str, object]:
    return {
        "name": asked.name,
        "host": asked.host,
        "port": asked.port,
        "machine": machineKey(asked.host),
        "address": asked.address,
        "owner": asked.owner,
    }
