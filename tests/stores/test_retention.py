"""
What the log keeps for members that are behind.
"""

from collections.abc import Iterator
from itertools import count

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.entry import ENTRY_OVERHEAD, LogLimits
from twisted_messenger.stores.retention import (
    NOTHING_KEPT,
    STEP,
    Losses,
    entrySize,
    floorOf,
    keptFloorOf,
)

_UNLIMITED = LogLimits(0, 0, 0)

_Rows = list[tuple[int, float, int]]


def _floor(rows: _Rows, limits: LogLimits, now: float = 0.0) -> int:
    """
    The last position to go of a log of which nothing else is there.
    """
    return floorOf(rows, len(rows), sum(size for _, _, size in rows), limits, now)


class SizeTests(SynchronousTestCase):
    """
    What a message counts.
    """

    def test_bytes(self) -> None:
        """
        A message counts the bytes of its name and its text, and a little for itself.
        """
        for name, text, size in (
            ("", "", 0),
            ("bob", "hello", 8),
            ("zoë", "\u20ac", 7),
            ("a", "\U0001f600", 5),
        ):
            self.assertEqual(entrySize(name, text), size + ENTRY_OVERHEAD)

    def test_emptyMessages(self) -> None:
        """
        A flood of empty messages is not free.
        """
        self.assertGreater(entrySize("", ""), 0)


class FloorTests(SynchronousTestCase):
    """
    How many of the oldest messages go.
    """

    rows: _Rows = [(10, 100.0, 5), (20, 200.0, 7), (50, 300.0, 9)]

    def test_defaults(self) -> None:
        """
        Unless told otherwise, a day and 256 MiB are kept, however many messages that is.
        """
        limits = LogLimits()
        full = [(1, 0.0, 2**28 - 1), (2, 0.0, 1)]
        self.assertEqual(_floor(full, limits, 86_400.0), 0)
        self.assertEqual(_floor([*full, (3, 86_400.0, 1)], limits, 86_400.0), 1)
        self.assertEqual(_floor(full, limits, 86_400.5), 2)

    def test_entries(self) -> None:
        """
        As many as may stay do.
        """
        floors = [_floor(self.rows, LogLimits(most, 0, 0)) for most in (4, 3, 2, 1)]
        self.assertEqual(floors, [0, 0, 10, 20])

    def test_bytes(self) -> None:
        """
        As many bytes as may stay do, in whole messages.
        """
        floors = [_floor(self.rows, LogLimits(0, most, 0)) for most in (21, 20, 16, 15, 9, 8)]
        self.assertEqual(floors, [0, 10, 10, 20, 20, 50])

    def test_seconds(self) -> None:
        """
        What is as old as it may be stays.
        """
        for seconds, floor in ((300, 0), (299, 10), (200, 10), (100, 20), (99.5, 50)):
            self.assertEqual(_floor(self.rows, LogLimits(0, 0, seconds), 400.0), floor)

    def test_tightest(self) -> None:
        """
        Of several limits each is kept.
        """
        for limits, floor in (
            (LogLimits(3, 20, 300), 10),
            (LogLimits(1, 20, 300), 20),
            (LogLimits(3, 21, 99), 50),
            (LogLimits(3, 21, 300), 0),
        ):
            self.assertEqual(_floor(self.rows, limits, 400.0), floor)

    def test_kept(self) -> None:
        """
        Of what everybody has, so many of the newest stay, while they are young, and while there are
        not too many bytes of all together; 0 keeps none.
        """

        def floor(most: int, size: int = 0, seconds: float = 1e9) -> int:
            limits = LogLimits(0, size, 0, most, seconds)
            return keptFloorOf(self.rows, 3, 30, limits, 400.0)

        self.assertEqual([floor(most) for most in (4, 3, 2, 1, 0)], [0, 0, 10, 20, 50])
        self.assertEqual([floor(9, size) for size in (30, 29, 25, 24, 1)], [0, 10, 10, 20, 50])
        self.assertEqual([floor(9, 0, age) for age in (301, 300, 101, 0)], [0, 10, 20, 50])
        self.assertEqual(keptFloorOf(self.rows, 3, 30, NOTHING_KEPT, 0.0), 50)

    def test_unlimited(self) -> None:
        """
        Without limits everything stays.
        """
        self.assertEqual(_floor(self.rows, _UNLIMITED, 1e12), 0)

    def test_empty(self) -> None:
        """
        Where there is nothing, nothing goes.
        """
        self.assertEqual(_floor([], LogLimits(1, 1, 1), 1e12), 0)

    def test_notFromTheMiddle(self) -> None:
        """
        A message that looks older than the one before it goes after it.
        """
        rows = [(1, 300.0, 1), (2, 100.0, 1)]
        self.assertEqual(_floor(rows, LogLimits(0, 0, 150), 400.0), 0)
        self.assertEqual(_floor(rows, LogLimits(0, 0, 150), 451.0), 2)

    def test_boundedStep(self) -> None:
        """
        Of any number of messages a bounded number goes at once, and no more are looked at.
        """
        looked: list[int] = []

        def endless() -> Iterator[tuple[int, float, int]]:
            for position in count(1):
                looked.append(position)
                yield position, 0.0, 1

        floor = floorOf(endless(), 10**9, 10**9, LogLimits(1, 0, 0), 0.0)
        self.assertEqual((floor, len(looked)), (STEP, STEP))

    @given(
        st.lists(st.tuples(st.integers(1, 9), st.integers(0, 50), st.integers(1, 9)), max_size=12),
        st.builds(LogLimits, st.integers(0, 12), st.integers(0, 60), st.integers(0, 50)),
    )
    def test_justEnough(self, steps: list[tuple[int, int, int]], limits: LogLimits) -> None:
        """
        What stays is within the limits, and one message more would not be.
        """
        rows: _Rows = []
        for gap, time, size in steps:
            rows.append(((rows[-1][0] if rows else 0) + gap, float(time), size))

        def over(kept: _Rows) -> bool:
            return (
                0 < limits.entries < len(kept)
                or 0 < limits.bytes < sum(size for _, _, size in kept)
                or bool(kept and limits.seconds and 50 - kept[0][1] > limits.seconds)
            )

        floor = _floor(rows, limits, 50.0)
        self.assertFalse(over([row for row in rows if row[0] > floor]))
        if floor:
            self.assertTrue(over([row for row in rows if row[0] >= floor]))
            self.assertIn(floor, [position for position, _, _ in rows])


class LossesTests(SynchronousTestCase):
    """
    What members lose of the messages that go.
    """

    gone = [(2, "ann"), (3, "bob"), (5, "ann"), (9, "ci")]

    def test_notYet(self) -> None:
        """
        A member loses what it had not yet.
        """
        losses = Losses(self.gone)
        lost = [losses.of(cursor, "zoe", 0) for cursor in (0, 2, 4, 5, 9, 12)]
        self.assertEqual(lost, [4, 3, 2, 1, 0, 0])

    def test_own(self) -> None:
        """
        What it said itself is no loss; what somebody else had said under its name is one.
        """
        losses = Losses(self.gone)
        self.assertEqual([losses.of(0, "ann", named) for named in (0, 2, 5)], [2, 3, 4])
        self.assertEqual([losses.of(cursor, "ann", 0) for cursor in (2, 5)], [2, 1])

    @given(
        st.lists(st.tuples(st.integers(1, 30), st.sampled_from("abc")), max_size=20),
        st.integers(0, 31),
        st.sampled_from("abcd"),
        st.integers(0, 31),
    )
    def test_counted(self, gone: list[tuple[int, str]], cursor: int, name: str, named: int) -> None:
        """
        Whoever goes through all of them finds the same.
        """
        gone = sorted(gone)
        lost = [p for p, who in gone if p > cursor and not (who == name and p > named)]
        self.assertEqual(Losses(gone).of(cursor, name, named), len(lost))
