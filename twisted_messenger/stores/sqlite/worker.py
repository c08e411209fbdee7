"""
Where calls that block run: one after the other, beside the reactor.
"""

from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread
from typing import Any, Protocol, TypeVar

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

T = TypeVar("T")

# What is to be called, and what fires then; ``None`` at the end.
_Call = tuple[Callable[[], Any], "Deferred[Any]"] | None


class Worker(Protocol):
    """
    Runs blocking calls one after the other, in the order in which they were asked for.
    """

    def start(self) -> None:
        """
        Get ready; it may be called again after a stop.
        """

    def run(self, call: Callable[[], T]) -> "Deferred[T]":
        """
        :returns: fires with what the call returned, or fails with what it raised.
        """

    def stop(self) -> None:
        """
        Let go; nothing runs and nothing will.
        """


class ThreadWorker:
    """
    One thread of its own, so that a slow disk stops neither the reactor nor its name look-ups.

    No pool of Twisted's: for each call it takes twice as long, and leaves a cycle to the collector.
    """

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._calls: SimpleQueue[_Call]
        self._thread: Thread

    def start(self) -> None:
        """
        See :class:`Worker`.
        """
        self._calls = SimpleQueue()
        # It keeps no process alive: a program may fail, or end, before its reactor runs.
        self._thread = Thread(target=self._work, args=(self._calls,), name="store", daemon=True)
        self._thread.start()

    def run(self, call: Callable[[], T]) -> "Deferred[T]":
        """
        See :class:`Worker`.
        """
        done: Deferred[T] = Deferred()
        self._calls.put((call, done))
        return done

    def stop(self) -> None:
        """
        See :class:`Worker`.
        """
        self._calls.put(None)
        self._thread.join()

    def _work(self, calls: "SimpleQueue[_Call]") -> None:
        # No name for a call here: it would keep all that was written until the next one comes.
        while self._isDone(calls.get()):
            pass

    def _isDone(self, asked: _Call) -> bool:
        if asked is None:
            return False
        call, done = asked
        try:
            result = call()
        except BaseException:
            self._reactor.callFromThread(done.errback, Failure())
        else:
            self._reactor.callFromThread(done.callback, result)
        return True
