"""
What the log keeps: for members that do not have it yet, and for those who come later. Pure.
"""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from itertools import islice

from twisted_messenger.entry import ENTRY_OVERHEAD, LogLimits, Post
from twisted_messenger.refusal import Reason, Refusal
from twisted_messenger.roster import MemberState

#: Entries dropped or forgotten in one step, so that a long log does not hold up new messages.
STEP = 2000

#: Of what everybody has, this keeps nothing.
NOTHING_KEPT = LogLimits(keptEntries=0)

#: Members that are behind, put behind what goes in one step.
MEMBERS_STEP = 500

#: Departures are remembered for so many revisions of the roster; a follower is never so far back.
DEPARTED = 10_000


def entrySize(name: str, text: str) -> int:
    """
    What an entry counts against the limit in bytes.
    """
    return len(name.encode()) + len(text.encode()) + ENTRY_OVERHEAD


def judgeShare(post: Post, held: int) -> Refusal | None:
    """
    Judge whether a source may have one more message wait for members that are behind.

    :param held: bytes that it has in the log already.
    """
    if not post.share or held + entrySize(post.name, post.text) <= post.share:
        return None
    return Refusal(Reason.STORE_FULL, "your messages fill your share of what may wait here")


def floorOf(
    oldest: Iterable[tuple[int, float, int]], entries: int, size: int, limits: LogLimits, now: float
) -> int:
    """
    Find the last entry that may wait no longer.

    :param oldest: position, age of the room and size of each entry that waits, from the oldest on.
    :param entries: how many wait.
    :param size: of all of them, in bytes.
    :param now: how old the room is, in seconds in which it was running.
    :returns: its position; 0 where all may stay.
    """

    def isOver(entries: int, size: int, taken: float) -> bool:
        tooMany = 0 < limits.entries < entries
        tooBig = 0 < limits.bytes < size
        return tooMany or tooBig or 0 < limits.seconds < now - taken

    return _lastOver(oldest, entries, size, isOver)


def keptFloorOf(
    oldest: Iterable[tuple[int, float, int]], entries: int, size: int, limits: LogLimits, now: float
) -> int:
    """
    Find the last entry that is to be forgotten, of those that everybody has.

    :param oldest: as for :func:`floorOf`, of those that everybody has.
    :param entries: how many these are.
    :param size: of all that is in the log, in bytes: what waits comes first.
    :param now: as for :func:`floorOf`.
    :returns: its position; 0 where all may stay.
    """

    def isOver(entries: int, size: int, taken: float) -> bool:
        tooMany = limits.keptEntries < entries
        tooBig = 0 < limits.bytes < size
        return tooMany or tooBig or limits.keptSeconds <= now - taken

    return _lastOver(oldest, entries, size, isOver)


def _lastOver(
    oldest: Iterable[tuple[int, float, int]],
    entries: int,
    size: int,
    isOver: Callable[[int, int, float], bool],
) -> int:
    floor = 0
    for position, taken, bytes_ in islice(oldest, STEP):
        if not isOver(entries, size, taken):
            break
        floor = position
        entries -= 1
        size -= bytes_
    return floor


class Losses:
    """
    What members lose of the entries that go: it takes no longer, the more these are.

    :param gone: position and name of each, the oldest first.
    """

    def __init__(self, gone: Iterable[tuple[int, str]]) -> None:
        self._all: list[int] = []
        self._by: defaultdict[str, list[int]] = defaultdict(list)
        for position, name in gone:
            self._all.append(position)
            self._by[name].append(position)

    def of(self, cursor: int, name: str, named: int) -> int:
        """
        How many a member had not yet, but for its own.

        :param cursor: how far it has come.
        :param name: what it is called.
        :param named: the last position before it had that name.
        """
        own = _after(max(cursor, named), self._by[name]) if name in self._by else 0
        return _after(cursor, self._all) - own


def _after(cursor: int, positions: list[int]) -> int:
    return len(positions) - bisect_right(positions, cursor)


class Waiting:
    """
    What members do not have yet, counted in one walk over the log, however many they are.

    :param members: all of them.
    """

    def __init__(self, members: Sequence[MemberState]) -> None:
        # Those whose cursors were not passed yet, the next one at the end.
        self._further = sorted(members, key=lambda one: one.progress.cursor, reverse=True)
        self._named = {one.member.name: one for one in members}
        self._before: dict[int, int] = {}
        self._own: Counter[int] = Counter()
        self._entries = 0
        #: The last position that every member has, or that was counted.
        self.position = self._further[-1].progress.cursor if members else 0

    def add(self, entries: Iterable[tuple[int, str]]) -> None:
        """
        Count entries.

        :param entries: position and name of those that follow, the oldest first.
        """
        for position, name in entries:
            while self._further and self._further[-1].progress.cursor < position:
                self._before[self._further.pop().member.id] = self._entries
            self._entries += 1
            self.position = position
            speaker = self._named.get(name)
            if speaker is not None and speaker.progress.cursor < position:
                self._own[speaker.member.id] += speaker.said(position, name)

    def of(self, memberId: int) -> int:
        """
        How many wait for a member, but for its own.
        """
        before = self._before.get(memberId, self._entries)
        return self._entries - before - self._own[memberId]
