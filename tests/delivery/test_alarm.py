"""
Who waits is woken at its time, by one delayed call for all.
"""

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.delivery.alarm import Alarm


class Dreamer:
    """
    Somebody who waits.

    :param name: for the test.
    :param woken: is told of it.
    """

    def __init__(self, name: str, woken: list[str]) -> None:
        self.wakesAt: float | None = None
        self.name = name
        self.woken = woken

    def proceed(self) -> None:
        """
        See :class:`~twisted_messenger.delivery.alarm.Sleeper`.
        """
        self.woken.append(self.name)


class Broken(Dreamer):
    """
    Somebody with a bug.
    """

    def proceed(self) -> None:
        """
        The bug.
        """
        raise ZeroDivisionError


class AlarmTests(SynchronousTestCase):
    """
    An alarm for a few.
    """

    def setUp(self) -> None:
        """
        Nobody waits.
        """
        self.clock = Clock()
        self.alarm = Alarm(self.clock)
        self.woken: list[str] = []
        self.one, self.two, self.three = (
            Dreamer(name, self.woken) for name in ("one", "two", "three")
        )

    def test_order(self) -> None:
        """
        Each is woken at its time, whoever was first to wait; at the same time, who was.
        """
        self.alarm.set(self.one, 2)
        self.alarm.set(self.two, 1)
        self.alarm.set(self.three, 2)
        self.clock.advance(1)
        self.assertEqual(self.woken, ["two"])
        self.clock.advance(1)
        self.assertEqual(self.woken, ["two", "one", "three"])

    def test_one(self) -> None:
        """
        However many wait, the reactor has one delayed call for them, and none for nobody.
        """
        for seconds, sleeper in ((3, self.one), (1, self.two), (2, self.three)):
            self.alarm.set(sleeper, seconds)
        self.assertEqual([call.getTime() for call in self.clock.getDelayedCalls()], [1])
        self.clock.advance(1)
        self.assertEqual([call.getTime() for call in self.clock.getDelayedCalls()], [2])
        self.clock.advance(2)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_again(self) -> None:
        """
        Who is to wait anew is not woken at the earlier time.
        """
        self.alarm.set(self.one, 1)
        self.alarm.set(self.one, 3)
        self.clock.advance(2)
        self.assertEqual((self.woken, self.one.wakesAt), ([], 3))
        self.clock.advance(1)
        self.assertEqual((self.woken, self.one.wakesAt), (["one"], None))

    def test_sooner(self) -> None:
        """
        Nor at the later one, where it is to look sooner.
        """
        self.alarm.set(self.one, 3)
        self.alarm.set(self.one, 1)
        self.clock.pump([1, 2])
        self.assertEqual(self.woken, ["one"])

    def test_cancelled(self) -> None:
        """
        Who waits no longer is left alone, and others are woken all the same.
        """
        self.alarm.set(self.one, 1)
        self.alarm.set(self.two, 2)
        self.alarm.cancel(self.one)
        self.alarm.cancel(self.three)
        self.clock.pump([1, 1])
        self.assertEqual((self.woken, self.one.wakesAt), (["two"], None))

    def test_nobodyLeft(self) -> None:
        """
        When nobody waits any more, the reactor has nothing left to do: a program can end.
        """
        self.alarm.set(self.one, 1)
        self.alarm.set(self.two, 2)
        self.alarm.cancel(self.one)
        self.alarm.cancel(self.two)
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.alarm.set(self.three, 1)
        self.clock.advance(1)
        self.assertEqual(self.woken, ["three"])

    def test_whileWoken(self) -> None:
        """
        Who is woken may wait again, and may let others wait no longer.
        """
        alarm, two = self.alarm, self.two

        class Restless(Dreamer):
            def proceed(self) -> None:
                super().proceed()
                alarm.cancel(two)
                alarm.set(self, 1)

        self.alarm.set(Restless("restless", self.woken), 1)
        self.alarm.set(self.two, 1)
        self.clock.pump([1, 1])
        self.assertEqual(self.woken, ["restless", "restless"])

    def test_bug(self) -> None:
        """
        Whoever has a bug costs no other its time.
        """
        self.alarm.set(Broken("broken", self.woken), 1)
        self.alarm.set(self.two, 1)
        self.assertRaises(ZeroDivisionError, self.clock.advance, 1)
        self.clock.advance(0)
        self.assertEqual(self.woken, ["two"])

    def test_rounding(self) -> None:
        """
        Times that no fraction of two hits are met all the same, by one call each.
        """
        self.clock.advance(0.1)
        for _ in range(100):
            self.alarm.set(self.one, 0.7)
            self.clock.advance(0.7)
        self.assertEqual(len(self.woken), 100)
