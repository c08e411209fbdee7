"""
How often something may happen, for each source apart. Pure.
"""

from collections.abc import Hashable

#: Messages a second that one source may send, in the long run.
RATE = 20.0

#: Messages that one source may send at once.
BURST = 100

# Sources remembered. Who is forgotten starts afresh, which harms nobody.
_MAX_KEYS = 10_000

#: Bytes of messages that one source may send a second in the long run, and at once. Messages are
#: few, but each may be large, and what it says is kept for members that are away.
BYTE_RATE = 262_144.0
BYTE_BURST = 4 * 1024 * 1024

# Of a token: so much a sum of floating-point numbers may be wrong.
_ROUNDING = 1e-6


class RateLimit:
    """
    A token bucket for each key, kept as the moment at which it will be full again (the generic
    cell rate algorithm of ITU-T I.371): one number, and nothing to refill.

    :param rate: tokens a second; 0 means no limit.
    :param burst: tokens in a full bucket, 1 or more.
    """

    def __init__(self, rate: float = RATE, burst: int = BURST) -> None:
        self.rate = rate
        self.burst = burst
        # The least recently used first.
        self._full: dict[Hashable, float] = {}

    def __len__(self) -> int:
        return len(self._full)

    def take(self, key: Hashable, now: float, count: int = 1) -> int:
        """
        Take tokens, all or none.

        :param key: whose.
        :param now: seconds; never less than the last time.
        :param count: how many, at least 1; more than a full bucket has count as a full bucket.
        :returns: how many there were; 0 means that there were too few, and none was taken.
        """
        if not self.rate:
            return self.burst
        count = min(count, self.burst)
        tokens = self.left(key, now)
        full = max(now, self._full.pop(key, now))
        enough = tokens >= count
        self._full[key] = full + count / self.rate if enough else full
        self._forget(now)
        return tokens if enough else 0

    def left(self, key: Hashable, now: float) -> int:
        """
        How many tokens there are; none is taken.

        :param key: whose.
        :param now: as for :meth:`take`.
        """
        full = max(now, self._full.get(key, now))
        return max(0, int(self.burst - (full - now) * self.rate + _ROUNDING))

    def _forget(self, now: float) -> None:
        while len(self._full) > 1:
            oldest = next(iter(self._full))
            if self._full[oldest] > now and len(self._full) <= _MAX_KEYS:
                return
            del self._full[oldest]
