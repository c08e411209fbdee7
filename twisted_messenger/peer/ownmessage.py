"""
What a person said, and what became of it. Pure.

::

    waiting --> sent        the server stored it, or the friend closed in order
            --> refused     the other side said no, and why
            --> unknown     it may have arrived: the connection broke, each time
"""

from dataclasses import dataclass, field
from enum import Enum

from twisted_messenger.text import escapeLine

#: Messages that may wait; beyond, nothing more is taken from the person or the pipe. So many
#: lines are an hour of a busy log, and a few megabytes.
MAX_WAITING = 10_000


class State(Enum):
    """
    What became of a message; the value is the word that is shown.
    """

    WAITING = "waiting"
    SENT = "sent"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Fate:
    """
    How a message ended.

    :param state: any but :attr:`State.WAITING`.
    :param detail: what the other side said, or what happened; may be empty, not yet safe to show.
    :param answer: the first bytes that the other side said.
    :param host: from which address of ours it went, where the other side said something.
    """

    state: State
    detail: str = ""
    answer: bytes = field(default=b"", compare=False)
    host: str = field(default="", compare=False)


@dataclass(eq=False)
class OwnMessage:
    """
    A message on its way.

    :param text: as the person gave it.
    :param speaker: in front of it when it is shown: the name in a room, or whom it is for.
    :param state: what became of it so far.
    :param detail: more about the state; may be empty, not yet safe to show.
    """

    text: str
    speaker: str
    state: State = State.WAITING
    detail: str = ""

    def settle(self, fate: Fate) -> None:
        """
        It has ended.
        """
        self.state = fate.state
        self.detail = fate.detail


class Pending:
    """
    The messages that wait, in the order in which they were said.
    """

    def __init__(self) -> None:
        self._waiting: dict[OwnMessage, None] = {}

    def __len__(self) -> int:
        """
        :returns: how many wait.
        """
        return len(self._waiting)

    def add(self, message: OwnMessage) -> None:
        """
        It begins to wait.
        """
        self._waiting[message] = None

    def remove(self, message: OwnMessage) -> None:
        """
        It waits no more.
        """
        self._waiting.pop(message, None)

    def first(self, count: int) -> list[OwnMessage]:
        """
        :param count: at most so many, the oldest.
        """
        return [message for message, _ in zip(self._waiting, range(count))]

    def last(self, count: int) -> list[OwnMessage]:
        """
        :param count: at most so many, the newest, in their order.
        """
        newest = [message for message, _ in zip(reversed(self._waiting), range(count))]
        return newest[::-1]


#: Characters of a message that a notice about it repeats.
MAX_REPEATED = 60


def pendingLines(messages: list[OwnMessage], count: int) -> list[str]:
    """
    The list that ``/pending`` shows.

    :param messages: the oldest of those that wait.
    :param count: how many wait in all.
    """
    if not count:
        return ["nothing waits"]
    shown = [f"waiting: {one.speaker}> {escapeLine(one.text, MAX_REPEATED)}" for one in messages]
    more = count - len(messages)
    return [*shown, f"and {more} more wait"] if more else shown
