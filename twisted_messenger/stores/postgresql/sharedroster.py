"""
The roster in PostgreSQL: whom this node serves, and who was registered at another.
"""

from collections.abc import Mapping
from zlib import crc32

from twisted_messenger.refusal import Reason, Refusal
from twisted_messenger.roster import (
    Enrolled,
    Enrolment,
    Member,
    RosterLimits,
    RosterNews,
)
from twisted_messenger.steering import ListedMember, Order
from twisted_messenger.stores.memberrows import MEMBER_STATE, memberState
from twisted_messenger.stores.postgresql.sharedlog import SharedLog

_SERVED = (
    f"SELECT {MEMBER_STATE} FROM members JOIN partitions ON number = partition WHERE"
    " partitions.owner = :node AND machine != '' AND"
)

# Listeners are served by the node whose program has them, wherever their partition is; they have no
# machine. After a lease that was over, they are news as its other members are.
_LISTENING = (
    f"SELECT {MEMBER_STATE} FROM members WHERE machine = '' AND node = :node AND (revision > :since"
    " OR EXISTS (SELECT 1 FROM partitions WHERE owner = :node AND acquired > :since))"
)

# Which of them other nodes have got.
_LOST = "SELECT id FROM members WHERE machine = '' AND node != :node AND revision > :since"

# The first half of that lock's key; the second is the room's.
_CURSOR_LOCK = 0x7717ED


class SharedRoster(SharedLog):
    """
    The tables ``members`` and ``departed``, beside the log.

    :param node: the id of this node's start.
    :param channel: where changes are announced.
    """

    def __init__(self, node: str, channel: str) -> None:
        super().__init__()
        self._node = node
        self._channel = channel
        # A number with a sign, of four bytes.
        self._cursorLock = {"family": _CURSOR_LOCK, "room": crc32(channel.encode()) - 2**31}
        self._slowestLeft = False

    def enrol(self, asked: Enrolment, limits: RosterLimits) -> Enrolled | Refusal:
        """
        See :meth:`IMessageStore.enrol`.
        """
        self._membersChange()
        history = asked.options is not None and asked.options.history
        if history or asked.after is not None:
            # Of these messages, those of this transaction are some.
            self._insertAdded()
        return self._subscribe(asked, limits) if asked.isListener else super().enrol(asked, limits)

    def _subscribe(self, asked: Enrolment, limits: RosterLimits) -> Enrolled | Refusal:
        values = {"name": asked.name, "node": self._node}
        other = self._execute(
            "SELECT 1 FROM members JOIN nodes ON nodes.id = node WHERE name = :name"
            " AND node != :node",
            values,
        ).fetchone()
        if other is not None:
            detail = f"{asked.name} is subscribed at another node"
            return Refusal(Reason.NAME_TAKEN, detail, transient=True)
        enrolled = super().enrol(asked, limits)
        if isinstance(enrolled, Enrolled):
            self._execute("UPDATE members SET node = :node WHERE name = :name", values)
        return enrolled

    def _remove(self, member: Member) -> None:
        # To look for the slowest takes longer, the more members there are: only where something
        # may have waited for this one alone.
        (cursor,) = self._execute(
            "SELECT cursor FROM members WHERE id = :id", {"id": member.id}
        ).fetchone()
        super()._remove(member)
        self._slowestLeft |= cursor <= self._delivered and cursor < self._position

    def leave(self, asked: Enrolment) -> bool | Refusal:
        """
        See :meth:`IMessageStore.leave`.
        """
        self._membersChange()
        return super().leave(asked)

    def evict(self, memberId: int, since: int | None = None) -> bool:
        """
        See :meth:`IMessageStore.evict`.
        """
        self._membersChange()
        return super().evict(memberId, since)

    def steer(self, name: str, order: Order) -> bool:
        """
        See :meth:`IMessageStore.steer`.
        """
        self._membersChange()
        return super().steer(name, order)

    def everybody(self) -> list[ListedMember]:
        """
        See :meth:`RoomTables.everybody`.
        """
        rows = self._execute(
            f"SELECT {MEMBER_STATE}, (SELECT nodes.id FROM partitions JOIN nodes ON nodes.id ="
            " CASE machine WHEN '' THEN node ELSE partitions.owner END WHERE number = partition"
            " AND expires >= clock_timestamp()) FROM members ORDER BY members.id"
        )
        return [ListedMember(memberState(row), node=str(row[-1] or "")) for row in rows]

    def roster(self, since: int) -> RosterNews:
        """
        See :meth:`IMessageStore.roster`: of the members whose partitions this node has.
        """
        revision, head, generation, floor = self._execute(
            "SELECT revision, newest, generation, floor FROM room"
        ).fetchone()
        if revision == since:
            return RosterNews(revision, head, [], [], generation=generation, floor=floor)
        rows = self._execute(
            # One after the other: a condition on either table would be tried on all members.
            f"{_SERVED} revision > :since UNION {_SERVED} acquired > :since UNION {_LISTENING}",
            {"node": self._node, "since": since},
        ).fetchall()
        members = sorted(map(memberState, rows), key=lambda state: state.member.id)
        # A reader that knows nobody yet need not be told who left.
        departed = self._departedSince(since) if since else []
        leaving = self._lostSince(since) if since else []
        return RosterNews(revision, head, members, departed, leaving, generation, floor)

    def _lostSince(self, since: int) -> list[int]:
        """
        The listeners that other nodes have got.
        """
        rows = self._execute(_LOST, {"node": self._node, "since": since})
        return [memberId for (memberId,) in rows]

    def _putBehind(self, floor: int) -> bool:
        self._membersChange()
        return super()._putBehind(floor)

    def _lose(self, lost: Mapping[int, int], floor: int, revision: int) -> None:
        self._execute(
            "UPDATE members SET due = due + new.lost, cursor = :floor, revision = :revision"
            " FROM unnest(CAST(:ids AS bigint[]), CAST(:lost AS bigint[])) AS new (id, lost)"
            " WHERE members.id = new.id",
            {
                "ids": list(lost),
                "lost": list(lost.values()),
                "floor": floor,
                "revision": revision,
            },
        )

    def _membersChange(self) -> None:
        """
        Wait until nobody writes cursors, and keep everybody from it until this is committed: who
        has one row of ``members`` may wait for the next, and they come in no order.
        """
        self._owners.clear()
        self._execute("SELECT pg_advisory_xact_lock(:family, :room)", self._cursorLock)
