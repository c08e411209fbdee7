"""
How many pushes may be under way at once.
"""

from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.delivery.slots import MAX_PUSHES, MAX_SUSPECTS, Slots, windows


def _places(window: Slots[str]) -> int:
    """
    Take all places there are.

    :returns: how many there were.
    """
    taken = 0
    while window.enter("somebody"):
        taken += 1
    return taken


class WindowTests(SynchronousTestCase):
    """
    Nobody enters a full window; who came first is let in first.
    """

    def test_places(self) -> None:
        """
        There are as many places as were asked for.
        """
        for places in (1, 2, 7):
            self.assertEqual(_places(Slots(places)), places)

    def test_queue(self) -> None:
        """
        Who finds no place waits, and is called in the order of coming, once for each place.
        """
        window: Slots[str] = Slots(2)
        entered = {name: window.enter(name) for name in "abcde"}
        self.assertEqual(entered, {"a": True, "b": True, "c": False, "d": False, "e": False})
        self.assertIsNone(window.waiting())
        for name in "cde":
            window.leave()
            self.assertEqual(window.waiting(), name)
            self.assertTrue(window.enter(name))
            self.assertIsNone(window.waiting())

    def test_nobodyWaits(self) -> None:
        """
        Where nobody waits, a free place stays free for whoever comes.
        """
        window: Slots[str] = Slots(1)
        self.assertIsNone(window.waiting())
        self.assertTrue(window.enter("a"))
        window.leave()
        self.assertIsNone(window.waiting())
        self.assertTrue(window.enter("b"))
        self.assertFalse(window.enter("c"))

    def test_calledInVain(self) -> None:
        """
        Who is called and no longer wants the place leaves it to the next.
        """
        window: Slots[str] = Slots(1)
        for name in "abc":
            window.enter(name)
        window.leave()
        self.assertEqual([window.waiting(), window.waiting()], ["b", "c"])
        self.assertTrue(window.enter("c"))

    def test_severalLeave(self) -> None:
        """
        As many may come in as went.
        """
        window: Slots[str] = Slots(3)
        for name in "abcdef":
            window.enter(name)
        window.leave()
        window.leave()
        entered = []
        while (called := window.waiting()) is not None:
            self.assertTrue(window.enter(called))
            entered.append(called)
        self.assertEqual(entered, ["d", "e"])


class DivisionTests(SynchronousTestCase):
    """
    Members that may hang cannot take the places of those that answer.
    """

    def divided(self, pushes: int) -> tuple[int, int]:
        """
        The places of the healthy and of the suspects.
        """
        both: tuple[Slots[str], Slots[str]] = windows(pushes)
        return _places(both[0]), _places(both[1])

    def test_default(self) -> None:
        """
        By default 256 in all, 32 of them for suspects.
        """
        self.assertEqual((MAX_PUSHES, MAX_SUSPECTS), (256, 32))
        self.assertEqual(self.divided(MAX_PUSHES), (224, 32))

    def test_few(self) -> None:
        """
        Even the fewest are divided, and most are for the healthy.
        """
        self.assertEqual(
            {pushes: self.divided(pushes) for pushes in (2, 3, 4, 8, 9)},
            {2: (1, 1), 3: (2, 1), 4: (3, 1), 8: (6, 2), 9: (7, 2)},
        )

    def test_noneLost(self) -> None:
        """
        All places are given, and suspects never get more than their cap.
        """
        for pushes in range(2, 600):
            healthy, suspects = self.divided(pushes)
            self.assertEqual(healthy + suspects, pushes)
            self.assertLessEqual(suspects, MAX_SUSPECTS)
            self.assertGreaterEqual(healthy, suspects)

    def test_apart(self) -> None:
        """
        Suspects that took all their places leave the others alone, and their queues are apart.
        """
        both: tuple[Slots[str], Slots[str]] = windows(8)
        healthy, suspects = both
        _places(suspects)
        self.assertTrue(healthy.enter("a"))
        healthy.leave()
        self.assertIsNone(healthy.waiting())
