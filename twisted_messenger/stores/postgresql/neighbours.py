"""
When the leases of other nodes end, by this node's own clock. Pure.

The database's clock may be set, and an answer may be late. So a lease is over when its node was not
seen to renew it for a ttl, on a clock that nobody sets. What the database's clock says is used only
to know how much of a lease was left when it was seen, and only where that clock has gone as ours
has since the last look.
"""

from collections.abc import Mapping
from math import inf
from typing import NamedTuple

# Seconds by which the database's clock may be ahead of ours from one look to the next. Nodes stop
# pushing a tenth of the ttl before the end of their lease, which is more.
_AHEAD = 0.2


class Sign(NamedTuple):
    """
    What is seen of another node.

    :param renewal: the number of its last renewal.
    :param left: seconds to the end of its lease, by the database's clock.
    """

    renewal: int
    left: float


class Neighbours:
    """
    The other nodes.

    :param ttl: seconds that a lease lasts.
    """

    def __init__(self, ttl: float) -> None:
        self._ttl = ttl
        self._known: dict[str, tuple[int, float]] = {}
        self._looked: tuple[float, float] | None = None

    def seen(self, signs: Mapping[str, Sign], time: float, asked: float, answered: float) -> None:
        """
        Draw the conclusions from a look.

        :param signs: of all that are there, by their ids.
        :param time: when the database looked, in seconds by its clock.
        :param asked: when it was asked, in seconds by our clock.
        :param answered: when the answer was here.
        """
        steady = self._looked is not None and (
            time - self._looked[0] < asked - self._looked[1] + _AHEAD
        )
        self._looked = time, answered
        known, self._known = self._known, {}
        for node, sign in signs.items():
            renewal, end = known.get(node, (None, 0.0))
            if renewal != sign.renewal:
                # Longer than a lease: the database's clock was set back.
                left = min(max(0.0, sign.left), self._ttl) if steady else self._ttl
                end = answered + left
            self._known[node] = sign.renewal, end

    def gone(self, now: float) -> dict[str, int]:
        """
        :param now: by our clock.
        :returns: of each node whose lease is over, the number of the last renewal.
        """
        return {node: renewal for node, (renewal, end) in self._known.items() if end <= now}

    def nextEnd(self) -> float:
        """
        :returns: when the first of their leases ends, by our clock, unless it is renewed.
        """
        return min((end for _, end in self._known.values()), default=inf)

    def forget(self) -> None:
        """
        The database was away: nobody could renew, and silence says nothing.
        """
        self._known, self._looked = {}, None
