"""
What an operator reads in the counts.
"""

from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.eventlog import Counters


class CountersTests(SynchronousTestCase):
    """
    Counts are plain numbers by name.
    """

    def test_nothingYet(self) -> None:
        """
        What never happened counts 0 and is not listed, however often one asks.
        """
        counters = Counters()
        self.assertEqual(counters["accepted"], 0)
        self.assertEqual(counters.snapshot(), {})

    def test_adding(self) -> None:
        """
        Each event counts once, or as often as it is said to.
        """
        counters = Counters()
        counters.add("accepted")
        counters.add("accepted")
        counters.add("dropped", 12)
        self.assertEqual((counters["accepted"], counters["dropped"]), (2, 12))

    def test_noAmount(self) -> None:
        """
        Nothing added is nothing listed.
        """
        counters = Counters()
        counters.add("dropped", 0)
        self.assertEqual(counters.snapshot(), {})

    def test_ordered(self) -> None:
        """
        The list is ordered by name, so that two of them can be compared line by line.
        """
        counters = Counters()
        for name in ("refused.too_big", "accepted", "refused.rate"):
            counters.add(name)
        self.assertEqual(
            list(counters.snapshot().items()),
            [("accepted", 1), ("refused.rate", 1), ("refused.too_big", 1)],
        )

    def test_snapshotStays(self) -> None:
        """
        A list that was taken does not change with what happens later, nor the counts with it.
        """
        counters = Counters()
        counters.add("accepted")
        taken = counters.snapshot()
        counters.add("accepted")
        self.assertEqual(taken, {"accepted": 1})
        taken["accepted"] = 99
        self.assertEqual(counters["accepted"], 2)

    def test_apart(self) -> None:
        """
        Two rooms in one program count apart.
        """
        one, other = Counters(), Counters()
        one.add("accepted")
        self.assertEqual(other["accepted"], 0)
