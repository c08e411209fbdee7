"""
Keeps the log within its limits.
"""

from collections.abc import Callable, Coroutine
from typing import Any

from twisted.internet.defer import ensureDeferred
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger

from twisted_messenger.entry import LogLimits
from twisted_messenger.errors import StoreError
from twisted_messenger.eventlog import Counters
from twisted_messenger.interfaces import MessageStore

# Seconds between looks while messages come, and while none do, for the age of the oldest.
_BUSY_SECONDS = 1.0
_IDLE_SECONDS = 60.0


async def _nothing() -> None:
    pass


class LogTrimmer:
    """
    Has the store drop what is over the limits, now and then.

    :param store: open.
    :param limits: what it may keep.
    :param reactor: measures the time between looks.
    :param counters: what was dropped is counted there.
    :param before: awaited before each look: what members have, but the store does not know yet,
        would count as lost.
    """

    log = Logger()

    def __init__(
        self,
        store: MessageStore,
        limits: LogLimits,
        reactor: Any,
        counters: Counters,
        before: Callable[[], Coroutine[Any, Any, None]] = _nothing,
    ) -> None:
        self._before = before
        self._store = store
        self._limits = limits
        self._reactor = reactor
        self._counters = counters
        self._timer: IDelayedCall | None = None
        self._running = False
        self._busy = False
        self._trimming = False

    def start(self) -> None:
        """
        Look from now on.
        """
        self._running = True
        self._lookIn(_BUSY_SECONDS)

    def stop(self) -> None:
        """
        Look no more.
        """
        self._running = False
        self._cancel()

    def logGrew(self) -> None:
        """
        There are new entries: look soon.
        """
        if self._running and not self._busy:
            self._busy = True
            self._lookIn(_BUSY_SECONDS)

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _lookIn(self, seconds: float) -> None:
        if not self._trimming:
            self._cancel()
            self._timer = self._reactor.callLater(seconds, self._look)

    def _look(self) -> None:
        self._timer = None
        self._busy = False
        self._trimming = True
        ensureDeferred(self._trim())

    async def _trim(self) -> None:
        dropped = 0
        try:
            await self._before()
            # Until nothing is left: messages may come faster than a piece a second.
            while piece := await self._store.trim(self._limits):
                dropped += piece
                if not self._running:
                    break
        except StoreError as error:
            self.log.error("the log was not trimmed: {error}", error=error)
        except Exception:
            self.log.failure("the log was not trimmed")
        finally:
            self._trimming = False
        if dropped:
            self._counters.add("dropped", dropped)
            self.log.info("the log dropped its {count} oldest messages", count=dropped)
        if self._running:
            self._lookIn(_BUSY_SECONDS if dropped or self._busy else _IDLE_SECONDS)
