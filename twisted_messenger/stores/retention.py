"""
What the log keeps for members that do not have it yet. Pure.
"""

from collections.abc import Iterable
from itertools import islice

from twisted_messenger.entry import ENTRY_OVERHEAD, LogLimits, Post
from twisted_messenger.refusal import Reason, Refusal

#: Entries dropped or forgotten in one step, so that a long log does not hold up new messages.
STEP = 2000

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
    Find the last entry that is to go.

    :param oldest: position, age of the room and size of each entry, from the oldest on.
    :param entries: how many there are.
    :param size: of all of them, in bytes.
    :param now: how old the room is, in seconds in which it was running.
    :returns: its position; 0 where all may stay.
    """
    floor = 0
    for position, taken, bytes_ in islice(oldest, STEP):
        tooMany = 0 < limits.entries < entries
        tooBig = 0 < limits.bytes < size
        tooOld = 0 < limits.seconds < now - taken
        if not (tooMany or tooBig or tooOld):
            break
        floor = position
        entries -= 1
        size -= bytes_
    return floor
