"""
The bytes of unfinished messages, all connections together.
"""

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.incoming.unfinished import MAX_UNFINISHED_BYTES, UnfinishedBytes

_STEPS = st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 12)), max_size=50)


class UnfinishedTests(SynchronousTestCase):
    """
    Too much is too much for the largest.
    """

    def setUp(self) -> None:
        """
        Ten bytes, nobody keeps any.
        """
        self.kept: UnfinishedBytes[str] = UnfinishedBytes(10)

    def keep(self, *sizes: tuple[str, int]) -> list[str | None]:
        """
        Let holders keep something, one after the other.
        """
        return [self.kept.keep(holder, size) for holder, size in sizes]

    def test_default(self) -> None:
        """
        Without a word it is 64 MiB, which hold a thousand messages of the largest size.
        """
        self.assertEqual(MAX_UNFINISHED_BYTES, 67_108_864)
        self.assertEqual(UnfinishedBytes().limit, MAX_UNFINISHED_BYTES)

    def test_upToTheLimit(self) -> None:
        """
        What is just as much as may be kept bothers nobody; one byte more does.
        """
        self.assertEqual(self.keep(("a", 4), ("b", 6)), [None, None])
        self.assertEqual(self.keep(("a", 5)), ["b"])

    def test_largest(self) -> None:
        """
        The largest gives way, even if it is another one that grew.
        """
        self.keep(("a", 2), ("b", 5), ("c", 3))
        self.assertEqual(self.keep(("a", 3)), ["b"])

    def test_growing(self) -> None:
        """
        A holder's bytes count once, however often it tells how many there are now.
        """
        self.assertEqual(self.keep(*[("a", size) for size in range(1, 11)]), [None] * 10)
        self.assertEqual(self.kept.total, 10)
        self.assertEqual(self.keep(("a", 11)), ["a"])

    def test_letGo(self) -> None:
        """
        Who keeps nothing any more makes room, and is not asked again.
        """
        self.keep(("a", 9), ("b", 1), ("a", 0))
        self.assertEqual(self.kept.total, 1)
        self.assertEqual(self.keep(("c", 9), ("c", 10)), [None, "c"])

    def test_nothing(self) -> None:
        """
        To let go of nothing is no error.
        """
        self.assertEqual(self.keep(("a", 0), ("a", 0)), [None, None])
        self.assertEqual(self.kept.total, 0)

    @settings(deadline=None)
    @given(st.integers(0, 25), _STEPS)
    def test_sameAsATable(self, limit: int, steps: Sequence[tuple[str, int]]) -> None:
        """
        The total is the sum, and whoever is named keeps the most.
        """
        kept: UnfinishedBytes[str] = UnfinishedBytes(limit)
        table: dict[str, int] = {}
        for holder, size in steps:
            table[holder] = size
            largest = kept.keep(holder, size)
            self.assertEqual(kept.total, sum(table.values()))
            if kept.total <= limit:
                self.assertIsNone(largest)
            else:
                assert largest is not None
                self.assertEqual(table[largest], max(table.values()))

    @settings(deadline=None)
    @given(st.integers(0, 25), _STEPS)
    def test_oneIsEnough(self, limit: int, steps: Sequence[tuple[str, int]]) -> None:
        """
        When the one that is named lets go, the limit holds again.
        """
        kept: UnfinishedBytes[str] = UnfinishedBytes(limit)
        for holder, size in steps:
            largest = kept.keep(holder, size)
            if largest is not None:
                self.assertIsNone(kept.keep(largest, 0))
            self.assertLessEqual(kept.total, limit)
