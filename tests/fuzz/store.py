"""
A store in memory that takes its time, as a disk does, and tells what it was given.
"""

from collections.abc import Callable, Mapping
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater

from twisted_messenger.entry import Entry, Post
from twisted_messenger.interfaces import Admission
from twisted_messenger.refusal import Refusal
from twisted_messenger.roster import Enrolled, Enrolment, Progress, RosterLimits, RosterNews
from twisted_messenger.stores.memory import MemoryStore

#: Seconds until anything is done. It comes to no sum of what a script waits.
LATENCY = 0.0020037


class RecordingStore(MemoryStore):
    """
    Does one thing after the other, each a moment late.

    :param clock: the network.
    """

    def __init__(self, clock: Any) -> None:
        super().__init__(clock.seconds)
        self.open()
        #: Names and texts, in the order of the log.
        self.posts: list[tuple[str, str]] = []
        #: How many departures were taken, also of those who were not there.
        self.departures = 0
        self._clock = clock

    def _later(self, act: "Callable[..., Deferred[Any]]", *arguments: Any) -> "Deferred[Any]":
        return deferLater(self._clock, LATENCY, act, *arguments)

    def behind(self, port: int) -> list[str]:
        """
        The members at a port who do not have everything.
        """
        news: list[RosterNews] = []
        super().roster(0).addCallback(news.append)
        behind = [state for state in news[0].members if state.progress.cursor < news[0].head]
        members = [state.member for state in behind if state.member.port == port]
        # The network in memory has no IPv6.
        return [member.name for member in members if ":" not in member.host]

    def append(self, post: Post, admit: Admission) -> "Deferred[int | Refusal]":
        """
        See :class:`~twisted_messenger.interfaces.IMessageStore`.
        """
        return self._later(super().append, post, admit).addCallback(self._appended, post)

    def enrol(self, asked: Enrolment, limits: RosterLimits) -> "Deferred[Enrolled | Refusal]":
        """
        See :class:`~twisted_messenger.interfaces.IMessageStore`.
        """
        return self._later(super().enrol, asked, limits)

    def leave(self, asked: Enrolment) -> "Deferred[bool | Refusal]":
        """
        See :class:`~twisted_messenger.interfaces.IMessageStore`.
        """
        return self._later(super().leave, asked).addCallback(self._left)

    def read(self, after: int, limit: int, maxBytes: int) -> "Deferred[list[Entry]]":
        """
        See :class:`~twisted_messenger.interfaces.IMessageStore`.
        """
        return self._later(super().read, after, limit, maxBytes)

    def roster(self, since: int) -> "Deferred[RosterNews]":
        """
        See :class:`~twisted_messenger.interfaces.IMessageStore`.
        """
        return self._later(super().roster, since)

    def advance(self, progress: Mapping[int, Progress]) -> "Deferred[None]":
        """
        See :class:`~twisted_messenger.interfaces.IMessageStore`.
        """
        return self._later(super().advance, progress)

    def _appended(self, position: int | Refusal, post: Post) -> int | Refusal:
        if not isinstance(position, Refusal):
            self.posts.append((post.name, post.text))
        return position

    def _left(self, left: bool | Refusal) -> bool | Refusal:
        self.departures += not isinstance(left, Refusal)
        return left
