"""
The lowest of many numbers that each only grow. Pure.
"""

from heapq import heapify, heappop, heappush

# Numbers that all have left behind, beyond as many as there are: then they are thrown away.
_SLACK = 64


class LowestCursor:
    """
    Knows the lowest cursor without looking at all. Most members stand at a few of them.
    """

    def __init__(self) -> None:
        # How many members stand at each.
        self._members: dict[int, int] = {}
        # Also those where nobody stands any more, until they come to the top or are too many.
        self._heap: list[int] = []

    def add(self, cursor: int) -> None:
        """
        A member has come there.
        """
        members = self._members.get(cursor, 0)
        self._members[cursor] = members + 1
        if not members:
            heappush(self._heap, cursor)
            if len(self._heap) > 2 * len(self._members) + _SLACK:
                self._heap = list(self._members)
                heapify(self._heap)

    def remove(self, cursor: int) -> None:
        """
        A member that stood there is gone, or has come further.
        """
        self._members[cursor] -= 1
        if not self._members[cursor]:
            del self._members[cursor]

    def lowest(self) -> int | None:
        """
        The lowest cursor; ``None`` where there is nobody.
        """
        while self._heap and self._heap[0] not in self._members:
            heappop(self._heap)
        return self._heap[0] if self._heap else None
