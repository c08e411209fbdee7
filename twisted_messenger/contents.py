"""
All that a store keeps of a room, on its way into another store. Pure.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from twisted_messenger.entry import Entry
from twisted_messenger.repeats import KeptRepeat
from twisted_messenger.roster import MemberState


class LoggedEntry(NamedTuple):
    """
    An entry, and what only its store knows of it.

    :param entry: the message and its place.
    :param subscriber: whose share of the log it uses; ``None`` for nobody's.
    :param ran: how long the room had been running when it was taken, in seconds.
    """

    entry: Entry
    subscriber: str | None
    ran: float


@dataclass(frozen=True)
class RoomContents:
    """
    A room at one moment.

    :param head: the last position of the log, whether or not that entry is still kept.
    :param ran: how long the room was running, in seconds.
    :param members: in the order in which they joined. Their ids, and the revisions of the roster,
        are their store's own: another one gives its own.
    :param entries: what is kept of the log, from the oldest on; it can be gone through once.
    :param repeats: what is kept of messages to know them again, from the oldest on.
    """

    head: int
    ran: float
    members: Sequence[MemberState]
    entries: Iterable[LoggedEntry]
    repeats: Sequence[KeptRepeat] = ()

    @property
    def isUnused(self) -> bool:
        """
        Whether nobody has joined, or said anything yet.
        """
        return self.head == 0 and not self.members
