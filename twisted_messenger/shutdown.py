"""
In which order the parts of a room end when the reactor stops, whether or not anybody stops them.

A reactor that stops closes every connection in order, and a close is a receipt. So each part that
runs tells the reactor how it is stopped; what a program stops itself is left alone::

    senders are answered or reset  -->  pushes end  -->  the store closes
"""

from collections.abc import Callable
from contextlib import suppress
from enum import IntEnum
from typing import Any, NamedTuple

from twisted.internet.defer import Deferred, DeferredList, TimeoutError, fail, succeed
from twisted.logger import Logger
from twisted.python.failure import Failure

#: Seconds that senders, and the store, have to end.
PATIENCE = 5.0

#: Seconds that are left when time is up: to reset, and to write.
GRACE = 1.0


class Stage(IntEnum):
    """
    What ends together; the next one begins when the one before it is over.
    """

    SENDERS = 0
    MEMBERS = 1
    STORE = 2


class SharedEnd:
    """
    An end that is brought about once, however many ask for it.

    :param end: brings it about.
    """

    def __init__(self, end: "Callable[[], Deferred[Any]]") -> None:
        self._end = end
        self._running = False
        self._ending: Deferred[Any] | None = None
        self._waiting: list[Deferred[None]] = []

    def started(self) -> None:
        """
        There is something to end.
        """
        self._running = True

    def wait(self) -> "Deferred[None]":
        """
        Begin to end, or join who waits for it already.

        :returns: fires, or fails, as the end does, and at once where nothing runs; cancelling one
            cancels the end for all.
        """
        if not self._running:
            return succeed(None)
        waiting: Deferred[None] = Deferred(self._cancel)
        self._waiting.append(waiting)
        if self._ending is None:
            self._ending = self._end()
            self._ending.addBoth(self._over)
        return waiting

    def _cancel(self, _: "Deferred[None]") -> None:
        if self._ending is not None:
            self._ending.cancel()

    def _over(self, result: Any) -> None:
        self._ending, self._running = None, False
        waiting, self._waiting = self._waiting, []
        for one in waiting:
            one.callback(result)


class _Part(NamedTuple):
    stage: Stage
    stop: "Callable[[], Deferred[Any]]"
    patience: float


class Shutdown:
    """
    The parts that run on one reactor.

    :param reactor: asked to tell us when it stops.
    """

    log = Logger()

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._parts: dict[object, _Part] = {}
        self._stopping = False
        self._trigger = reactor.addSystemEventTrigger("before", "shutdown", self._reactorStops)

    def add(self, part: object, how: _Part) -> None:
        """
        A part runs from now on.
        """
        self._parts[part] = how

    def remove(self, part: object) -> None:
        """
        A part has ended.
        """
        self._parts.pop(part, None)
        if not self._parts and not self._stopping:
            # The one that Twisted has for tests cannot.
            with suppress(NotImplementedError):
                self._reactor.removeSystemEventTrigger(self._trigger)
            del _shutdowns[self._reactor]

    def _reactorStops(self) -> "Deferred[None]":
        return Deferred.fromCoroutine(self._stop())

    async def _stop(self) -> None:
        self._stopping = True
        for stage in Stage:
            parts = [part for part in self._parts.values() if part.stage is stage]
            await DeferredList([self._stopped(part) for part in parts])
        _shutdowns.pop(self._reactor, None)

    def _stopped(self, part: _Part) -> "Deferred[Any]":
        try:
            stopped = part.stop()
        except Exception:
            stopped = fail()
        return stopped.addTimeout(part.patience, self._reactor).addErrback(self._notInOrder)

    def _notInOrder(self, reason: Failure) -> None:
        # The other parts must stop all the same.
        if reason.check(TimeoutError):
            self.log.error("a part of the room took too long to stop")
        else:
            self.log.failure("a part of the room did not stop", reason)


# Of the reactors that parts run on.
_shutdowns: dict[Any, Shutdown] = {}


def stopWithReactor(
    reactor: Any,
    part: object,
    stage: Stage,
    stop: "Callable[[], Deferred[Any]]",
    patience: float = PATIENCE + GRACE,
) -> None:
    """
    Stop a part in order when the reactor stops.

    :param reactor: one without system events, as tests have, ignores it.
    :param part: what :func:`hasStopped` will name.
    :param stop: begins the end; its Deferred fires when that is over. It may be called when the
        part is ending already, and must wait for the same end then.
    :param patience: seconds until nobody waits any more.
    """
    if not hasattr(reactor, "addSystemEventTrigger"):
        return
    if reactor not in _shutdowns:
        _shutdowns[reactor] = Shutdown(reactor)
    _shutdowns[reactor].add(part, _Part(stage, stop, patience))


def hasStopped(reactor: Any, part: object) -> None:
    """
    A part has ended, or somebody else takes care of its end.
    """
    if reactor in _shutdowns:
        _shutdowns[reactor].remove(part)
