"""
A database that keeps its connections, and does not answer.
"""

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.errors import StoreLost
from twisted_messenger.stores.postgresql.answerlimit import AnswerLimit

LIMIT = 3.0


class AnswerLimitTests(SynchronousTestCase):
    """
    Nobody waits for it much longer than a lease lasts.
    """

    def setUp(self) -> None:
        """
        A question that was asked a moment ago.
        """
        self.clock = Clock()
        self.asked: list[Callable[[Any], Any]] = []
        self.answers: list[Deferred[Any]] = []
        #: When the server was given up.
        self.gaveUp: list[float] = []
        self.limit = AnswerLimit(
            self.ask, self.clock, LIMIT, lambda: self.gaveUp.append(self.clock.seconds())
        )
        self.answer = self.limit.run(lambda cursor: f"asked {cursor}")

    def ask(self, call: Callable[[Any], Any]) -> "Deferred[Any]":
        """
        Keep it.
        """
        self.asked.append(call)
        self.answers.append(Deferred())
        return self.answers[-1]

    def reach(self) -> Any:
        """
        There is a connection, and the question is asked on it.
        """
        return self.asked[0]("cursor")

    def wait(self, seconds: float) -> None:
        """
        Let time pass in small steps, whose sum is exact.
        """
        self.clock.pump([1 / 128] * round(seconds * 128))

    def test_unanswered(self) -> None:
        """
        It is given up once for each question; what became of that is told as any other answer.
        """
        self.reach()
        self.wait(LIMIT - 0.1)
        self.assertEqual(self.gaveUp, [])
        self.wait(LIMIT)
        self.assertEqual(self.gaveUp, [LIMIT])
        self.answers[0].errback(StoreLost("cut off"))
        self.failureResultOf(self.answer, StoreLost)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_answered(self) -> None:
        """
        One that answers, in time or at once, is never given up, and no timer is left.
        """
        self.answers[0].callback(self.reach())
        self.assertEqual(self.successResultOf(self.answer), "asked cursor")
        for atOnce in (lambda _: succeed(1), lambda _: fail(StoreLost("gone"))):
            limit = AnswerLimit(atOnce, self.clock, LIMIT, self.fail)
            limit.run(lambda _: None).addErrback(lambda reason: reason.trap(StoreLost))
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_connecting(self) -> None:
        """
        While a connection is made, which may take one attempt after the other at several hosts,
        the others are not cut off.
        """
        self.wait(3 * LIMIT)
        self.reach()
        self.wait(LIMIT / 2)
        self.assertEqual(self.gaveUp, [])
        self.wait(LIMIT / 2 + 0.1)
        self.assertEqual(len(self.gaveUp), 1)

    def test_neverConnected(self) -> None:
        """
        One that takes a connection, and hangs before it can be asked anything, is given up too.
        """
        self.wait(4 * LIMIT)
        self.assertEqual(self.gaveUp, [])
        self.wait(LIMIT)
        self.assertEqual(self.gaveUp, [5 * LIMIT])

    def test_stoodStill(self) -> None:
        """
        A program that stood still for a minute reads its answer before it gives anybody up.
        """
        self.reach()
        self.clock.advance(60)
        self.assertEqual(self.gaveUp, [])
        self.answers[0].callback("late")
        self.assertEqual(self.successResultOf(self.answer), "late")
