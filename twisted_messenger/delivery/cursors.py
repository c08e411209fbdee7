"""
The members' cursors on their way to the store: written now and then, many at a time.
"""

import time
from collections.abc import Callable
from typing import Any, Protocol

from twisted.internet.defer import DeferredLock, ensureDeferred
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger

from twisted_messenger.errors import StoreError
from twisted_messenger.interfaces import MessageStore
from twisted_messenger.roster import Progress

#: Seconds between writes. A crash repeats what was pushed since the last one.
FLUSH_SECONDS = 0.1

# Seconds until a write that failed is tried again.
_RETRY_SECONDS = 1.0


class Moving(Protocol):
    """
    A member that comes further; a :class:`~twisted_messenger.delivery.state.DeliveryState` does.
    """

    def stamp(self, time: float) -> None:
        """
        Note when it was reached, where it was since the last call.

        :param time: seconds since the epoch.
        """

    @property
    def progress(self) -> Progress:
        """
        How far it has come.
        """


class CursorWriter:
    """
    Remembers how far members have come until it is written.

    :param store: keeps the cursors.
    :param reactor: measures the time between writes.
    :param clock: seconds since the epoch.
    """

    log = Logger()

    def __init__(
        self, store: MessageStore, reactor: Any, clock: Callable[[], float] = time.time
    ) -> None:
        self._clock = clock
        self._store = store
        self._reactor = reactor
        self._moved: dict[int, Moving] = {}
        self._timer: IDelayedCall | None = None
        self._stopped = False
        self._lock = DeferredLock()

    def moved(self, memberId: int, member: Moving) -> None:
        """
        A member has come further.

        :param member: is asked how far when that is written.
        """
        self._moved[memberId] = member
        if self._timer is None:
            self._writeIn(FLUSH_SECONDS)

    def forget(self, memberId: int) -> None:
        """
        A member is gone.
        """
        self._moved.pop(memberId, None)

    def start(self) -> None:
        """
        Write from now on.
        """
        self._stopped = False

    async def stop(self) -> None:
        """
        Write what is left, once.
        """
        self._stopped = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        await self.write()

    def _writeIn(self, seconds: float) -> None:
        if self._timer is None and not self._stopped:
            self._timer = self._reactor.callLater(seconds, self._due)

    def _due(self) -> None:
        self._timer = None
        ensureDeferred(self.write())

    async def write(self) -> None:
        """
        Write what is known now, after a write that is under way. What cannot be written is kept.
        """
        await self._lock.run(lambda: ensureDeferred(self._write()))

    async def _write(self) -> None:
        moved, self._moved = self._moved, {}
        if not moved:
            return
        now = self._clock()
        for member in moved.values():
            member.stamp(now)
        try:
            await self._store.advance({key: member.progress for key, member in moved.items()})
        except StoreError as error:
            self.log.error("the cursors were not written: {error}", error=error)
            self._moved = {**moved, **self._moved}
            self._writeIn(_RETRY_SECONDS)
