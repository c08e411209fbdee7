"""
Plain counts by name, handed to whoever counts.
"""

from collections import Counter


class Counters:
    """
    How often each thing happened since the start.

    Names are words with underscores, grouped by a dot: ``refused.too_big``.
    """

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def add(self, name: str, amount: int = 1) -> None:
        """
        Count something that happened.

        :param amount: how often, or how much of it; never negative.
        """
        self._counts[name] += amount

    def __getitem__(self, name: str) -> int:
        """
        :returns: the count; 0 for what never happened.
        """
        return self._counts[name]

    def snapshot(self) -> dict[str, int]:
        """
        :returns: every count that is not 0, ordered by name.
        """
        return {name: count for name, count in sorted(self._counts.items()) if count}
