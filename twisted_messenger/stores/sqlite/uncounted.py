"""
What was said last, and whose share it is, as far as the file need not be asked: soon everybody has
it, and it counts against nobody any more. Pure.
"""

from collections import deque

from twisted_messenger.stores.retention import STEP

#: Of some entries of one source: the source, the last position, how many they are, and their size.
Counted = tuple[str, int, int, int]


class Uncounted:
    """
    The last entries of the log, without what they say.
    """

    def __init__(self) -> None:
        self._entries: deque[tuple[int, str, int]] = deque(maxlen=STEP)
        #: Notes one: position, source and size.
        self.add = self._entries.append
        #: Forgets all.
        self.clear = self._entries.clear

    def take(self, after: int, upTo: int) -> list[Counted] | None:
        """
        Count what lies between two positions, and forget what lies up to there.

        :param after: what lies up to this position is not asked for.
        :param upTo: not before it.
        :returns: for each source; ``None`` where some of it is not known.
        """
        entries = self._entries
        while entries and entries[0][0] <= after:
            entries.popleft()
        if not entries or entries[0][0] != after + 1 or entries[-1][0] < upTo:
            return None
        found: dict[str, Counted] = {}
        while entries and entries[0][0] <= upTo:
            position, source, size = entries.popleft()
            _, _, count, total = found.get(source, ("", 0, 0, 0))
            found[source] = source, position, count + 1, total + size
        return [*found.values()]
