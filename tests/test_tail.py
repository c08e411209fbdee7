"""
The newest messages, from memory, the same as from the log.
"""

from bisect import bisect_right

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.interfaces import Entry
from twisted_messenger.tail import TAIL_ENTRIES, Tail


def _entry(position: int) -> Entry:
    """
    A message at a position.
    """
    return Entry(position, "alice", f"message {position}", False, 0.0)


def _entries(*positions: int) -> list[Entry]:
    """
    Messages at positions.
    """
    return [_entry(position) for position in positions]


class TailTests(SynchronousTestCase):
    """
    A member that keeps up is served from memory; one that is far behind is told to read.
    """

    def test_empty(self) -> None:
        """
        Before the first message nothing is due, and who came late reads the log.
        """
        tail = Tail(7)
        self.assertEqual(tail.head, 7)
        self.assertIsNone(tail.after(7))
        self.assertTrue(tail.covers(7))
        self.assertFalse(tail.covers(6))

    def test_next(self) -> None:
        """
        Each cursor is given the first message behind it, whether or not it stands on one.
        """
        tail = Tail(5)
        tail.extend(_entries(7, 10))
        tail.extend(_entries(20))
        following = {5: 7, 6: 7, 7: 10, 8: 10, 10: 20, 19: 20}
        self.assertEqual(
            {c: tail.after(c) for c in following}, {c: _entry(p) for c, p in following.items()}
        )
        self.assertIsNone(tail.after(20))
        self.assertEqual(tail.head, 20)

    def test_nothingNew(self) -> None:
        """
        A wake without a message changes nothing.
        """
        tail = Tail(5)
        tail.extend(_entries(7))
        tail.extend([])
        self.assertEqual((tail.head, tail.after(5)), (7, _entry(7)))

    def test_fullToTheBrim(self) -> None:
        """
        As many messages as fit are all kept; one more drops the oldest, and that is known.
        """
        tail = Tail(0)
        tail.extend(_entries(*range(10, 10 * TAIL_ENTRIES + 1, 10)))
        self.assertTrue(tail.covers(0))
        self.assertEqual(tail.after(0), _entry(10))
        tail.extend(_entries(10 * TAIL_ENTRIES + 10))
        self.assertFalse(tail.covers(9))
        self.assertTrue(tail.covers(10))
        self.assertEqual(tail.after(10), _entry(20))

    @settings(deadline=None, max_examples=30)
    @given(
        st.integers(0, 50),
        st.lists(st.integers(0, TAIL_ENTRIES * 2), max_size=5),
        st.lists(st.integers(1, 3), min_size=1, max_size=7),
        st.lists(st.floats(0, 1), min_size=1, max_size=20),
    )
    def test_sameAsTheLog(
        self, start: int, batches: list[int], gaps: list[int], places: list[float]
    ) -> None:
        """
        Whatever came in whatever pieces, a member is served the message the log has next.
        """
        tail = Tail(start)
        log: list[int] = []
        for size in batches:
            batch: list[int] = []
            for _ in range(size):
                gap = gaps[(len(log) + len(batch)) % len(gaps)]
                batch.append((batch or log or [start])[-1] + gap)
            tail.extend(_entries(*batch))
            log += batch
        head = (log or [start])[-1]
        self.assertEqual(tail.head, head)
        kept = [start, *log][-(TAIL_ENTRIES + 1) :]
        for cursor in (kept[0], head, *(int(start + place * (head - start)) for place in places)):
            self.assertEqual(tail.covers(cursor), cursor >= kept[0])
            if tail.covers(cursor):
                following = log[bisect_right(log, cursor) :][:1]
                self.assertEqual([tail.after(cursor)], _entries(*following) or [None])
