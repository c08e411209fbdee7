"""
What a program says through an outbox: not twice, not while it is stopped, and not if taken back.
"""

from twisted.internet.defer import CancelledError, Deferred

from tests.peer.test_outbox import SENT, OutboxTestCase
from twisted_messenger.peer.ownmessage import Fate, State
from twisted_messenger.push.interfaces import Outcome


class OnceTests(OutboxTestCase):
    """
    A message that must not arrive twice.
    """

    def sayOnce(self, text: bytes) -> "Deferred[Fate]":
        """
        Say something that must not be doubled.
        """
        return self.outbox.send(lambda: text, mayDouble=False)

    def test_mayHaveArrived(self) -> None:
        """
        It is unknown at once when its connection broke, or hung, after its end; the next one goes.
        """
        for outcome in (Outcome.FAILED, Outcome.HUNG):
            said, following = self.sayOnce(b"one"), self.sayOnce(b"two")
            self.pusher.ends(outcome, detail="it broke", connected=True, sent=True)
            self.assertEqual(self.successResultOf(said), Fate(State.UNKNOWN, "it broke"))
            self.assertNoResult(following)
            self.pusher.ends(Outcome.CONFIRMED)
            self.assertEqual(self.successResultOf(following), SENT)
        self.assertEqual(self.pusher.payloads, [b"one", b"two"] * 2)

    def test_cannotHaveArrived(self) -> None:
        """
        It is tried again as long as it did not go out to its end, and when the server says so.
        """
        said = self.sayOnce(b"one")
        for _ in range(20):
            self.pusher.ends(Outcome.FAILED, detail="refused")
            self.clock.advance(60)
            self.pusher.ends(Outcome.DEFERRED, b"~ rate: slow", connected=True, sent=True)
            self.clock.advance(60)
        self.pusher.ends(Outcome.CONFIRMED)
        self.assertEqual(self.successResultOf(said), SENT)


class PauseTests(OutboxTestCase):
    """
    A program that stops, and perhaps starts again.
    """

    def test_kept(self) -> None:
        """
        What is said meanwhile waits, in order.
        """
        self.successResultOf(self.outbox.pause())
        said = [self.say(b"one"), self.say(b"two")]
        self.clock.advance(60)
        self.assertEqual((self.pusher.pushed, len(self.outbox)), ([], 2))
        self.outbox.resume()
        for each in said:
            self.pusher.ends(Outcome.CONFIRMED)
            self.assertEqual(self.successResultOf(each), SENT)
        self.assertEqual(self.pusher.payloads, [b"one", b"two"])

    def test_takenBack(self) -> None:
        """
        What has not gone out is taken back, and goes at once when it goes on.
        """
        said = self.say(b"one")
        (push,) = self.pusher.pending
        self.successResultOf(self.outbox.pause())
        self.successResultOf(push)
        self.pusher.pending.clear()
        self.assertNoResult(said)
        self.clock.advance(60)
        self.assertEqual(self.pusher.payloads, [b"one"])
        self.outbox.resume()
        self.pusher.ends(Outcome.CONFIRMED)
        self.assertEqual(self.successResultOf(said), SENT)

    def test_backOff(self) -> None:
        """
        A pause ends a back-off; nothing goes during it.
        """
        self.say(b"one")
        self.fails(3)
        self.successResultOf(self.outbox.pause())
        self.clock.advance(60)
        self.assertEqual(len(self.pusher.pushed), 3)
        self.outbox.resume()
        self.assertEqual(len(self.pusher.pushed), 4)


class CancelTests(OutboxTestCase):
    """
    A message that is taken back.
    """

    def test_waiting(self) -> None:
        """
        It does not go, and those behind it do.
        """
        said = [self.say(text) for text in (b"one", b"two", b"three")]
        said[1].cancel()
        self.failureResultOf(said[1], CancelledError)
        self.pusher.ends(Outcome.CONFIRMED)
        self.pusher.ends(Outcome.CONFIRMED)
        self.assertEqual(self.pusher.payloads, [b"one", b"three"])
        self.assertEqual((self.successResultOf(said[2]), len(self.outbox)), (SENT, 0))

    def test_notAgain(self) -> None:
        """
        Between two attempts, too.
        """
        said = self.say(b"one")
        self.fails(1)
        said.cancel()
        self.failureResultOf(said, CancelledError)
        self.clock.advance(60)
        self.assertEqual((self.pusher.payloads, len(self.outbox)), ([b"one"], 0))

    def test_underWay(self) -> None:
        """
        What is under way arrives all the same, and nobody is told.
        """
        said = self.say(b"one")
        said.cancel()
        self.failureResultOf(said, CancelledError)
        self.say(b"two")
        self.pusher.ends(Outcome.CONFIRMED)
        self.assertEqual(self.pusher.payloads, [b"one", b"two"])
