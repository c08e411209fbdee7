"""
One timer for whatever is due.
"""

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.delivery.alarm import Alarm


class AlarmTests(SynchronousTestCase):
    """
    Things come when they are due, and not before.
    """

    def setUp(self) -> None:
        """
        Nothing is due.
        """
        self.clock = Clock()
        self.rung: list[str] = []
        self.alarm: Alarm[str] = Alarm(self.clock, self.rung.append)

    def test_inTime(self) -> None:
        """
        In the order of their times, with one timer for all.
        """
        for thing, seconds in (("c", 3.0), ("a", 1.0), ("b", 2.0)):
            self.alarm.put(thing, seconds)
        self.assertEqual(len(self.clock.getDelayedCalls()), 1)
        seen = []
        for _ in range(4):
            self.clock.advance(0.9)
            seen.append("".join(self.rung))
        self.assertEqual(seen, ["", "a", "ab", "abc"])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_movedAndForgotten(self) -> None:
        """
        What was put in again comes at its new time alone; what was forgotten does not come.
        """
        self.alarm.put("moved", 1.0)
        self.alarm.put("forgotten", 1.5)
        self.alarm.put("moved", 2.0)
        self.alarm.remove("forgotten")
        self.assertIn("moved", self.alarm)
        self.assertNotIn("forgotten", self.alarm)
        self.clock.advance(1.9)
        self.assertEqual(self.rung, [])
        self.clock.advance(0.2)
        self.assertEqual(self.rung, ["moved"])

    def test_together(self) -> None:
        """
        What is due at nearly the same time goes together, a moment late.
        """
        self.alarm.put("a", 0.001)
        self.alarm.put("b", 0.01)
        self.clock.advance(0.015)
        self.assertEqual(self.rung, [])
        self.clock.advance(0.01)
        self.assertEqual(self.rung, ["a", "b"])

    def test_again(self) -> None:
        """
        Whoever is called may put it in again.
        """
        self.alarm = Alarm(self.clock, lambda thing: self.again(thing))
        self.alarm.put("a", 1.0)
        self.clock.pump([1.0] * 3)
        self.assertEqual(self.rung, ["a"] * 3)
        self.alarm.stop()

    def again(self, thing: str) -> None:
        """
        Note it, and put it in again.
        """
        self.rung.append(thing)
        self.alarm.put(thing, 1.0)

    def test_stopped(self) -> None:
        """
        Nothing comes any more.
        """
        self.alarm.put("a", 1.0)
        self.alarm.stop()
        self.assertEqual(self.clock.getDelayedCalls(), [])
