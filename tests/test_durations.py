"""
How long something takes, in classes.
"""

from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.durations import BOUNDS, Durations


class DurationsTests(SynchronousTestCase):
    """
    Counted by their class.
    """

    def setUp(self) -> None:
        """
        None yet.
        """
        self.durations = Durations()

    def upTo(self, bound: float) -> int:
        """
        How many took no longer.
        """
        return self.durations.read()[BOUNDS.index(bound)]

    def test_classes(self) -> None:
        """
        One that takes as long as its bound is within it, one that takes longer is in the next, and
        each is in all above.
        """
        for seconds in (0.1, 0.11, 0.3):
            self.durations.add(seconds)
        self.assertEqual([self.upTo(bound) for bound in (0.05, 0.1, 0.25, 0.5)], [0, 1, 2, 3])
        self.assertAlmostEqual(self.durations.total, 0.51)

    def test_long(self) -> None:
        """
        What takes longer than anything foreseen is counted too.
        """
        self.durations.add(BOUNDS[-1] + 1)
        self.assertEqual(self.durations.read()[-2:], [0, 1])

    def test_setBack(self) -> None:
        """
        Where a clock was set back, nothing took less than no time.
        """
        self.durations.add(-3600.0)
        self.assertEqual((self.durations.read()[0], self.durations.total), (1, 0.0))

    def test_isRead(self) -> None:
        """
        Who would add one knows whether anybody looks.
        """
        self.assertFalse(self.durations.isRead)
        self.assertEqual(set(self.durations.read()), {0})
        self.assertTrue(self.durations.isRead)
