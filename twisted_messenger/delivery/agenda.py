"""
Who is due when: one timer for everybody instead of one for each. Pure.
"""

from heapq import heappop, heappush
from typing import Generic, TypeVar

T = TypeVar("T")


class Agenda(Generic[T]):
    """
    Things that are due at some time; putting one in again moves it.
    """

    def __init__(self) -> None:
        self._times: dict[T, float] = {}
        self._heap: list[tuple[float, int, T]] = []
        # Orders what is due at the same time, since things themselves have no order.
        self._count = 0

    def __len__(self) -> int:
        """
        :returns: how many things are in it.
        """
        return len(self._times)

    def __contains__(self, thing: T) -> bool:
        """
        :returns: whether something is due at some time.
        """
        return thing in self._times

    def put(self, thing: T, time: float) -> None:
        """
        Note when something is due.

        :param time: seconds on any clock, the same one at every call.
        """
        self._times[thing] = time
        self._count += 1
        heappush(self._heap, (time, self._count, thing))

    def remove(self, thing: T) -> None:
        """
        Forget about something, whether it is in it or not.
        """
        self._times.pop(thing, None)

    def first(self) -> float | None:
        """
        When the first thing is due.

        :returns: ``None`` where there is nothing.
        """
        while self._heap and not self._current(self._heap[0]):
            heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def due(self, now: float) -> list[T]:
        """
        Take out what is due by now.

        :returns: in the order of their times.
        """
        things = []
        while (time := self.first()) is not None and time <= now:
            thing = heappop(self._heap)[2]
            del self._times[thing]
            things.append(thing)
        return things

    def _current(self, item: tuple[float, int, T]) -> bool:
        time, _, thing = item
        return self._times.get(thing) == time
