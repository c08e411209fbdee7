"""
Peers that have got everything and take their time with the close. Pure.

Their connections cost little, and the close may still come: so many in all and of each source are
held, and what is beyond that has hung.
"""

from collections import Counter
from collections.abc import Callable

#: Seconds from the connection to the close of a push that is held.
HOLD_TIMEOUT = 600.0

#: Pushes that are held in all, and of one source.
MAX_HELD = 64
MAX_HELD_SHARE = 8


class Holding:
    """
    The places of those that are held.

    :param seconds: for each, from its beginning; 0 for none at all.
    :param places: in all.
    :param share: of one source.
    """

    def __init__(self, seconds: float, places: int = MAX_HELD, share: int = MAX_HELD_SHARE) -> None:
        #: For each, from its beginning.
        self.seconds = seconds
        self._free = places if seconds > 0 else 0
        self._share = share
        self._taken: Counter[str] = Counter()

    def enter(self, source: str) -> bool:
        """
        Take a place.

        :param source: whose; empty for this machine's own, which has no share.
        :returns: whether there is one.
        """
        if self._free <= 0 or (source and self._taken[source] >= self._share):
            return False
        self._free -= 1
        self._taken[source] += 1
        return True

    def leave(self, source: str) -> None:
        """
        Give a place back.
        """
        self._free += 1
        self._taken[source] -= 1
        if not self._taken[source]:
            del self._taken[source]


class Hold:
    """
    One push that may be held, once.

    :param holding: the places.
    :param source: whose share its place counts against.
    :param told: called when it is held.
    """

    __slots__ = ("_holding", "_source", "_told", "begun")

    def __init__(self, holding: Holding, source: str, told: Callable[[], object]) -> None:
        #: Whether it is held, or was.
        self.begun = False
        self._holding = holding
        self._source = source
        self._told = told

    def begin(self) -> float:
        """
        Its time is up.

        :returns: seconds for which it is held; 0 if it is not, or was already.
        """
        if self.begun or not self._holding.enter(self._source):
            return 0.0
        self.begun = True
        return self._holding.seconds

    def tell(self) -> None:
        """
        It is held now.
        """
        self._told()

    def end(self) -> None:
        """
        The push is over.
        """
        if self.begun:
            self._holding.leave(self._source)
