"""
A message on its way into the log, which a store tells itself what becomes of it: a Deferred and all
that belongs to one would cost as much as the store.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Protocol

from twisted.python.failure import Failure

from twisted_messenger.entry import Post
from twisted_messenger.interfaces import Admission
from twisted_messenger.refusal import Refusal
from twisted_messenger.roster import Member


class Log(Protocol):
    """
    Where a store's own messages go, in a transaction.
    """

    def append(self, post: Post, admit: Admission, /) -> int | Refusal:
        """
        Add a message; see :meth:`~twisted_messenger.interfaces.MessageStore.append`.

        :returns: its position, or the refusal.
        """


class PendingPost(ABC):
    """
    A message that waits for its place.

    :param post: the message; a store may put its time right.
    """

    __slots__ = ("post",)

    #: It takes room in a store, and makes none for others.
    frees = False

    def __init__(self, post: Post) -> None:
        self.post = post

    def carryOut(self, log: Log) -> int | Refusal:
        """
        Ask for a place.
        """
        return log.append(self.post, self.admit)

    @abstractmethod
    def admit(self, named: Member | None, /) -> Refusal | None:
        """
        Judge it, as an :data:`~twisted_messenger.interfaces.Admission` does.
        """

    @abstractmethod
    def decided(self, result: int | Refusal, /) -> None:
        """
        It has its position, durably, or is refused. It raises nothing.
        """

    @abstractmethod
    def unknown(self, reason: Failure, /) -> None:
        """
        The store has failed; as a Deferred's failure. It raises nothing.
        """


def appenderOf(store: Any) -> Callable[[PendingPost], None] | None:
    """
    Find the way into a store for messages that are told by it.

    :returns: its ``appendPending``, where it has one; ``None`` where it has not, or where a class
        nearer than that has an ``append`` of its own, which would not be asked.
    """
    for kind in type(store).__mro__:
        if "appendPending" in vars(kind):
            appender: Callable[[PendingPost], None] = store.appendPending
            return appender
        if "append" in vars(kind):
            return None
    return None
