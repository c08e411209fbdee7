"""
What a peer says to somebody who may be away.
"""

from errno import ECONNREFUSED, EHOSTUNREACH

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tests.pushers import ScriptedPusher
from twisted_messenger.backoff import RetryPolicy
from twisted_messenger.peer.outbox import MAX_RESETS, Outbox
from twisted_messenger.peer.outboxes import Outboxes
from twisted_messenger.peer.ownmessage import Fate, State
from twisted_messenger.push.interfaces import Outcome

SENT = Fate(State.SENT)


def seconds(failures: int) -> float:
    """
    Back off for as many seconds as there were failures.
    """
    return float(failures)


class OutboxTestCase(SynchronousTestCase):
    """
    An outbox to nobody in particular.
    """

    def setUp(self) -> None:
        """
        Nothing was said yet.
        """
        self.make(seconds)

    def make(self, policy: RetryPolicy | None) -> None:
        """
        Start with a certain back-off.
        """
        self.clock = Clock()
        self.pusher = ScriptedPusher()
        self.notices: list[str] = []
        #: Whether nobody listened meanwhile, each time that the other side came back.
        self.returns: list[bool] = []
        self.outbox = Outbox(
            self.pusher,
            self.clock,
            "10.0.0.9",
            8880,
            "bob",
            self.notices.append,
            returned=self.returned,
            retryPolicy=policy,
        )

    def returned(self, restarted: bool) -> None:
        """
        The other side is there again.
        """
        self.returns.append(restarted)

    def say(self, text: bytes) -> "Deferred[Fate]":
        """
        Say something.
        """
        return self.outbox.send(lambda: text)

    def fails(self, times: int) -> None:
        """
        The next attempts fail, each as soon as it may be made.
        """
        for _ in range(times):
            if not self.pusher.pending:
                self.clock.advance(60)
            self.pusher.ends(Outcome.FAILED, detail="refused")


class OutboxTests(OutboxTestCase):
    """
    Messages arrive in order, each is tried until it is settled.
    """

    def test_sent(self) -> None:
        """
        What is said goes out at once and is done when the other side took it.
        """
        said = self.say(b"hello")
        self.assertEqual(self.pusher.pushed, [("10.0.0.9", 8880, b"hello")])
        self.assertNoResult(said)
        self.assertEqual(len(self.outbox), 1)
        self.pusher.ends(Outcome.CONFIRMED)
        self.assertEqual(self.successResultOf(said), SENT)
        self.assertEqual(len(self.outbox), 0)

    def test_order(self) -> None:
        """
        Messages go one after the other, as they were said.
        """
        said = [self.say(text) for text in (b"one", b"two", b"three")]
        self.assertEqual(self.pusher.payloads, [b"one"])
        self.pusher.ends(Outcome.CONFIRMED)
        self.assertEqual(self.pusher.payloads, [b"one", b"two"])
        self.assertNoResult(said[1])
        self.pusher.ends(Outcome.CONFIRMED)
        self.pusher.ends(Outcome.CONFIRMED)
        self.assertEqual(self.pusher.payloads, [b"one", b"two", b"three"])
        self.assertEqual([self.successResultOf(each) for each in said], [SENT] * 3)

    def test_retry(self) -> None:
        """
        A message that did not arrive is tried again, before those behind it.
        """
        said = self.say(b"one")
        self.say(b"two")
        self.pusher.ends(Outcome.FAILED)
        self.assertNoResult(said)
        self.clock.advance(0.9)
        self.assertEqual(self.pusher.payloads, [b"one"])
        self.clock.advance(0.2)
        self.assertEqual(self.pusher.payloads, [b"one", b"one"])
        self.pusher.ends(Outcome.CONFIRMED)
        self.successResultOf(said)
        self.assertEqual(self.pusher.payloads, [b"one", b"one", b"two"])

    def test_backOff(self) -> None:
        """
        The longer somebody is away, the less often they are tried; a success starts anew.
        """
        self.say(b"one")
        for wait in (1, 2, 3):
            self.pusher.ends(Outcome.FAILED)
            self.clock.advance(wait - 0.1)
            self.assertEqual(self.pusher.pending, [])
            self.clock.advance(0.2)
            self.assertEqual(len(self.pusher.pending), 1)
        self.pusher.ends(Outcome.CONFIRMED)
        self.say(b"two")
        self.pusher.ends(Outcome.FAILED)
        self.clock.advance(1)
        self.assertEqual(len(self.pusher.pending), 1)

    def test_neverGivenUp(self) -> None:
        """
        What is said to somebody who is away waits for as long as it takes: for days.
        """
        self.say(b"one")
        for _ in range(50):
            self.pusher.ends(Outcome.FAILED)
            self.clock.advance(3600)
        self.assertEqual(self.pusher.payloads, [b"one"] * 51)

    def test_resets(self) -> None:
        """
        Who is there and resets the same message again and again does not block the next: what
        became of it is unknown.
        """
        said = self.say(b"one")
        self.say(b"two")
        for _ in range(MAX_RESETS):
            self.assertNoResult(said)
            self.pusher.ends(Outcome.FAILED, connected=True)
            self.clock.advance(60)
        fate = self.successResultOf(said)
        self.assertIs(fate.state, State.UNKNOWN)
        self.assertIn(f"{MAX_RESETS} times", fate.detail)
        self.assertEqual(self.pusher.payloads, [b"one"] * MAX_RESETS + [b"two"])
        self.assertEqual(self.notices, [])

    def test_resetsOfEach(self) -> None:
        """
        The resets of one message are not counted for the next.
        """
        self.say(b"one")
        self.pusher.ends(Outcome.FAILED, connected=True)
        self.clock.advance(60)
        self.pusher.ends(Outcome.CONFIRMED)
        said = self.say(b"two")
        for _ in range(MAX_RESETS - 1):
            self.pusher.ends(Outcome.FAILED, connected=True)
            self.clock.advance(60)
        self.assertNoResult(said)

    def test_refusedConnectionsAreNoResets(self) -> None:
        """
        A server that is killed in the middle of a message and stays away for long is waited for.
        """
        said = self.say(b"one")
        self.pusher.ends(Outcome.FAILED, connected=True)
        self.fails(3 * MAX_RESETS)
        self.assertNoResult(said)

    def test_laterPayload(self) -> None:
        """
        A message is put into bytes when it goes, not when it was said.
        """
        self.say(b"one")
        name = "ann"
        self.outbox.send(lambda: name.encode())
        name = "anna"
        self.pusher.ends(Outcome.CONFIRMED)
        self.assertEqual(self.pusher.payloads, [b"one", b"anna"])

    def test_first(self) -> None:
        """
        What must go before everything else does, and after what is on its way.
        """
        self.say(b"one")
        self.fails(1)
        self.outbox.send(lambda: b"zero", first=True)
        self.assertEqual(self.pusher.payloads[1:], [b"zero"])
        self.outbox.send(lambda: b"minus one", first=True)
        for _ in range(3):
            self.pusher.ends(Outcome.CONFIRMED)
        self.assertEqual(self.pusher.payloads[1:], [b"zero", b"minus one", b"one"])

    def test_otherReply(self) -> None:
        """
        A friend who closes in order after a word of their own has the message.
        """
        said = self.say(b"one")
        self.pusher.ends(Outcome.CONFIRMED, b"thanks\n")
        self.assertEqual(self.successResultOf(said), Fate(State.SENT, "thanks"))

    def test_shortFirstStep(self) -> None:
        """
        By default the second attempt follows the first in a moment, and no wait is long.
        """
        self.make(None)
        self.say(b"one")
        self.pusher.ends(Outcome.FAILED)
        self.clock.advance(0.07)
        self.assertEqual(self.pusher.pending, [])
        self.clock.advance(0.06)
        self.assertEqual(len(self.pusher.pending), 1)
        self.fails(20)
        self.clock.advance(6.1)
        self.assertEqual(len(self.pusher.pending), 1)

    def test_newMessageTriesAtOnce(self) -> None:
        """
        Who says something more does not wait for the next attempt; the order stays.
        """
        self.say(b"one")
        self.fails(5)
        self.assertEqual(self.pusher.pending, [])
        self.say(b"two")
        self.assertEqual(self.pusher.payloads[5:], [b"one"])
        self.pusher.ends(Outcome.CONFIRMED)
        self.assertEqual(self.pusher.payloads[5:], [b"one", b"two"])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_tryAgainReply(self) -> None:
        """
        A server that says "later" gets the message later.
        """
        said = self.say(b"one")
        self.pusher.ends(Outcome.CONFIRMED, b"~ rate: slow down\n")
        self.assertNoResult(said)
        self.assertEqual(self.pusher.pending, [])
        self.clock.advance(1)
        self.pusher.ends(Outcome.CONFIRMED)
        self.assertEqual(self.successResultOf(said), SENT)

    def test_refusal(self) -> None:
        """
        A server that says "no" is not asked again; the reason is handed on, the rest goes out.
        """
        said = self.say(b"one")
        self.say(b"two")
        self.pusher.ends(Outcome.CONFIRMED, b"! bad_name: no\n")
        self.assertEqual(self.successResultOf(said), Fate(State.REFUSED, "bad_name: no"))
        self.assertEqual(self.pusher.payloads, [b"one", b"two"])
        self.assertEqual(self.notices, [])

    def test_hungStranger(self) -> None:
        """
        A listener that never closes, such as some netcats, is not shown everything for ever.
        """
        said = self.say(b"one")
        self.say(b"two")
        self.pusher.ends(Outcome.HUNG)
        self.assertIs(self.successResultOf(said).state, State.UNKNOWN)
        self.assertEqual(self.pusher.payloads, [b"one", b"two"])

    def test_hungFriend(self) -> None:
        """
        Somebody who has closed in order before and now hangs is tried again.
        """
        self.say(b"one")
        self.pusher.ends(Outcome.CONFIRMED)
        said = self.say(b"two")
        self.pusher.ends(Outcome.HUNG)
        self.assertNoResult(said)
        self.clock.advance(1)
        self.assertEqual(self.pusher.payloads, [b"one", b"two", b"two"])

    def test_answerToAnAnswer(self) -> None:
        """
        Who says something because of a reply is heard, once and in turn.
        """

        def answer(fate: Fate) -> None:
            self.say(b"three")

        self.say(b"one").addCallback(answer)
        self.say(b"two")
        for _ in range(3):
            self.pusher.ends(Outcome.CONFIRMED)
        self.assertEqual(self.pusher.payloads, [b"one", b"two", b"three"])


class NoticeTests(OutboxTestCase):
    """
    What the person is told about the other side.
    """

    def test_oneFailureIsNoNews(self) -> None:
        """
        A listener that starts again between two messages is not worth a line.
        """
        self.say(b"one")
        self.fails(1)
        self.clock.advance(1)
        self.pusher.ends(Outcome.CONFIRMED)
        self.assertEqual(self.notices, [])

    def test_goneIsToldOnce(self) -> None:
        """
        The person is told once that the other side is not there, why, and when it is again.
        """
        self.say(b"one")
        self.fails(10)
        (gone,) = self.notices
        for part in ("bob", "refused", "waits"):
            self.assertIn(part, gone)
        self.clock.advance(60)
        self.pusher.ends(Outcome.CONFIRMED)
        self.assertEqual(len(self.notices), 2)
        self.assertIn("again", self.notices[1])

    def test_laterIsTold(self) -> None:
        """
        The reason a server gives for "later" is shown.
        """
        self.say(b"one")
        for _ in range(2):
            self.pusher.ends(Outcome.CONFIRMED, b"~ store_full: no room\n")
            self.clock.advance(2)
        self.assertEqual(
            self.notices, ["bob takes nothing now (store_full: no room); what you say waits"]
        )

    def test_goneIsToldOnceWhileTalkingOn(self) -> None:
        """
        Who goes on writing to somebody who is away is not told so again and again.
        """
        for text in (b"one", b"two", b"three"):
            self.say(text)
            self.fails(3)
        self.assertEqual(len(self.notices), 1)

    def test_returnIsToldWhileTalkingOn(self) -> None:
        """
        The return is told also where a new message found the other side there again.
        """
        self.say(b"one")
        self.fails(3)
        self.say(b"two")
        self.pusher.ends(Outcome.CONFIRMED)
        self.assertEqual(len(self.notices), 2)
        self.assertIn("again", self.notices[1])


class ReturnTests(OutboxTestCase):
    """
    Somebody who was away is there again.
    """

    def returned(self, restarted: bool) -> None:
        """
        Say something that must go first.
        """
        super().returned(restarted)
        self.outbox.send(lambda: b"it is me", first=True)

    def test_returned(self) -> None:
        """
        It is told before the next message goes, so that something else can go before that.
        """
        for text in (b"one", b"two"):
            self.say(text)
        self.fails(3)
        self.assertTrue(self.outbox.other.away)
        self.clock.advance(60)
        self.pusher.ends(Outcome.CONFIRMED)
        self.assertFalse(self.outbox.other.away)
        self.pusher.ends(Outcome.CONFIRMED)
        self.assertEqual(self.pusher.payloads[-3:], [b"one", b"it is me", b"two"])

    def test_restarted(self) -> None:
        """
        Where nobody listened meanwhile, it is a new program that is there now; a network that
        came back tells nothing of that kind.
        """
        for error in (ECONNREFUSED, EHOSTUNREACH):
            self.say(b"one")
            for _ in range(3):
                self.pusher.ends(Outcome.FAILED, error=error)
                self.clock.advance(60)
            self.pusher.ends(Outcome.CONFIRMED)
            self.pusher.ends(Outcome.CONFIRMED)
        self.assertEqual(self.returns, [True, False])

    def test_neverAway(self) -> None:
        """
        Who was never away does not return.
        """
        self.say(b"one")
        self.fails(1)
        self.clock.advance(60)
        self.pusher.ends(Outcome.CONFIRMED)
        self.assertEqual(self.returns, [])


class StopTests(OutboxTestCase):
    """
    After a stop there is silence.
    """

    def test_stopInFlight(self) -> None:
        """
        A push under way is given up, and nobody hears of it.
        """
        said = [self.say(b"one"), self.say(b"two")]
        (push,) = self.pusher.pending
        self.outbox.stop()
        self.assertIs(self.successResultOf(push.addCallback(lambda _: None)), None)
        for each in said:
            self.assertNoResult(each)
        self.assertEqual(self.pusher.payloads, [b"one"])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_stopBackingOff(self) -> None:
        """
        No attempt follows, whatever is said afterwards.
        """
        self.say(b"one")
        self.fails(1)
        self.outbox.stop()
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.assertNoResult(self.say(b"two"))
        self.assertEqual(self.pusher.payloads, [b"one"])

    def test_stopIsNoNews(self) -> None:
        """
        Who stops is not told that the other side is gone.
        """
        self.say(b"one")
        self.fails(1)
        self.clock.advance(60)
        self.outbox.stop()
        self.assertEqual(self.notices, [])


class OutboxesTests(SynchronousTestCase):
    """
    An outbox for each address.
    """

    def setUp(self) -> None:
        """
        Nobody was spoken to yet.
        """
        self.pusher = ScriptedPusher()
        #: How many were unsent, each time a message was settled.
        self.left: list[int] = []
        self.outboxes = Outboxes(self.pusher, Clock(), str, self.moved)

    def moved(self) -> None:
        """
        A message is settled.
        """
        self.left.append(len(self.outboxes))

    def test_oneForEach(self) -> None:
        """
        The same address has the same outbox, under its last label.
        """
        bob = self.outboxes.to("10.0.0.9", 8881, "10.0.0.9:8881")
        self.assertIs(self.outboxes.to("10.0.0.9", 8881, "bob"), bob)
        self.assertEqual(bob.other.label, "bob")
        self.assertIsNot(self.outboxes.to("10.0.0.9", 8882, "carol"), bob)

    def test_count(self) -> None:
        """
        What is unsent is counted in all of them, and each that is settled is told.
        """
        for port in (8881, 8882):
            self.outboxes.to("10.0.0.9", port, "").send(lambda: b"hello")
        self.assertEqual(len(self.outboxes), 2)
        self.pusher.ends(Outcome.CONFIRMED)
        self.pusher.ends(Outcome.CONFIRMED, b"! no")
        self.assertEqual(self.left, [1, 0])

    def test_stop(self) -> None:
        """
        A stop stops all.
        """
        self.outboxes.to("10.0.0.9", 8881, "bob").send(lambda: b"hello")
        (push,) = self.pusher.pending
        self.outboxes.stop()
        self.successResultOf(push)
        self.assertEqual(len(self.outboxes), 1)
