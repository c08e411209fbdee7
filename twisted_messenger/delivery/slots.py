"""
How many pushes may be under way at once, and who waits for a place. Pure.

Two windows: members that may well fail or hang have a small one of their own, so that any number
of them cannot take the places of those that answer. A single window smaller than the number of
hanging members delivers nothing at all.
"""

from collections import Counter, deque
from typing import Generic, TypeVar

T = TypeVar("T")

#: Pushes in flight in all.
MAX_PUSHES = 256

#: Of these, pushes to suspects.
MAX_SUSPECTS = 32


class Slots(Generic[T]):
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


def windows(pushes: int) -> tuple["Slots[T]", "Slots[T]"]:
    """
    Divide the places among the healthy and the suspects.

    :param pushes: in all, 2 or more.
    :returns: the window of the healthy, then that of the suspects.
    """
    suspects = max(1, min(MAX_SUSPECTS, pushes // 4))
    return Slots(max(1, pushes - suspects)), Slots(suspects)
