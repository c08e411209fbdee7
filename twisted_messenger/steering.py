"""
What an operator sees of the members, and may want of one. Pure.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Literal, NamedTuple, get_args

from twisted_messenger.roster import MemberState, Progress

#: How a member is: the first of these that holds.
MemberCondition = Literal["paused", "hanging", "failing", "new", "healthy"]

#: All of them.
CONDITIONS: tuple[MemberCondition, ...] = get_args(MemberCondition)


class Order(Enum):
    """
    What may be wanted of a member.
    """

    #: It is no member any more.
    REMOVE = "remove"
    #: What waits until later is tried at once.
    RETRY = "retry"
    #: Nothing is pushed to it, and it is not given up.
    PAUSE = "pause"
    #: It gets what it missed, from now on.
    RESUME = "resume"


@dataclass(frozen=True)
class ListedMember:
    """
    A member, as a store lists it.

    :param state: as far as it is stored.
    :param waiting: entries of the log that it does not have yet, but for its own.
    :param node: which one serves it; empty where no nodes share the store, or none serves it now.
    """

    state: MemberState
    waiting: int = 0
    node: str = ""


class Serving(NamedTuple):
    """
    How the pushes to a member go: what only who makes them knows.

    :param progress: how far it has come by now.
    :param hangs: whether it has kept its last connection open, or keeps one open now.
    :param wait: seconds until the next attempt; ``None`` where it waits for none.
    :param problem: why the last push was not taken; ``None`` where it was.
    """

    progress: Progress
    hangs: bool = False
    wait: float | None = None
    problem: str | None = None


@dataclass(frozen=True)
class MemberStatus:
    """
    How a member is::

        for member in await room.members():
            if member.state == "failing":
                print(member.name, member.behind, member.lastError)

    Times are seconds since the epoch. What another node serves is known as far as it is stored: it
    never hangs, and its next try and last error are not known.

    :param name: who it is.
    :param host: where it is pushed to: an address literal, or ``localhost``; empty for a listener
        inside the program.
    :param port: the port there; 0 for such a listener.
    :param state: the first that holds: ``paused``; ``hanging``, where it has everything but keeps
        its connection open; ``failing``, since its last attempt and perhaps for long; ``new``,
        where no push was ever confirmed; ``healthy``.
    :param behind: messages that wait for it, without its own.
    :param failingSince: when the first attempt failed since the last success; time in which the
        room did not run is left out. ``None`` where it does not fail.
    :param attempts: how many have failed since.
    :param nextTry: when it is tried again; ``None`` where it waits for no time.
    :param lastError: why the last push was not taken, in a word or a line.
    :param lastReached: when the last push was confirmed, to about a second.
    :param node: which one serves it, where several share the store.
    """

    name: str
    host: str
    port: int
    state: MemberCondition
    behind: int
    failingSince: float | None
    attempts: int
    nextTry: float | None
    lastError: str | None
    lastReached: float | None
    node: str


def statusOf(
    listed: ListedMember, serving: Serving | None, running: float, now: float
) -> MemberStatus:
    """
    Put together what the store, and who pushes to a member, know of it.

    :param serving: ``None`` where another node pushes, or nobody.
    :param running: seconds in which the room was running.
    :param now: seconds since the epoch.
    """
    member, stored = listed.state.member, listed.state.progress
    known = serving or Serving(stored)
    since = known.progress.failingSince
    return MemberStatus(
        member.name,
        member.host,
        member.port,
        _conditionOf(listed.state, known),
        # What was due by the stored cursor, and what was by now: in between it came further.
        max(0, listed.waiting + stored.due - known.progress.due),
        None if since is None else now - max(0.0, running - since),
        known.progress.attempts,
        None if known.wait is None else now + known.wait,
        known.problem,
        known.progress.lastReached,
        listed.node,
    )


def _conditionOf(state: MemberState, serving: Serving) -> MemberCondition:
    if state.paused:
        return "paused"
    if serving.hangs:
        return "hanging"
    if serving.progress.failingSince is not None:
        return "failing"
    return "healthy" if serving.progress.reached else "new"
