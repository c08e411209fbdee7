"""
How many pushes may be under way at once, which ones are, and who waits for a place. Pure.

Members that may well fail or hang have a few places of their own, so that any number of them cannot
take the places of those that answer: a single window smaller than the number of hanging members
delivers nothing at all. In each window a source has a share, so that many members of one source
that all hang leave places for others. And among the suspects, those that hung last time come after
all others, and have half of the places at most: newcomers, and members that fail fast, do not wait
for them.
"""

from collections import Counter, deque
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Generic, NamedTuple, TypeVar

T = TypeVar("T")
A = TypeVar("A")

#: Pushes in flight in all.
MAX_PUSHES = 256

#: Of these, pushes to suspects.
MAX_SUSPECTS = 32

# No source has more than such a part of the places.
_SHARES = 8

# Places made before that serve again: very many may wait for the same.
_SAME = 256


class Queue(Generic[T]):
    """
    Who waits, the sources in turn.
    """

    def __init__(self) -> None:
        self._waiting: dict[str | None, deque[T]] = {}

    def put(self, who: T, source: str | None) -> None:
        """
        Wait, after those of the same source.
        """
        self._waiting.setdefault(source, deque()).append(who)

    def remove(self, who: T, source: str | None) -> None:
        """
        Wait no longer.
        """
        self._waiting[source].remove(who)
        if not self._waiting[source]:
            del self._waiting[source]

    def take(self, welcome: Callable[[str | None], bool]) -> T | None:
        """
        Take out the first one of the first source that is welcome; the source is the last then.
        """
        # Few sources are not: each of them has its whole share of the places.
        for source, waiting in self._waiting.items():
            if welcome(source):
                del self._waiting[source]
                first = waiting.popleft()
                if waiting:
                    self._waiting[source] = waiting
                return first
        return None


class Window(Generic[T]):
    """
    A number of places, and queues for them.

    :param places: 1 or more.
    :param share: places that one source may have.
    """

    def __init__(self, places: int, share: int | None = None) -> None:
        self._free = places
        self._share = places if share is None else share
        self._taken: Counter[str] = Counter()
        self._forHanging = max(1, places // 2)
        self._queues: tuple[Queue[T], Queue[T]] = Queue(), Queue()
        #: How many wait for a place.
        self.waits = 0

    def has(self, source: str | None, hangs: bool = False) -> bool:
        """
        Whether there is a place for a member.

        :param source: where it is; ``None`` for this machine, which has no limit of its own.
        :param hangs: whether it hung last time.
        """
        if self._free <= 0 or (hangs and self._forHanging <= 0):
            return False
        return source is None or self._taken[source] < self._share

    def enter(self, who: T, source: str | None = None, hangs: bool = False) -> bool:
        """
        Take a place, or queue for one.

        :returns: whether there was a place.
        """
        if not self.has(source, hangs):
            self._queues[hangs].put(who, source)
            self.waits += 1
            return False
        self._free -= 1
        self._forHanging -= hangs
        if source is not None:
            self._taken[source] += 1
        return True

    def withdraw(self, who: T, source: str | None = None, hangs: bool = False) -> None:
        """
        Leave the queue; the arguments are those of :meth:`enter`.
        """
        self._queues[hangs].remove(who, source)
        self.waits -= 1

    def leave(self, source: str | None = None, hangs: bool = False) -> None:
        """
        Give a place back; the arguments are those of :meth:`enter`.
        """
        self._free += 1
        self._forHanging += hangs
        if source is None:
            return
        self._taken[source] -= 1
        if not self._taken[source]:
            del self._taken[source]

    def waiting(self) -> T | None:
        """
        Take out of the queues who is the next to have a place.

        :returns: ``None`` where nobody can have one.
        """
        if self._free <= 0 or not self.waits:
            return None
        first = self._queues[False].take(self.has)
        first = first or self._queues[True].take(lambda source: self.has(source, True))
        self.waits -= first is not None
        return first


class Place(NamedTuple):
    """
    A place that somebody has, or waits for.

    :param window: where it is.
    :param source: whose share of the window it counts against: since then, who has it may have
        moved.
    :param hangs: whether who has it came in as one that hung last time.
    """

    window: Window[Any]
    source: str | None = None
    hangs: bool = False


class Slots(Generic[T, A]):
    """
    The places of healthy members and of suspects, and what is in flight.

    :param pushes: in all, 2 or more.
    :param served: called with who waited, when there is a place; it enters again.
    """

    def __init__(self, pushes: int, served: Callable[[T], object]) -> None:
        suspects = max(1, min(MAX_SUSPECTS, pushes // 4))
        share = max(1, pushes // _SHARES)
        self.healthy: Window[T] = Window(max(1, pushes - suspects), share)
        self.suspects: Window[T] = Window(suspects, max(1, suspects // _SHARES))
        #: The pushes under way, by callback address: one for each.
        self.inFlight: dict[str, A] = {}
        #: Of these, by address, those that count for somebody who was not pushed to: the one that
        #: a member and another one have become.
        self.heirs: dict[str, T] = {}
        #: Makes a :class:`Place`, the same one for many.
        self.placeIn = lru_cache(maxsize=_SAME)(Place)
        self._served = served
        self._serving = False
        self._blocked: dict[str, T] = {}

    def mayKeep(self, place: Place) -> bool:
        """
        Whether a place may serve for one push more: it is a healthy one, and nobody waits for it.
        """
        return place.window is self.healthy and not place.window.waits and not self._blocked

    def leave(self, place: Place) -> None:
        """
        Give a place back, and serve those who wait.
        """
        place.window.leave(place.source, place.hangs)
        if not (self.healthy.waits or self.suspects.waits):
            return
        if self._serving:
            # The loop below goes on; calling it from itself would nest without bound.
            return
        self._serving = True
        try:
            while (following := self.healthy.waiting() or self.suspects.waiting()) is not None:
                self._served(following)
        finally:
            self._serving = False

    def block(self, address: str, who: T) -> None:
        """
        Without a place, wait for the end of the push that is under way to an address: its member
        left and came back meanwhile, or two became one.
        """
        self._blocked[address] = who

    def unblock(self, address: str) -> T | None:
        """
        Who waited for the end of a push to that address.
        """
        return self._blocked.pop(address, None)
