"""
How often something may happen, for each source apart. Pure.
"""

from collections.abc import Hashable

#: Messages a second that one source may send, in the long run.
RATE = 20.0

#: Messages that one source may send at once.
BURST = 100

#: Sources remembered. Whoever is forgotten starts afresh, which harms nobody.
_MAX_KEYS = 10_000

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

    def take(self, key: Hashable, now: float) -> int:
        """
        Take a token.

        :param key: whose.
        :param now: seconds; never less than the last time.
        :returns: how many there were; 0 means that none was taken.
        """
        if not self.rate:
            return self.burst
        full = max(now, self._full.pop(key, now))
        tokens = max(0, int(self.burst - (full - now) * self.rate + _ROUNDING))
        self._full[key] = full + 1 / self.rate if tokens else full
        self._forget(now)
        return tokens

    def _forget(self, now: float) -> None:
        while len(self._full) > 1:
            oldest = next(iter(self._full))
            if self._full[oldest] > now and len(self._full) <= _MAX_KEYS:
                return
            del self._full[oldest]
