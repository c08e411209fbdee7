"""
Where calls that block run: one after the other, beside the reactor.
"""

from collections.abc import Callable
from threading import Thread
from typing import Any, Protocol, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThreadPool
from twisted.python.threadpool import ThreadPool

T = TypeVar("T")


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


class _Thread(Thread):
    """
    It keeps no process alive: a program may fail, or end, before its reactor runs.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named, daemon=True)


class _StorePool(ThreadPool):
    threadFactory = _Thread


class ThreadWorker:
    """
    One thread of its own, so that a slow disk stops neither the reactor nor its name look-ups.
    """

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._pool: ThreadPool

    def start(self) -> None:
        """
        See :class:`Worker`.
        """
        self._pool = _StorePool(1, 1, "store")
        self._pool.start()

    def run(self, call: Callable[[], T]) -> "Deferred[T]":
        """
        See :class:`Worker`.
        """
        return deferToThreadPool(self._reactor, self._pool, call)

    def stop(self) -> None:
        """
        See :class:`Worker`.
        """
        self._pool.stop()
