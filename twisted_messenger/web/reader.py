"""
One answer that goes on: a cursor into the log, and how it is told what comes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IPushProducer
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from twisted_messenger.errors import StoreError
from twisted_messenger.interfaces import ISharedStore
from twisted_messenger.web.forms import Form
from twisted_messenger.web.readers import Readers
from twisted_messenger.web.tail import Frame

# Seconds for which who reads a long log too fast has to wait.
_PAUSE_SECONDS = 1.0


def _always(entries: int) -> bool:
    return True


@dataclass(frozen=True)
class Wanted:
    """
    What a reader wants.

    :param form: how.
    :param name: whose messages alone; ``None`` for everybody's.
    :param beat: seconds of silence after which it is told that there was nothing; 0 for never.
    """

    form: Form
    name: str | None = None
    beat: float = 0


@implementer(IPushProducer)
class Reader:
    """
    A reader.

    :param readers: all of them.
    :param wanted: what it wants.
    :param cursor: how far it has come; 0 where it wants all there is.
    :param gap: where what follows is gone, since it comes from beyond the head: the position that
        it had.
    :param subscriber: whose it is, for the cap.
    :param pace: whether it may read so many entries now; else it goes on a moment later.
    """

    log = Logger()

    def __init__(
        self,
        readers: Readers,
        wanted: Wanted,
        cursor: int,
        gap: int | None = None,
        subscriber: str | None = None,
        pace: Callable[[int], bool] = _always,
    ) -> None:
        self.contentType = wanted.form.contentType
        self.subscriber = subscriber
        self.stalled: float | None = None
        self._readers = readers
        self._wanted = wanted
        self._cursor = cursor
        self._gap = gap
        self._pace = pace
        self._beating: IDelayedCall | None = None
        self._request: Any = None
        self._turn: Deferred[None] | None = None
        self._isReading = False

    def begin(self, request: Any) -> None:
        """
        Write to a request from now on.
        """
        self._request = request
        request.notifyFinish().addErrback(lambda _: self.stopProducing())
        self._readers.add(self)
        # It may pause us at once.
        request.registerProducer(self, True)
        # Who is behind a router that forgets us is found out.
        keepAlive = getattr(request.transport, "setTcpKeepAlive", None)
        if keepAlive is not None:
            keepAlive(1)
        if self._gap is not None:
            self._write(self._wanted.form.gap(self._gap, None, self._cursor))
        self._rest()
        self.proceed()

    def proceed(self) -> None:
        """
        Go on, where there is something and one may.
        """
        while self._mayWrite:
            frames = self._readers.tail.after(self._cursor)
            if frames is None:
                self._isReading = True
                Deferred.fromCoroutine(self._read()).addErrback(self._broken)
                return
            if not frames:
                return
            self._take(frames)

    @property
    def _mayWrite(self) -> bool:
        return self._request is not None and self.stalled is None and not self._isReading

    async def _read(self) -> None:
        """
        Go on from the log, until the end of it is reached.
        """
        try:
            while frames := await self._page():
                await self._noteGap(frames[0].entry.position)
                if self._request is None:
                    return
                self._take(frames)
                if self.stalled is not None:
                    return
                if not self._pace(2 * len(frames)):
                    self._readers.clock.callLater(_PAUSE_SECONDS, self.proceed)
                    return
        except StoreError:
            # The next wake, or beat, tries again.
            return
        finally:
            self._isReading = False

    async def _page(self) -> list[Frame]:
        self._turn = self._readers.turns.take(self.subscriber)
        await self._turn
        if self._request is None:
            return []
        return await self._readers.tail.read(self._cursor)

    async def _noteGap(self, position: int) -> None:
        """
        Tell what is gone, if anything is.

        :param position: of the next that is there.
        """
        after = self._cursor
        if not 0 < after < position - 1:
            return
        store = self._readers.store
        if position > (await store.extent()).oldest or self._request is None:
            # Nothing lies between: that position was never given.
            return
        lost = None if ISharedStore.providedBy(store) else position - 1 - after
        self._write(self._wanted.form.gap(after, lost, position - 1))

    def _take(self, frames: Sequence[Frame]) -> None:
        name, form = self._wanted.name, self._wanted.form
        said = [one.bytesIn(form) for one in frames if name in (None, one.entry.name)]
        self._cursor = frames[-1].entry.position
        if said:
            self._write(b"".join(said))

    def _write(self, data: bytes) -> None:
        self._request.write(data)
        if self._beating is not None:
            self._beating.reset(self._wanted.beat)

    def _rest(self) -> None:
        if self._wanted.beat:
            self._beating = self._readers.clock.callLater(self._wanted.beat, self._isSilent)

    def _isSilent(self) -> None:
        self._beating = None
        if self.stalled is None:
            self._write(self._wanted.form.beat(self._cursor))
        self._rest()
        self.proceed()

    def _broken(self, reason: Failure) -> None:
        self.log.failure("a reader does not go on", reason)
        self.cut()

    def pauseProducing(self) -> None:
        """
        What was written has not gone out yet.
        """
        self.stalled = self._readers.clock.seconds()

    def resumeProducing(self) -> None:
        """
        It has.
        """
        self.stalled = None
        self.proceed()

    def stopProducing(self) -> None:
        """
        Nobody listens any more.
        """
        self._request = None
        self._readers.remove(self)
        if self._turn is not None:
            self._turn.cancel()
        if self._beating is not None:
            self._beating.cancel()
            self._beating = None

    def end(self, seconds: float) -> None:
        """
        See :class:`~twisted_messenger.web.readers.Reading`.
        """
        if self.stalled is not None:
            # It would take nothing of this either.
            self.cut()
            return
        request = self._request
        self.stopProducing()
        request.write(self._wanted.form.farewell(seconds))
        request.unregisterProducer()
        request.finish()

    def cut(self) -> None:
        """
        See :class:`~twisted_messenger.web.readers.Reading`.
        """
        request = self._request
        if request is not None:
            self.stopProducing()
            request.transport.abortConnection()
