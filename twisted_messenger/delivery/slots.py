"""
How many pushes may be under way at once, which ones are, and who waits for a place. Pure.

Members that may well fail or hang have a few places of their own, so that any number of them cannot
take the places of those that answer: a single window smaller than the number of hanging members
delivers nothing at all. And no source has more than a part of the healthy places: many members of
one that all hang at once must leave some for others.
"""

from collections import Counter, deque
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")
A = TypeVar("A")

#: Pushes in flight in all.
MAX_PUSHES = 256

#: Of these, pushes to suspects.
MAX_SUSPECTS = 32

# No source has more than such a part of the healthy places.
_SHARES = 8


class Window(Generic[T]):
    """
    A number of places, and a queue for them.

    :param places: 1 or more.
    """

    def __init__(self, places: int) -> None:
        self._free = places
        self._taken: Counter[str] = Counter()
        #: Who waits for a place.
        self.queue: deque[T] = deque()

    def enter(self, who: T, source: str | None = None) -> bool:
        """
        Take a place, or queue for one.

        :param source: whose share of the places it counts against; ``None`` for nobody's.
        :returns: whether there was a place.
        """
        if self.full:
            self.queue.append(who)
            return False
        self._free -= 1
        if source is not None:
            self._taken[source] += 1
        return True

    @property
    def full(self) -> bool:
        """
        Whether somebody who comes now must wait.
        """
        return self._free <= 0

    def taken(self, source: str | None) -> int:
        """
        How many places a source has.
        """
        return 0 if source is None else self._taken[source]

    def withdraw(self, who: T) -> None:
        """
        Leave the queue.
        """
        self.queue.remove(who)

    def leave(self, source: str | None = None) -> None:
        """
        Give a place back.

        :param source: that :meth:`enter` was told.
        """
        self._free += 1
        if source is None:
            return
        self._taken[source] -= 1
        if not self._taken[source]:
            del self._taken[source]

    def waiting(self) -> T | None:
        """
        Take the first out of the queue, if there is a place for it.

        :returns: ``None`` where nobody waits, or no place is free.
        """
        return self.queue.popleft() if self.queue and self._free > 0 else None


class Slots(Generic[T, A]):
    """
    The places of healthy members and of suspects, and what is in flight.

    :param pushes: in all, 2 or more.
    :param served: called with who waited, when there is a place; it enters again.
    """

    def __init__(self, pushes: int, served: Callable[[T], object]) -> None:
        suspects = max(1, min(MAX_SUSPECTS, pushes // 4))
        self.healthy: Window[T] = Window(max(1, pushes - suspects))
        self.suspects: Window[T] = Window(suspects)
        #: The pushes under way, by callback address: one for each.
        self.inFlight: dict[str, A] = {}
        self._maxShare = max(1, pushes // _SHARES)
        self._served = served
        self._serving = False
        self._blocked: dict[str, T] = {}

    def windowFor(self, source: str | None, suspect: bool) -> Window[T]:
        """
        Where to take a place.

        :param suspect: whether the push may well fail. Where a source has its share of the healthy
            places, what else it has goes among the suspects.
        """
        crowded = self.healthy.taken(source) >= self._maxShare
        return self.suspects if suspect or crowded else self.healthy

    def hasHealthy(self, source: str | None) -> bool:
        """
        Whether a member of that source can have a healthy place without waiting.
        """
        return not self.healthy.full and self.healthy.taken(source) < self._maxShare

    def mayKeep(self, window: Window[T]) -> bool:
        """
        Whether a place of this window may serve for one push more: it is a healthy one, and nobody
        waits for it.
        """
        return window is self.healthy and not window.queue and not self._blocked

    def leave(self, window: Window[T], source: str | None) -> None:
        """
        Give a place back, and serve those who wait.
        """
        window.leave(source)
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
        Who has no place waits for the end of the push that is under way to its address: it left
        and came back meanwhile, or two became one.
        """
        self._blocked[address] = who

    def unblock(self, address: str) -> T | None:
        """
        Who waited for the end of a push to that address.
        """
        return self._blocked.pop(address, None)
