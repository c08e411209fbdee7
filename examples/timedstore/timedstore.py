"""
A store around another one, which logs when a message took long to be durable.

Install it with ``pip install ./examples/timedstore``, and choose it with
``twistd -n chatserver --store timed:0.5:sqlite:room.sqlite``: half a second is long.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from zope.interface import directlyProvides, providedBy

from twisted_messenger import Admission, MessageStore, Post, Refusal, storeFromString

T = TypeVar("T")


class TimedStore:
    """
    All that the other store is, but for one call.
    """

    log = Logger()

    def __init__(self, store: MessageStore, long: float, seconds: Callable[[], float]) -> None:
        self._store = store
        self._long = long
        self._seconds = seconds
        # Where the other is shared by several nodes, or can be copied, so is this one.
        directlyProvides(self, providedBy(store))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def append(self, post: Post, admit: Admission) -> "Deferred[int | Refusal]":
        """
        Look at the clock before and after.
        """
        begun = self._seconds()
        return self._store.append(post, admit).addBoth(self._ended, begun)

    def _ended(self, result: T, begun: float) -> T:
        took = self._seconds() - begun
        if took > self._long:
            self.log.warn("a message took {took:.3f} s", took=took)
        return result


def parseTimed(reactor: Any, argument: str, room: str) -> MessageStore:
    """
    ``timed:SECONDS:`` and the description of the other store.
    """
    long, _, description = argument.partition(":")
    if not long.replace(".", "", 1).isdigit():
        raise ValueError("timed: takes seconds and a store, as in timed:0.5:sqlite:room.sqlite")
    store = storeFromString(reactor, description, room)
    return cast(MessageStore, TimedStore(store, float(long), reactor.seconds))
