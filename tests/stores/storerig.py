"""
What the tests of a store's users share: a store whose answers come when the test says so.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeVar

from twisted.internet.defer import Deferred, fail

from twisted_messenger.entry import Entry, LogLimits
from twisted_messenger.roster import Progress, RosterLimits, RosterNews
from twisted_messenger.stores.memory import MemoryStore
from twisted_messenger.testing.contracts.roster import anyone, at, post

T = TypeVar("T")


class HandStore(MemoryStore):
    """
    A store that remembers what it was asked, and can be slow or broken.
    """

    def __init__(self) -> None:
        super().__init__()
        self.open()
        self.asked: list[str] = []
        self.writes: list[dict[int, Progress]] = []
        self.trims: list[LogLimits] = []
        self.error: Exception | None = None
        self.slow = False
        self.generation = 0
        self.gates: list[Deferred[None]] = []

    def answer(self) -> None:
        """
        Let the oldest question be answered.
        """
        self.gates.pop(0).callback(None)

    def _ask(self, what: str, call: "Callable[[], Deferred[T]]") -> "Deferred[T]":
        def answered(_: None) -> "Deferred[T]":
            return call() if self.error is None else fail(self.error)

        self.asked.append(what)
        gate: Deferred[None] = Deferred()
        if self.slow:
            self.gates.append(gate)
        else:
            gate.callback(None)
        return gate.addCallback(answered)

    def read(self, after: int, limit: int, maxBytes: int) -> "Deferred[list[Entry]]":
        """
        Read, when it is time.
        """
        # At most two, so that there are several pages.
        return self._ask("read", lambda: MemoryStore.read(self, after, min(limit, 2), maxBytes))

    def roster(self, since: int) -> "Deferred[RosterNews]":
        """
        Tell the news, when it is time.
        """

        def news() -> "Deferred[RosterNews]":
            return MemoryStore.roster(self, since).addCallback(replace, generation=self.generation)

        return self._ask("roster", news)

    def advance(self, progress: Mapping[int, Progress]) -> "Deferred[None]":
        """
        Write, when it is time.
        """
        written = dict(progress)
        self.writes.append(written)
        return self._ask("advance", lambda: MemoryStore.advance(self, written))

    def trim(self, limits: LogLimits) -> "Deferred[int]":
        """
        Trim, when it is time.
        """
        self.trims.append(limits)
        return self._ask("trim", lambda: MemoryStore.trim(self, limits))

    def wake(self) -> None:
        """
        Wake whoever follows, though nothing changed.
        """
        self._wake()

    @property
    def followed(self) -> bool:
        """
        Whether anybody is woken.
        """
        return bool(self._followers)

    def join(self, name: str, port: int) -> int:
        """
        Register somebody new.

        :returns: the new member's id.
        """
        self.enrol(at(name, port), RosterLimits())
        return self._roster.lastId

    def say(self, *texts: str) -> None:
        """
        Append messages.
        """
        for text in texts:
            self.append(post(text), anyone)
