"""
How often each source may do something.
"""

from collections.abc import Sequence
from itertools import accumulate

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.rates import BURST, RATE, RateLimit

_KEYS = "abc"

# Times and rates that floating-point numbers hold exactly.
_EXACT_RATES = st.sampled_from([0.25, 0.5, 1.0, 2.0, 4.0, 8.0])
_EXACT_STEPS = st.lists(
    st.tuples(st.sampled_from(_KEYS), st.integers(0, 40).map(lambda eighths: eighths / 8)),
    max_size=60,
)


class Buckets:
    """
    Token buckets as a textbook has them: refilled with time, never forgotten.
    """

    def __init__(self, rate: float, burst: int) -> None:
        self.rate = rate
        self.burst = burst
        self._tokens: dict[str, float] = {}
        self._filled: dict[str, float] = {}

    def take(self, key: str, now: float) -> int:
        """
        Refill, then take one.
        """
        more = (now - self._filled.get(key, now)) * self.rate
        tokens = min(self.burst, self._tokens.get(key, self.burst) + more)
        self._filled[key] = now
        self._tokens[key] = tokens - 1 if tokens >= 1 else tokens
        return int(tokens)


class RateLimitTests(SynchronousTestCase):
    """
    A burst at once, a rate in the long run.
    """

    def setUp(self) -> None:
        """
        Three at once, four a second.
        """
        self.limit = RateLimit(4.0, 3)

    def take(self, *times: float, key: str = "a") -> list[int]:
        """
        Take a token at each of these times.
        """
        return [self.limit.take(key, time) for time in times]

    def test_defaults(self) -> None:
        """
        Without a word it is a hundred at once, and twenty a second.
        """
        limit = RateLimit()
        self.assertEqual((limit.rate, limit.burst, RATE, BURST), (20, 100, 20, 100))
        self.assertEqual([limit.take("a", 7.0) for _ in range(101)], [*range(100, 0, -1), 0])

    def test_burst(self) -> None:
        """
        A full bucket is counted down to nothing, and stays there while no time passes.
        """
        self.assertEqual(self.take(5.0, 5.0, 5.0, 5.0, 5.0), [3, 2, 1, 0, 0])

    def test_comesBack(self) -> None:
        """
        After a quarter of a second there is one token again, not before; to ask costs nothing.
        """
        self.take(0.0, 0.0, 0.0)
        self.assertEqual(self.take(0.1, 0.2, 0.24, 0.25, 0.25, 0.49, 0.5), [0, 0, 0, 1, 0, 0, 1])

    def test_neverMoreThanFull(self) -> None:
        """
        Whoever was silent for long has one burst, not several.
        """
        self.take(0.0, 0.0, 0.0)
        self.assertEqual(self.take(1000.0, 1000.0, 1000.0, 1000.0), [3, 2, 1, 0])

    def test_steady(self) -> None:
        """
        A source that keeps to the rate is never refused, however long it goes on.
        """
        limit = RateLimit(20.0, 1)
        self.assertTrue(all(limit.take("a", step / 20) for step in range(2000)))

    def test_apart(self) -> None:
        """
        What one source takes, another one still has.
        """
        self.take(0.0, 0.0, 0.0, 0.0)
        self.assertEqual(self.take(0.0, key="b"), [3])
        self.assertEqual(self.take(0.0), [0])

    def test_oneAMinute(self) -> None:
        """
        A rate may be far below one, a burst one.
        """
        self.limit = RateLimit(1 / 60, 1)
        self.assertEqual(self.take(0.0, 59.9, 60.0, 119.9, 120.0), [1, 0, 1, 0, 1])

    def test_several(self) -> None:
        """
        Several at once are taken together or not at all.
        """
        self.assertEqual([self.limit.take("a", 0.0, count) for count in (2, 2, 1, 1)], [3, 0, 1, 0])
        self.assertEqual([self.limit.take("a", 0.5, count) for count in (3, 2, 1)], [0, 2, 0])

    def test_moreThanFull(self) -> None:
        """
        What is larger than a full bucket takes all of one, rather than never being taken.
        """
        self.assertEqual([self.limit.take("a", now, 99) for now in (0.0, 0.7, 0.75)], [3, 0, 3])

    def test_noLimit(self) -> None:
        """
        A rate of 0 refuses nobody and remembers nobody.
        """
        self.limit = RateLimit(0, 2)
        self.assertEqual(self.take(*[0.0] * 5), [2] * 5)
        self.assertEqual(len(self.limit), 0)


class ForgettingTests(SynchronousTestCase):
    """
    Nobody is remembered without need.
    """

    def test_rested(self) -> None:
        """
        Whoever has a full bucket again is forgotten when somebody else comes.
        """
        limit = RateLimit(1.0, 5)
        for key in ("a", "b", "c"):
            limit.take(key, 0.0)
        limit.take("d", 0.9)
        self.assertEqual(len(limit), 4)
        limit.take("d", 1.0)
        self.assertEqual(len(limit), 1)
        self.assertEqual(limit.take("d", 1.0), 3)

    def test_many(self) -> None:
        """
        Of ten thousand busy sources the one that was heard least recently starts afresh; the
        others do not.
        """
        limit = RateLimit(1.0, 5)
        for _ in range(5):
            for key in ("first", "second"):
                limit.take(key, 0.0)
        limit.take("first", 0.0)
        for number in range(9_999):
            limit.take(number, 0.0)
        self.assertEqual(len(limit), 10_000)
        self.assertEqual(limit.take("first", 0.0), 0)
        self.assertEqual(limit.take("second", 0.0), 5)
        self.assertEqual(len(limit), 10_000)

    @settings(deadline=None)
    @given(_EXACT_RATES, st.integers(1, 5), _EXACT_STEPS)
    def test_refusesNobody(
        self, rate: float, burst: int, steps: Sequence[tuple[str, float]]
    ) -> None:
        """
        Among others, of whom some are forgotten, a source has what it would have alone.
        """
        together, now = RateLimit(rate, burst), 0.0
        alone = {key: RateLimit(rate, burst) for key in _KEYS}
        for key, gap in steps:
            now += gap
            self.assertEqual(together.take(key, now), alone[key].take(key, now))
            self.assertLessEqual(len(together), len(_KEYS))


class ModelTests(SynchronousTestCase):
    """
    It is a token bucket, whatever happens.
    """

    @settings(deadline=None)
    @given(_EXACT_RATES, st.integers(1, 5), _EXACT_STEPS)
    def test_sameAsBuckets(
        self, rate: float, burst: int, steps: Sequence[tuple[str, float]]
    ) -> None:
        """
        Every answer is that of a bucket that is refilled with time.
        """
        limit, buckets, now = RateLimit(rate, burst), Buckets(rate, burst), 0.0
        for key, gap in steps:
            now += gap
            self.assertEqual(limit.take(key, now), buckets.take(key, now))

    @settings(deadline=None)
    @given(
        st.floats(0.1, 1000),
        st.integers(1, 10),
        st.floats(0, 1e6),
        st.lists(st.floats(0, 4) | st.just(0.0), max_size=40),
    )
    def test_anyWindow(self, rate: float, burst: int, start: float, gaps: Sequence[float]) -> None:
        """
        Between any two moments no more is taken than a burst and what came back meanwhile; and
        what is refused is refused for a reason.
        """
        limit = RateLimit(rate, burst)
        times = list(accumulate((gap / rate for gap in gaps), initial=start))
        taken: list[float] = []
        for now in times:
            windows = [
                len(taken) - first + 1 - burst - rate * (now - taken[first])
                for first in range(len(taken))
            ]
            if limit.take("a", now):
                self.assertLess(max(windows, default=0), 1e-3)
                taken.append(now)
            else:
                self.assertGreater(max(windows), -1e-3)

    @settings(deadline=None)
    @given(st.floats(0.1, 1000), st.integers(1, 10), st.lists(st.floats(0, 2), max_size=30))
    def test_rested(self, rate: float, burst: int, gaps: Sequence[float]) -> None:
        """
        Whatever a source did, once it has rested it has a whole burst.
        """
        limit, now = RateLimit(rate, burst), 0.0
        for gap in gaps:
            now += gap / rate
            limit.take("a", now)
        self.assertEqual(limit.take("a", now + burst / rate), burst)
