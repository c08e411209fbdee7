"""
The newest messages, from memory, the same as from the log.
"""

from bisect import bisect_right

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.delivery.payload import PreparedPush
from twisted_messenger.delivery.tail import TAIL_BYTES, TAIL_ENTRIES, Tail
from twisted_messenger.entry import Entry


def _said(position: int, text: str) -> PreparedPush:
    """
    A text at a position.
    """
    return PreparedPush(Entry(position, "alice", text, False, 0.0))


def _entry(position: int) -> PreparedPush:
    """
    A message at a position.
    """
    return _said(position, f"message {position}")


def _big(position: int, letters: int) -> PreparedPush:
    """
    A long message at a position.
    """
    return _said(position, "x" * letters)


def _entries(*positions: int) -> list[PreparedPush]:
    """
    Messages at positions.
    """
    return [_entry(position) for position in positions]


def _what(entry: PreparedPush | None) -> tuple[int, str, bytes] | None:
    """
    All there is of a message.
    """
    return None if entry is None else (entry.position, entry.name, entry.payload)


class TailTests(SynchronousTestCase):
    """
    A member that keeps up is served from memory; one that is far behind is told to read.
    """

    def test_dropped(self) -> None:
        """
        Nobody is led over what was dropped before it was read here.
        """
        tail = Tail(1)
        tail.extend(_entries(2, 3))
        tail.dropUpTo(3)
        self.assertEqual(_what(tail.after(1)), _what(_entry(2)))
        tail.dropUpTo(6)
        tail.extend(_entries(7))
        self.assertEqual([tail.covers(cursor) for cursor in (1, 3, 6)], [False, False, True])
        self.assertIsNone(tail.next.get(3))
        self.assertEqual(_what(tail.after(6)), _what(_entry(7)))

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
            {c: _what(tail.after(c)) for c in following},
            {c: _what(_entry(p)) for c, p in following.items()},
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
        self.assertEqual((tail.head, _what(tail.after(5))), (7, _what(_entry(7))))

    def test_fullToTheBrim(self) -> None:
        """
        As many messages as fit are all kept; one more drops the oldest, and that is known.
        """
        tail = Tail(0)
        tail.extend(_entries(*range(10, 10 * TAIL_ENTRIES + 1, 10)))
        self.assertTrue(tail.covers(0))
        self.assertEqual(_what(tail.after(0)), _what(_entry(10)))
        tail.extend(_entries(10 * TAIL_ENTRIES + 10))
        self.assertFalse(tail.covers(9))
        self.assertTrue(tail.covers(10))
        self.assertEqual(_what(tail.after(10)), _what(_entry(20)))

    def test_tooManyBytes(self) -> None:
        """
        A few huge messages take no more memory than many small ones; the oldest go.
        """
        tail = Tail(0)
        # Four of them just fit.
        big = [_big(position, TAIL_BYTES // 4 - 1000) for position in range(1, 6)]
        tail.extend(big[:4])
        self.assertTrue(tail.covers(0))
        tail.extend(big[4:])
        self.assertFalse(tail.covers(0))
        self.assertEqual((tail.covers(1), tail.after(1)), (True, big[1]))
        tail.extend(_entries(6, 7, 8))
        self.assertTrue(tail.covers(1))
        tail.extend([_big(9, 10_000)])
        self.assertEqual((tail.covers(1), tail.covers(2), tail.after(2)), (False, True, big[2]))
        tail.extend([_big(10, TAIL_BYTES // 4 - 20_000)])
        self.assertTrue(tail.covers(2))

    def test_wideLetters(self) -> None:
        """
        Texts count by the bytes they take as they are pushed: an emoji is four.
        """
        tail = Tail(0)
        wide = [_said(position, "\U0001f600" * (TAIL_BYTES // 12)) for position in range(1, 5)]
        tail.extend(wide)
        self.assertFalse(tail.covers(0))
        self.assertEqual(tail.head, 4)
        self.assertEqual(tail.after(3), wide[3])

    def test_oneHugeMessage(self) -> None:
        """
        A message too big for memory is read from the log; those behind it are here.
        """
        tail = Tail(0)
        tail.extend([_big(1, TAIL_BYTES + 1)])
        self.assertEqual((tail.head, tail.covers(0), tail.covers(1)), (1, False, True))
        self.assertIsNone(tail.after(1))
        tail.extend(_entries(2))
        self.assertEqual(_what(tail.after(1)), _what(_entry(2)))

    def test_bothLimits(self) -> None:
        """
        Where too many messages go, the bytes they took are free for others.
        """
        tail = Tail(0)
        tail.extend([_big(position, TAIL_BYTES // 3) for position in (1, 2)])
        tail.extend(_entries(*range(3, TAIL_ENTRIES + 3)))
        self.assertEqual((tail.covers(1), tail.covers(2)), (False, True))
        rest = _big(TAIL_ENTRIES + 3, TAIL_BYTES * 2 // 3)
        tail.extend([rest])
        self.assertTrue(tail.covers(3))
        self.assertEqual(tail.after(TAIL_ENTRIES + 2), rest)

    def test_rewind(self) -> None:
        """
        Where the log begins anew, nobody is served what was in memory of the old one; there is as
        much room as at first.
        """
        tail = Tail(5)
        tail.extend([_big(7, TAIL_BYTES - 1000)])
        tail.rewind()
        self.assertEqual((tail.head, tail.next), (0, {}))
        for cursor in (0, 5, 7, 100):
            self.assertFalse(tail.covers(cursor))
        tail.startAt(3)
        self.assertEqual((tail.covers(2), tail.covers(3), tail.after(3)), (False, True, None))
        again = [_big(4, TAIL_BYTES // 2), _big(6, TAIL_BYTES // 3)]
        tail.extend(again)
        self.assertEqual((tail.covers(3), tail.after(3), tail.after(5)), (True, *again))

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
                expected = _entry(following[0]) if following else None
                self.assertEqual(_what(tail.after(cursor)), _what(expected))
