"""
The SQL that all databases share of a room: its roster, beside its log (``logtables``).

Every method blocks, and is one step of a transaction that somebody else begins and commits.
"""

from collections.abc import Mapping, Sequence

from twisted_messenger.address import machineKey
from twisted_messenger.refusal import Refusal
from twisted_messenger.registering import RosterState, decide, keptOf, mayLeave, standing
from twisted_messenger.roster import (
    Change,
    Enrolled,
    Enrolment,
    Member,
    MemberState,
    Progress,
    RosterLimits,
    RosterNews,
    mergedProgress,
)
from twisted_messenger.steering import ListedMember, Order
from twisted_messenger.stores.logtables import LogTables
from twisted_messenger.stores.memberrows import (
    MEMBER,
    MEMBER_STATE,
    columnsOf,
    memberIn,
    memberState,
)
from twisted_messenger.stores.retention import (
    DEPARTED,
    STEP,
)

# What a registration changes of a member; its values are those of :func:`columnsOf`.
_SET = (
    "name = :name, host = :host, port = :port, machine = :machine, address = :address,"
    " owner = :owner, options = :options, key_salt = :salt, key_hash = :hash"
)

# What orders but the one to remove change of a member.
_STEERED = {
    Order.PAUSE: "paused = 1",
    Order.RETRY: "retried = :revision",
    Order.RESUME: "paused = 0, retried = :revision, failing_since = NULL, attempts = 0",
}


class RoomTables(LogTables):
    """
    The tables ``members`` and ``departed``, beside those of the log.
    """

    def __init__(self) -> None:
        super().__init__()
        self._revision = 0
        # How many there are: to count them would take longer, the more there are.
        self._members = 0

    def enrol(self, asked: Enrolment, limits: RosterLimits) -> Enrolled | Refusal:
        """
        See :meth:`IMessageStore.enrol`.
        """
        named = self._member("name = :value", asked.name)
        there = self._member("address = :value", asked.address)
        state = RosterState(named, there, self._members, self._atHost(asked, limits))
        change = decide(asked, state, limits)
        if isinstance(change, Refusal):
            return change
        if change is not None:
            self._carryOut(change, asked, state.old)
        listener = self._member("name = :value", asked.name) if asked.isListener else None
        return Enrolled(change, self._head(), listener.id if listener else 0)

    def _carryOut(self, change: Change, asked: Enrolment, old: list[Member]) -> None:
        columns = columnsOf(asked, *keptOf(asked, old))
        if change is Change.MERGED:
            self._merge(columns, *old)
        elif change is Change.JOINED:
            start = self._start(asked)
            before = self._takeOut(old)
            progress = Progress(start, reached=asked.isListener)
            self._insert(columns, progress, start, paused=any(one.paused for one in before))
            self._waitAgain(start)
        else:
            named = "named = :head, " if change is Change.RENAMED else ""
            self._execute(
                f"UPDATE members SET {named}{_SET}, failing_since = NULL, attempts = 0,"
                " registered = :revision, revision = :revision WHERE id = :id",
                {
                    **columns,
                    "revision": self._nextRevision(),
                    "id": old[0].id,
                    "head": self._head(),
                },
            )

    def _merge(self, columns: dict[str, object], named: Member, there: Member) -> None:
        states = self._takeOut([named, there])
        progress = mergedProgress([state.progress for state in states])
        paused = any(state.paused for state in states)
        self._insert(columns, progress, states[0].named, paused=paused)

    def _takeOut(self, members: Sequence[Member]) -> list[MemberState]:
        """
        Remove members that are to be another one.

        :returns: how they were.
        """
        states = []
        for member in members:
            row = self._execute(
                f"SELECT {MEMBER_STATE} FROM members WHERE id = :id", {"id": member.id}
            ).fetchone()
            states.append(memberState(row))
            self._remove(member)
        return states

    def _start(self, asked: Enrolment) -> int:
        """
        Behind which position a new member begins.
        """
        if asked.after is not None:
            (oldest,) = self._execute("SELECT min(position) FROM log").fetchone()
            head = self._head()
            return head if oldest is None else min(max(asked.after, oldest - 1), head)
        history = 0 if asked.options is None else asked.options.history
        if not history:
            return self._head()
        values = {"name": asked.name, "history": history}
        (start,) = self._execute(
            "SELECT coalesce((SELECT position FROM log WHERE name != :name ORDER BY position DESC"
            " LIMIT 1 OFFSET :history), (SELECT min(position) - 1 FROM log))",
            values,
        ).fetchone()
        return self._head() if start is None else int(start)

    def _atHost(self, asked: Enrolment, limits: RosterLimits) -> int:
        # No further than matters: it must not take longer, the more there are.
        (atHost,) = self._execute(
            "SELECT count(*) FROM (SELECT 1 FROM members WHERE machine = :machine LIMIT :most)"
            " AS found",
            {"machine": machineKey(asked.host), "most": limits.perHost},
        ).fetchone()
        return int(atHost)

    def stands(self, asked: Enrolment) -> Refusal | bool:
        """
        Whether a registration is there, is not, or is another's; it changes nothing.
        """
        # In one statement: what is read by two may never have been true.
        rows = self._execute(
            f"SELECT {MEMBER} FROM members WHERE name = :name OR address = :address",
            {"name": asked.name, "address": asked.address},
        )
        found = [memberIn(row) for row in rows]
        if not found:
            return False
        named = next((one for one in found if one.name == asked.name), None)
        there = next((one for one in found if one.address == asked.address), None)
        refusal = standing(asked, named, there)
        return True if refusal is None else refusal

    def names(self, limit: int) -> list[str]:
        """
        See :meth:`IMessageStore.names`.
        """
        rows = self._execute("SELECT name FROM members ORDER BY id LIMIT :limit", {"limit": limit})
        return [name for (name,) in rows]

    def everybody(self) -> list[ListedMember]:
        """
        All members, but for what waits for them.
        """
        rows = self._execute(f"SELECT {MEMBER_STATE} FROM members ORDER BY id")
        return [ListedMember(memberState(row)) for row in rows]

    def speakers(self, after: int) -> list[tuple[int, str]]:
        """
        Position and name of the next entries after a position, so many at once.
        """
        rows = self._execute(
            "SELECT position, name FROM log WHERE position > :after ORDER BY position LIMIT :step",
            {"after": after, "step": STEP},
        )
        return [(position, name) for position, name in rows]

    def steer(self, name: str, order: Order) -> bool:
        """
        See :meth:`IMessageStore.steer`.
        """
        member = self._member("name = :value", name)
        if member is None:
            return False
        if order is Order.REMOVE:
            self._remove(member)
        else:
            self._execute(
                f"UPDATE members SET {_STEERED[order]}, revision = :revision WHERE id = :id",
                {"revision": self._nextRevision(), "id": member.id},
            )
        return True

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
        spared = "" if since is None else f" AND registered <= {since:d} AND paused = 0"
        member = self._member(f"id = :value{spared}", memberId)
        if member is not None:
            self._remove(member)
        return member is not None

    def roster(self, since: int) -> RosterNews:
        """
        See :meth:`IMessageStore.roster`.
        """
        rows = self._execute(
            f"SELECT {MEMBER_STATE} FROM members WHERE revision > :since", {"since": since}
        )
        # Were the database to sort them, it would go through all.
        members = sorted(map(memberState, rows), key=lambda state: state.member.id)
        departed = self._departedSince(since)
        return RosterNews(self._revision, self._head(), members, departed, floor=self._floor())

    def _departedSince(self, since: int) -> list[int]:
        rows = self._execute("SELECT id FROM departed WHERE revision > :since", {"since": since})
        return [memberId for (memberId,) in rows]

    def _member(self, condition: str, value: object) -> Member | None:
        row = self._execute(
            f"SELECT {MEMBER} FROM members WHERE {condition}", {"value": value}
        ).fetchone()
        return None if row is None else memberIn(row)

    def _insert(
        self, columns: Mapping[str, object], progress: Progress, named: int, paused: bool
    ) -> None:
        self._execute(
            "INSERT INTO members (name, host, port, machine, address, owner, options, key_salt,"
            " key_hash, registered, revision, cursor, due, reached, last_reached, named, paused)"
            " VALUES (:name, :host, :port, :machine, :address, :owner, :options, :salt, :hash,"
            " :revision, :revision, :cursor, :due, :reached, :lastReached, :named, :paused)",
            {
                **columns,
                "revision": self._nextRevision(),
                "cursor": progress.cursor,
                "due": progress.due,
                "reached": int(progress.reached),
                "lastReached": progress.lastReached,
                "named": named,
                "paused": int(paused),
            },
        )
        self._members += 1

    def _remove(self, member: Member) -> None:
        self._execute("DELETE FROM members WHERE id = :id", {"id": member.id})
        self._members -= 1
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
