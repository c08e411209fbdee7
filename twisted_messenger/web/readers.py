"""
Who reads the log as it goes on: each reader is a cursor, like a member.

Nothing grows for a reader that is slow: its producer is paused, and it reads on from the log when
it can. While somebody reads, the store's wakes are followed, and all that was said within a
moment is read at once; readers go on in slices, so that others come between.
"""

import random
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IPushProducer
from twisted.logger import Logger
from zope.interface import implementer

from twisted_messenger.entry import Entry
from twisted_messenger.errors import StoreError
from twisted_messenger.interfaces import MessageStore
from twisted_messenger.web.forms import Form

#: Seconds for which wakes are gathered.
WAKE_SECONDS = 0.1

#: Readers that go on in one turn of the reactor.
SLICE = 20

#: Seconds after which readers come back to a room that has stopped, and up to as many more.
RETURN_SECONDS = 2.0

# Entries and bytes read at once.
_PAGE_ENTRIES = 100
_PAGE_BYTES = 256 * 1024


@implementer(IPushProducer)
class Reader:
    """
    One answer that goes on.

    :param readers: all of them.
    :param form: how it wants the log.
    :param cursor: how far it has come.
    :param name: whose messages alone it wants; ``None`` for everybody's.
    :param beat: seconds of silence after which it is told that there was nothing; 0 for never.
    """

    log = Logger()

    def __init__(
        self, readers: "Readers", form: Form, cursor: int, name: str | None, beat: float
    ) -> None:
        self.contentType = form.contentType
        self._readers = readers
        self._form = form
        self._cursor = cursor
        self._name = name
        self._beat = beat
        self._beating: IDelayedCall | None = None
        self._request: Any = None
        self._isPaused = self._isReading = False

    def begin(self, request: Any) -> None:
        """
        Write to a request from now on.
        """
        self._request = request
        request.notifyFinish().addErrback(lambda _: self.stopProducing())
        self._readers.add(self)
        # It may pause us at once.
        request.registerProducer(self, True)
        self._written(b"")
        self.proceed()

    def proceed(self) -> None:
        """
        Read on, where one may.
        """
        if self._request is not None and not self._isPaused and not self._isReading:
            self._isReading = True
            Deferred.fromCoroutine(self._read()).addErrback(self._broken)

    async def _read(self) -> None:
        try:
            while self._request is not None and not self._isPaused:
                entries = await self._readers.read(self._cursor)
                if not entries:
                    return
                if self._request is not None:
                    self._take(entries)
        except StoreError:
            # Later wakes, or beats, try again.
            return
        finally:
            self._isReading = False

    def _take(self, entries: list[Entry]) -> None:
        wanted = [one for one in entries if self._name is None or one.name == self._name]
        self._cursor = entries[-1].position
        if wanted:
            self._written(b"".join(map(self._form.entry, wanted)))

    def _written(self, data: bytes) -> None:
        if data:
            self._request.write(data)
        if self._beating is not None:
            self._beating.reset(self._beat)
        elif self._beat:
            self._beating = self._readers.callLater(self._beat, self._isSilent)

    def _isSilent(self) -> None:
        self._beating = None
        self._written(b"" if self._isPaused else self._form.beat(self._cursor))
        self.proceed()

    def _broken(self, reason: Any) -> None:
        self.log.failure("a reader does not go on", reason)
        self.end(0)

    def pauseProducing(self) -> None:
        """
        What was written has not gone out yet.
        """
        self._isPaused = True

    def resumeProducing(self) -> None:
        """
        It has.
        """
        self._isPaused = False
        self.proceed()

    def stopProducing(self) -> None:
        """
        Nobody listens any more.
        """
        self._request = None
        self._readers.remove(self)
        if self._beating is not None:
            self._beating.cancel()
            self._beating = None

    def end(self, seconds: float) -> None:
        """
        End the answer.

        :param seconds: after which the reader is to come back.
        """
        request = self._request
        if request is not None:
            self.stopProducing()
            request.write(self._form.farewell(seconds))
            request.unregisterProducer()
            request.finish()


class Readers:
    """
    All who read the log as it goes on.

    :param store: whose log it is.
    :param reactor: measures time.
    :param chance: 0 to 1; readers come back at different times.
    """

    def __init__(
        self, store: MessageStore, reactor: Any, chance: Callable[[], float] = random.random
    ) -> None:
        self._store = store
        self._reactor = reactor
        self._chance = chance
        # In the order in which they came.
        self._all: dict[Reader, None] = {}
        self._looking: IDelayedCall | None = None
        self._isBehind = False

    def __len__(self) -> int:
        return len(self._all)

    def callLater(self, seconds: float, call: Callable[[], None]) -> IDelayedCall:
        """
        See ``IReactorTime``.
        """
        found: IDelayedCall = self._reactor.callLater(seconds, call)
        return found

    def read(self, after: int) -> "Deferred[list[Entry]]":
        """
        The next entries after a position.
        """
        return self._store.history(after, _PAGE_ENTRIES, _PAGE_BYTES)

    def add(self, reader: Reader) -> None:
        """
        Somebody has come.
        """
        if not self._all:
            self._store.follow(self._woken)
        self._all[reader] = None

    def remove(self, reader: Reader) -> None:
        """
        Somebody has gone.
        """
        if reader not in self._all:
            return
        del self._all[reader]
        if not self._all:
            self._store.unfollow(self._woken)

    def end(self) -> None:
        """
        Let everybody go, and come back one after the other.
        """
        for reader in list(self._all):
            reader.end(RETURN_SECONDS * (1 + self._chance()))

    def _woken(self) -> None:
        self._isBehind = True
        if self._looking is None:
            self._looking = self._reactor.callLater(WAKE_SECONDS, self._look)

    def _look(self) -> None:
        self._isBehind = False
        self._goOn(list(self._all))

    def _goOn(self, waiting: list[Reader]) -> None:
        for reader in waiting[:SLICE]:
            reader.proceed()
        rest = waiting[SLICE:]
        self._looking = self._reactor.callLater(0, self._goOn, rest) if rest else None
        if not rest and self._isBehind:
            self._woken()
