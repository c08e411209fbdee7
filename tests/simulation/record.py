"""
What happens in a story, as it happens: the judges hear every event.
"""

import json
import re
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple, Protocol

from twisted_messenger.roster import MemberOptions
from twisted_messenger.wire import formatPush

_ID = re.compile(r"\bm[0-9]+\b")


class Kind(Enum):
    """
    What happened.
    """

    #: The story acted: verb and details.
    ACTION = "action"
    #: A sender connected with a message; later it saw how the connection ended.
    SENT = "sent"
    ANSWERED = "answered"
    #: A member's registration was answered without a byte.
    JOINED = "joined"
    #: The store has it: a message, a registration, a departure, an eviction.
    APPENDED = "appended"
    ENROLLED = "enrolled"
    DEPARTED = "departed"
    #: A new member asked for what was said before it came: this message is a part of that.
    HISTORY = "history"
    EVICTED = "evicted"
    #: The server begins and ends a push; who is the callback address. Detail tells at first whether
    #: only a word confirms, and later how it ended.
    PUSHING = "pushing"
    PUSHED = "pushed"
    #: A member has read a push to its end; detail tells whether it was done with it at once.
    DELIVERED = "delivered"
    #: The place of the program's listener: the store has it, or has given it up. What tells how it
    #: came, and detail where it begins.
    PLACED = "placed"
    ABANDONED = "abandoned"
    #: The listener is subscribed, and no longer. Detail tells after which position it is to begin.
    SUBSCRIBED = "subscribed"
    CANCELLED = "cancelled"
    #: It is called, has done what it does, or has raised. Detail tells the position.
    HEARD = "heard"
    HEEDED = "heeded"
    BALKED = "balked"
    #: The server's own life.
    STARTED = "started"
    CRASHED = "crashed"
    STOPPED = "stopped"
    #: The store could not write.
    FULL = "full"
    #: The store was copied; later it is that copy again. What is the last position then.
    BACKED_UP = "backed up"
    RESTORED = "restored"


#: How a push ends that the server need not repeat.
FINAL = ("confirmed", "rejected")

#: How a member deals with what nobody has seen there.
UNSEEN = ("postponing", "forwarding")


#: How a notice ends that tells a member at its old address of its move.
MOVED = " is registered elsewhere now"


class Event(NamedTuple):
    """
    Something that happened.

    :param time: virtual seconds.
    :param who: a name, or a callback address.
    :param what: a message's id, or a whole notice.
    """

    time: float
    kind: Kind
    who: str
    what: str
    detail: str


class Violation(NamedTuple):
    """
    An invariant that did not hold.

    :param invariant: its name.
    :param why: what happened instead.
    """

    time: float
    invariant: str
    why: str


@dataclass
class Message:
    """
    What a sender said.

    :param id: a word of the text; no two messages share it.
    :param sent: events that came before; many have the same time.
    :param answer: what it saw: ``stored``, ``refused``, ``later``, or something without promise.
    :param position: in the log, once it is there.
    :param lost: whether the store has gone back to a copy that lacks it.
    """

    id: str
    name: str
    text: str
    host: str
    sent: int
    answer: str = ""
    position: int = 0
    lost: bool = False

    def isWhole(self, payload: bytes, options: MemberOptions) -> bool:
        """
        Whether a member that registered with options must receive this.
        """
        if not options.json:
            return payload == formatPush(self.name, self.text) + b"\n" * options.newline
        if not payload.startswith(b"{"):
            return False
        fields = json.loads(payload)
        said = fields["id"], fields["name"], fields["text"]
        return said == (self.position, self.name, self.text)


class Judge(Protocol):
    """
    Watches one promise.
    """

    def noted(self, event: Event) -> None:
        """
        Something happened.
        """


class Clock(Protocol):
    """
    Tells virtual time.
    """

    def seconds(self) -> float:
        """
        :returns: seconds since the story began.
        """


class Record:
    """
    The events of a story, its messages, and what was wrong.

    :param clock: the network.
    """

    def __init__(self, clock: Clock) -> None:
        self.events: list[Event] = []
        self.messages: dict[str, Message] = {}
        self.judges: list[Judge] = []
        self.violations: list[Violation] = []
        self.clock = clock

    def note(self, kind: Kind, who: str = "", what: str = "", detail: str = "") -> None:
        """
        Tell the judges.
        """
        event = Event(self.clock.seconds(), kind, who, what, detail)
        self.events.append(event)
        for judge in self.judges:
            judge.noted(event)

    def violated(self, invariant: str, why: str) -> None:
        """
        Something was wrong. It is no exception, since whoever calls may catch it.
        """
        self.violations.append(Violation(self.clock.seconds(), invariant, why))

    def count(self, kind: Kind) -> int:
        """
        How often something happened.
        """
        return sum(event.kind is kind for event in self.events)


def subject(payload: bytes) -> str:
    """
    What a push is about: a message's id, or the whole of a notice.
    """
    name: str
    text: str
    shown = payload.decode("utf-8", "replace").removesuffix("\n")
    if shown.startswith("{"):
        fields = json.loads(shown)
        name, text = fields["name"], fields["text"]
    else:
        name, _, text = shown.partition(": ")
    return text if name == "server" else idIn(text)


def idIn(text: str) -> str:
    """
    The id of the message that has this text; empty if it has none.
    """
    found = _ID.search(text)
    return "" if found is None else found[0]
