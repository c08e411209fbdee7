"""
How many pushes may be under way at once.
"""

from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.delivery.slots import MAX_PUSHES, MAX_SUSPECTS, Place, Slots, Window


def slotsOf(pushes: int) -> Slots[str, object]:
    """
    So many places, and nobody who is told of them.
    """
    return Slots(pushes, lambda who: None)


def _places(window: Window[str]) -> int:
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
            self.assertEqual(_places(Window(places)), places)

    def test_queue(self) -> None:
        """
        Who finds no place waits, and is called in the order of coming, once for each place.
        """
        window: Window[str] = Window(2)
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
        window: Window[str] = Window(1)
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
        window: Window[str] = Window(1)
        for name in "abc":
            window.enter(name)
        window.leave()
        self.assertEqual([window.waiting(), window.waiting()], ["b", "c"])
        self.assertTrue(window.enter("c"))

    def test_severalLeave(self) -> None:
        """
        As many may come in as went.
        """
        window: Window[str] = Window(3)
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
        slots = slotsOf(pushes)
        return _places(slots.healthy), _places(slots.suspects)

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
        slots = slotsOf(8)
        healthy, suspects = slots.healthy, slots.suspects
        _places(suspects)
        self.assertTrue(healthy.enter("a"))
        healthy.leave()
        self.assertIsNone(healthy.waiting())


class ServingTests(SynchronousTestCase):
    """
    Who waits for a place is served when one is given back.
    """

    def setUp(self) -> None:
        """
        Three healthy places and one for suspects, all taken.
        """
        self.served: list[str] = []
        self.slots: Slots[str, object] = Slots(4, self.serve)
        for who in "abc":
            self.slots.healthy.enter(who)
        self.slots.suspects.enter("s")

    def serve(self, who: str) -> None:
        """
        Who is served takes the place, and gives it back at once.
        """
        self.served.append(who)
        self.slots.healthy.enter(who)
        self.slots.leave(Place(self.slots.healthy))

    def test_one(self) -> None:
        """
        In the order of coming; each that gives its place back lets the next one in, without
        nesting.
        """
        for who in "def":
            self.slots.healthy.enter(who)
        self.slots.leave(Place(self.slots.healthy))
        self.assertEqual(self.served, ["d", "e", "f"])

    def test_keep(self) -> None:
        """
        A healthy place may be kept as long as nobody waits for one, or for an address.
        """
        slots = slotsOf(4)
        self.assertTrue(slots.mayKeep(Place(slots.healthy)))
        self.assertFalse(slots.mayKeep(Place(slots.suspects)))
        slots.block("10.0.0.7 9001", "a")
        self.assertFalse(slots.mayKeep(Place(slots.healthy)))
        self.assertEqual(slots.unblock("10.0.0.7 9001"), "a")
        self.assertIsNone(slots.unblock("10.0.0.7 9001"))
        self.assertTrue(slots.mayKeep(Place(slots.healthy)))
        self.slots.healthy.enter("d")
        self.assertFalse(self.slots.mayKeep(Place(self.slots.healthy)))


class ShareTests(SynchronousTestCase):
    """
    Nobody waits for strangers who hang.
    """

    def setUp(self) -> None:
        """
        Four places, two for each source.
        """
        self.window: Window[str] = Window(4, 2)

    def test_share(self) -> None:
        """
        A source has its share and no more; another one, and this machine, still enter.
        """
        entered = [self.window.enter(who, "10.0.0.7") for who in "abc"]
        self.assertEqual(entered, [True, True, False])
        self.assertTrue(self.window.enter("d", "10.0.0.8"))
        self.assertTrue(self.window.enter("e"))

    def test_sharesComeFree(self) -> None:
        """
        Who waits for its source's share is called when that is free, and not before.
        """
        for who in "abc":
            self.window.enter(who, "10.0.0.7")
        self.assertIsNone(self.window.waiting())
        self.window.leave("10.0.0.7")
        self.assertEqual(self.window.waiting(), "c")

    def test_inTurn(self) -> None:
        """
        However many of one source wait, those of others are not called after all of them.
        """
        for _ in range(4):
            self.window.enter("first")
        for who in ("a1", "a2", "a3"):
            self.window.enter(who, "10.0.0.7")
        self.window.enter("b1", "10.0.0.8")
        called = []
        for _ in range(4):
            self.window.leave()
            called.append(self.window.waiting())
        self.assertEqual(called, ["a1", "b1", "a2", "a3"])

    def test_hanging(self) -> None:
        """
        Those that hung last time have half of the places at most, and come after the others.
        """
        entered = [self.window.enter(f"h{n}", f"10.0.1.{n}", True) for n in range(3)]
        self.assertEqual(entered, [True, True, False])
        self.assertTrue(self.window.enter("a", "10.0.0.7"))
        self.assertTrue(self.window.enter("b", "10.0.0.7"))
        self.window.enter("new", "10.0.0.8")
        self.window.leave("10.0.1.0", True)
        self.assertEqual([self.window.waiting(), self.window.waiting()], ["new", "h2"])

    def test_withdrawn(self) -> None:
        """
        Who waits no longer is not called, and nobody is said to wait.
        """
        for _ in range(4):
            self.window.enter("first")
        self.window.enter("a", "10.0.0.7")
        self.window.enter("h", "10.0.0.7", True)
        self.assertTrue(self.window.waits)
        self.window.withdraw("a", "10.0.0.7")
        self.window.withdraw("h", "10.0.0.7", True)
        self.assertFalse(self.window.waits)
        self.window.leave()
        self.assertIsNone(self.window.waiting())
