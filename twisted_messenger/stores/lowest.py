"""
The lowest of many numbers that each only grow. Pure.
"""

from heapq import heapify, heappop, heappush

# Numbers that have been left behind, beyond as many as there are: then they are thrown away.
_SLACK = 64


class LowestCursor:
    """
    Knows the lowest cursor without looking at all.
    """

    def __init__(self) -> None:
        self._cursors: dict[int, int] = {}
        # With what was true once, until it comes to the top or there is too much of it.
        self._heap: list[tuple[int, int]] = []

    def put(self, memberId: int, cursor: int) -> None:
        """
        A member is there, or has come further.
        """
        if self._cursors.get(memberId) == cursor:
            return
        self._cursors[memberId] = cursor
        heappush(self._heap, (cursor, memberId))
        if len(self._heap) > 2 * len(self._cursors) + _SLACK:
            self._heap = [(one, id) for id, one in self._cursors.items()]
            heapify(self._heap)

    def remove(self, memberId: int) -> None:
        """
        A member is gone.
        """
        del self._cursors[memberId]

    @property
    def slowest(self) -> int:
        """
        Whose the lowest cursor is, when :meth:`lowest` was just asked.
        """
        return self._heap[0][1]

    def lowest(self) -> int | None:
        """
        The lowest cursor; ``None`` where there is nobody.
        """
        while self._heap:
            cursor, memberId = self._heap[0]
            if self._cursors.get(memberId) == cursor:
                return cursor
            heappop(self._heap)
        return None
