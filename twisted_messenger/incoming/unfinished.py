"""
The bytes of unfinished messages, all connections together, and which one gives way. Pure.
"""

from typing import Generic, TypeVar

#: Bytes of unfinished messages in all.
MAX_UNFINISHED_BYTES = 64 * 1024 * 1024

H = TypeVar("H")


class UnfinishedBytes(Generic[H]):
    """
    How much each holder keeps.

    When all together keep too much, the largest gives way: messages of a usual size never do.

    :param limit: bytes in all.
    """

    def __init__(self, limit: int = MAX_UNFINISHED_BYTES) -> None:
        self.limit = limit
        self.total = 0
        self._sizes: dict[H, int] = {}

    def keep(self, holder: H, size: int) -> H | None:
        """
        A holder now keeps so many bytes.

        :param size: 0 for one that keeps nothing any more.
        :returns: who must let go of everything, so that the limit holds again.
        """
        self.total += size - self._sizes.pop(holder, 0)
        if size:
            self._sizes[holder] = size
        if self.total <= self.limit:
            return None
        return max(self._sizes, key=self._sizes.__getitem__)
