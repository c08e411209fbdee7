"""
Who reads the log as it goes on: each reader is a cursor, like a member.

Nothing grows for a reader that is slow: its producer is paused, and it reads on from the log when
it can. While somebody reads, the store's wakes are followed, and all that was said within a
moment is read at once, for all; readers go on in slices, so that others come between.
"""

import random
from collections import Counter
from collections.abc import Callable
from typing import Any, Protocol

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from twisted_messenger.errors import StoreError
from twisted_messenger.interfaces import MessageStore
from twisted_messenger.web.problems import Problem
from twisted_messenger.web.tail import Tail
from twisted_messenger.web.turns import Turns

#: Seconds for which wakes are gathered.
WAKE_SECONDS = 0.1

#: Readers that go on in one turn of the reactor.
SLICE = 20

#: Readers at once, and of these from one address but localhost.
MAX_READERS = 1000
MAX_PER_HOST = 32

#: Seconds after which who takes nothing is cut: it may come back, and loses nothing.
STALLED_SECONDS = 300.0

#: Seconds after which readers come back to a room that has stopped, and up to as many more.
RETURN_SECONDS = 2.0

# How often that is looked at, and a store that has failed read again, in seconds.
_LOOK_SECONDS = 30.0
_RETRY_SECONDS = 1.0


class Reading(Protocol):
    """
    A reader, as far as the others matter to it.
    """

    #: Whose it is, for the cap; ``None`` where it is exempt.
    subscriber: str | None
    #: Since when it takes nothing; ``None`` where it does.
    stalled: float | None

    def proceed(self) -> None:
        """
        There may be something new.
        """

    def end(self, seconds: float) -> None:
        """
        The room stops; come back after so many seconds.
        """

    def cut(self) -> None:
        """
        It takes nothing.
        """


class Readers:
    """
    All who read the log as it goes on.

    :param store: whose log it is.
    :param clock: the reactor, for its time.
    :param turns: of those who read the log.
    :param chance: 0 to 1; readers come back at different times.
    """

    log = Logger()

    def __init__(
        self,
        store: MessageStore,
        clock: Any,
        turns: Turns,
        chance: Callable[[], float] = random.random,
    ) -> None:
        #: What they read.
        self.tail = Tail(store)
        self.store = store
        #: Measures time.
        self.clock = clock
        #: Whose turn it is to read the log.
        self.turns = turns
        self._chance = chance
        # In the order in which they came.
        self._all: dict[Reading, None] = {}
        self._of: Counter[str] = Counter()
        self._waking: IDelayedCall | None = None
        self._looking: IDelayedCall | None = None
        # Whether something was said since the last look.
        self._isBehind = False

    def __len__(self) -> int:
        return len(self._all)

    def mayCome(self, subscriber: str | None) -> None:
        """
        Judge whether there is room for one more.

        :raises Problem: there is none.
        """
        if subscriber is not None and self._of[subscriber] >= MAX_PER_HOST:
            raise Problem("connection_cap", f"{MAX_PER_HOST} read from your address already")
        if len(self._all) >= MAX_READERS:
            raise Problem("connection_cap", f"{MAX_READERS} read already")

    async def head(self) -> int:
        """
        Find the end of the log, for somebody who is about to come.
        """
        head = (await self.store.extent()).head
        if not self._all:
            self.tail.begin(head)
        return head

    def add(self, reader: Reading) -> None:
        """
        Somebody has come.
        """
        if not self._all:
            self.store.follow(self._woken)
            # Something may have been said since the end of the log was found.
            self._woken()
            self._looking = self.clock.callLater(_LOOK_SECONDS, self._look)
        self._all[reader] = None
        if reader.subscriber is not None:
            self._of[reader.subscriber] += 1

    def remove(self, reader: Reading) -> None:
        """
        Somebody has gone.
        """
        if reader not in self._all:
            return
        del self._all[reader]
        if reader.subscriber is not None:
            self._of[reader.subscriber] -= 1
            self._of += Counter()
        if not self._all:
            self._letGo()

    def _letGo(self) -> None:
        self.store.unfollow(self._woken)
        self.tail.forget()
        for call in (self._looking, self._waking):
            if call is not None and call.active():
                call.cancel()
        self._looking = self._waking = None

    def end(self) -> None:
        """
        Let everybody go, and come back one after the other.
        """
        for reader in list(self._all):
            reader.end(RETURN_SECONDS * (1 + self._chance()))

    def _woken(self) -> None:
        self._isBehind = True
        if self._waking is None:
            self._waking = self.clock.callLater(WAKE_SECONDS, self._wake)

    def _wake(self) -> None:
        self._isBehind = False
        Deferred.fromCoroutine(self.tail.advance()).addCallbacks(self._advanced, self._failed)

    def _advanced(self, _: None) -> None:
        self._goOn(list(self._all))
        if not self._all:
            # The last one has gone meanwhile.
            self.tail.forget()

    def _failed(self, reason: Failure) -> None:
        if not reason.check(StoreError):
            self.log.failure("the log is not read", reason)
        if self._all:
            self._waking = self.clock.callLater(_RETRY_SECONDS, self._wake)

    def _goOn(self, waiting: list[Reading]) -> None:
        self._waking = None
        for reader in waiting[:SLICE]:
            reader.proceed()
        rest = waiting[SLICE:]
        if rest:
            self._waking = self.clock.callLater(0, self._goOn, rest)
        elif self._isBehind and self._all:
            self._woken()

    def _look(self) -> None:
        self._looking = self.clock.callLater(_LOOK_SECONDS, self._look)
        now = self.clock.seconds()
        for reader in list(self._all):
            if reader.stalled is not None and now - reader.stalled >= STALLED_SECONDS:
                reader.cut()
