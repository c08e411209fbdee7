"""
Whom a peer speaks to; here, a friend. A room is in :mod:`twisted_messenger.peer.membership`.
"""

from collections.abc import Callable
from typing import Protocol

from twisted.internet.defer import Deferred

from twisted_messenger.peer.outbox import Outbox
from twisted_messenger.peer.ownmessage import Fate, State

#: Called with a line for the person.
Notice = Callable[[str], object]


class Conversation(Protocol):
    """
    What a person's lines go to.
    """

    @property
    def speaker(self) -> str:
        """
        What stands in front of the person's own lines.
        """

    @property
    def outbox(self) -> Outbox:
        """
        Where they wait.
        """

    def say(self, text: str) -> "Deferred[Fate]":
        """
        :returns: fires when it is settled; never fails.
        """


class Friendship:
    """
    Speaks to one friend, raw.

    :param outbox: leads to the friend.
    :param notice: called with a line for the person.
    """

    def __init__(self, outbox: Outbox, notice: Notice) -> None:
        self.outbox = outbox
        self._notice = notice

    @property
    def speaker(self) -> str:
        """
        ``to`` and the friend's label.
        """
        return f"to {self.outbox.other.label}"

    def say(self, text: str) -> "Deferred[Fate]":
        """
        Say something to the friend.
        """
        return self.outbox.send(text.encode).addCallback(self._said)

    def _said(self, fate: Fate) -> Fate:
        if fate.state is State.SENT and fate.detail:
            # A netcat's person may have typed something.
            self._notice(f"{self.outbox.other.label} answered: {fate.detail}")
            return Fate(State.SENT)
        return fate
