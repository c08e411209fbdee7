"""
What is known of the last entries without asking the file.
"""

from collections.abc import Callable
from functools import partial

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.stores.test_sqlitefile import FileTestCase, change
from twisted_messenger.entry import Post
from twisted_messenger.roster import Progress, RosterLimits
from twisted_messenger.stores.retention import STEP, entrySize
from twisted_messenger.stores.sqlite.file import SQLiteFile
from twisted_messenger.stores.sqlite.uncounted import Uncounted
from twisted_messenger.testing.contracts.roster import anyone, at


class UncountedTests(SynchronousTestCase):
    """
    Counting them by their sources.
    """

    def setUp(self) -> None:
        """
        Four entries of two sources.
        """
        self.uncounted = Uncounted()
        for position, source in ((5, "a"), (6, "b"), (7, "a"), (8, "a")):
            self.uncounted.add((position, source, 10 * position))

    def test_parts(self) -> None:
        """
        Each is counted once, however far one goes at a time.
        """
        self.assertEqual(self.uncounted.take(4, 6), [("a", 5, 1, 50), ("b", 6, 1, 60)])
        self.assertEqual(self.uncounted.take(6, 8), [("a", 8, 2, 150)])

    def test_older(self) -> None:
        """
        What came before them is not known, and they stay.
        """
        self.assertIsNone(self.uncounted.take(3, 8))
        self.assertIsNotNone(self.uncounted.take(4, 8))

    def test_later(self) -> None:
        """
        Nor what came after them.
        """
        self.assertIsNone(self.uncounted.take(4, 9))

    def test_back(self) -> None:
        """
        What was counted is not known again, where somebody new has to get it.
        """
        self.uncounted.take(4, 6)
        self.assertIsNone(self.uncounted.take(5, 8))

    def test_passed(self) -> None:
        """
        What was counted otherwise is forgotten.
        """
        self.assertEqual(self.uncounted.take(7, 8), [("a", 8, 1, 80)])

    def test_bounded(self) -> None:
        """
        However many wait for somebody, so many are remembered.
        """
        for position in range(9, 9 + 2 * STEP):
            self.uncounted.add((position, "", 1))
        self.assertIsNone(self.uncounted.take(8, 8 + 2 * STEP))
        self.assertEqual(
            self.uncounted.take(8 + STEP, 8 + 2 * STEP), [("", 8 + 2 * STEP, STEP, STEP)]
        )

    def test_cleared(self) -> None:
        """
        After a transaction that was taken back, nothing is known.
        """
        self.uncounted.clear()
        self.assertIsNone(self.uncounted.take(4, 5))


class Bug(Exception):
    """
    What takes a transaction back.
    """


def _bug() -> None:
    raise Bug


#: What is done in one transaction: who says something, or who has come how far; and whether it is
#: taken back.
_STEPS = st.lists(
    st.tuples(
        st.lists(st.sampled_from(["10.0.0.1", "10.0.0.2", None]), max_size=4),
        st.integers(0, 1),
        st.integers(0, 12),
        st.booleans(),
    ),
    max_size=12,
)


class SharesTests(FileTestCase):
    """
    What waits of each source, and how much of the log everybody has.
    """

    places = 0

    @settings(deadline=None, max_examples=60, database=None)
    @given(_STEPS)
    def test_asTheFile(self, steps: list[tuple[list[str | None], int, int, bool]]) -> None:
        """
        Whatever is said, confirmed and taken back, the file says the same as it does of itself when
        everything is counted anew.
        """
        self.places += 1
        file = SQLiteFile(f"{self.path}{self.places}")
        file.open()
        try:
            for port, name in enumerate("ab", 5000):
                change(file, partial(file.enrol, at(name, port), RosterLimits()))
            ids = [state.member.id for state in file.roster(0).members]
            for sources, who, cursor, isTakenBack in steps:
                posts = [Post("c", "x", one or "127.0.0.1", 0.0, one) for one in sources]
                changes: list[Callable[[], object]] = [
                    *(partial(file.append, one, anyone) for one in posts),
                    partial(file.advance, {ids[who]: Progress(cursor)}),
                ]
                if isTakenBack:
                    self.assertRaises(Bug, change, file, *changes, _bug)
                else:
                    change(file, *changes)
            change(file)
            self.check(file)
        finally:
            file.close()

    def check(self, file: SQLiteFile) -> None:
        """
        Compare what is kept with what there is.
        """
        slowest = min(state.progress.cursor for state in file.roster(0).members)
        self.assertEqual(file._delivered, slowest)
        entries = file.history(0, 1000, 2**20)
        there = [one for one in entries if one.position <= slowest]
        size = sum(entrySize(one.name, one.text) for one in there)
        self.assertEqual((file._kept, file._keptSize), (len(there), size))
        waiting = dict(
            file._db.execute(
                "SELECT source, sum(size) FROM log WHERE position > ? AND source != ''"
                " GROUP BY source",
                (slowest,),
            )
        )
        self.assertEqual(dict(file._db.execute("SELECT source, size FROM shares")), waiting)
        for source, held in file._heldBy.items():
            self.assertEqual(held, waiting.get(source, 0))
