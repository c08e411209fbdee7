"""
What a store in memory keeps of messages, to know them again. Pure.
"""

from collections import defaultdict

from twisted_messenger.refusal import Refusal
from twisted_messenger.repeats import REPEATS_PER_SOURCE, KeptRepeat, Repeat, forgettable


class Repeats:
    """
    The keys of messages, the oldest first.
    """

    def __init__(self) -> None:
        self._all: dict[tuple[str, str], KeptRepeat] = {}
        # The same, for each source.
        self._of: defaultdict[str, dict[str, None]] = defaultdict(dict)

    def find(self, source: str, repeat: Repeat) -> int | Refusal | None:
        """
        See :meth:`~twisted_messenger.repeats.Repeat.judge`.
        """
        found = self._all.get((source, repeat.key))
        return repeat.judge(None if found is None else (found.position, found.repeat.text))

    def add(self, kept: KeptRepeat) -> None:
        """
        Keep one more, in place of the oldest of a source that has too many.
        """
        self._all[kept.source, kept.repeat.key] = kept
        mine = self._of[kept.source]
        mine[kept.repeat.key] = None
        if len(mine) > REPEATS_PER_SOURCE:
            self._remove(kept.source, next(iter(mine)))

    def _remove(self, source: str, key: str) -> None:
        del self._all[source, key]
        del self._of[source][key]
        if not self._of[source]:
            del self._of[source]

    def forget(self, most: int, now: float) -> None:
        """
        Forget those that are too old, or too many; see
        :func:`~twisted_messenger.repeats.forgettable`.
        """
        ages = [(one.position, one.ran) for one in self._all.values()]
        floor = forgettable(ages, len(ages), most, now)
        for one in [one for one in self._all.values() if one.position <= floor]:
            self._remove(one.source, one.repeat.key)
