"""
Members that answer a push: not now, or never.
"""

from tests.delivery.broadcasterrig import ANN, BroadcasterTestCase
from tests.roomtestcase import keepLog
from twisted_messenger.delivery.trouble import POISON_RESETS, POISON_SECONDS
from twisted_messenger.push.interfaces import Outcome


class AnswerTests(BroadcasterTestCase):
    """
    What a member answers counts.
    """

    def lines(self, words: str) -> list[str]:
        """
        The log lines with these words.
        """
        return [line for line in self.log.lines() if words in line]

    def setUp(self) -> None:
        """
        Nothing was logged yet.
        """
        super().setUp()
        self.log = keepLog(self, "eventlog")

    def test_later(self) -> None:
        """
        Who says "not now" gets the message again, with the back-off, and then the next one.
        """
        self.start()
        self.meet(("ann", ANN))
        self.say("ci", "1", "2")
        self.pusher.end(ANN, Outcome.DEFERRED, True, b"~ busy\n")
        self.network.advance(0.9)
        self.assertEqual(self.pusher.texts(ANN), ["ci: 1"])
        self.network.advance(0.2)
        self.pusher.end(ANN)
        self.assertEqual(self.pusher.texts(ANN), ["ci: 1", "ci: 1", "ci: 2"])
        self.assertEqual(self.counters["pushes.deferred"], 1)

    def test_laterForLong(self) -> None:
        """
        However often it says so, nothing is skipped: it is no reset. The log says once what it
        said.
        """
        pause = POISON_SECONDS / (POISON_RESETS - 1)
        self.start(retryPolicy=lambda _: pause)
        self.meet(("ann", ANN))
        self.say("ci", "1")
        for _ in range(2 * POISON_RESETS):
            self.pusher.end(ANN, Outcome.DEFERRED, True, b"~ not now\x1b\n")
            self.network.advance(pause + 0.1)
        self.assertEqual(self.pusher.texts(ANN), ["ci: 1"] * (2 * POISON_RESETS + 1))
        (line,) = self.lines("takes nothing now")
        self.assertIn("(not now\\x1b)", line)

    def test_never(self) -> None:
        """
        A message that it will not have is skipped, counted and logged, and the next one follows at
        once; it is not told of a loss.
        """
        self.start()
        self.meet(("ann", ANN))
        self.say("ci", "bad", "good")
        self.pusher.end(ANN, Outcome.REJECTED, True, b"! malformed: no thanks\n")
        self.pusher.end(ANN)
        self.assertEqual(self.pusher.texts(ANN), ["ci: bad", "ci: good"])
        self.assertEqual(self.counters["pushes.rejected"], 1)
        self.assertEqual(self.counters["skipped"], 0)
        self.assertIn("(malformed: no thanks)", self.lines("does not take")[0])
        self.network.advance(1)
        self.assertEqual(self.progress()["ann"].missed, 0)

    def test_neverEnds(self) -> None:
        """
        Who was away and then says "never" is there again: what it missed before is forgiven.
        """
        self.start()
        self.meet(("ann", ANN))
        self.say("ci", "1", "2", "3")
        self.pusher.end(ANN, Outcome.FAILED)
        self.network.advance(1.1)
        self.pusher.end(ANN, Outcome.REJECTED, True, b"!\n")
        self.pusher.end(ANN)
        self.assertEqual(self.pusher.texts(ANN), ["ci: 1", "ci: 1", "ci: 2", "ci: 3"])
