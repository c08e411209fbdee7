"""
What a peer says to somebody who may be away.
"""

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tests.pushers import DeferredPusher
from twisted_messenger.delivery import RetryPolicy
from twisted_messenger.outbox import Outbox
from twisted_messenger.push import Outcome, PushResult


class ScriptedPusher(DeferredPusher):
    """
    Remembers what is pushed; the test says how each push ends.
    """

    def __init__(self) -> None:
        self.pushed: list[tuple[str, int, bytes]] = []
        self.pending: list[Deferred[PushResult]] = []

    def push(
        self, host: str, port: int, payload: bytes, connectTimeout: float | None = None
    ) -> "Deferred[PushResult]":
        """
        Keep it; cancelled, it fails.
        """
        self.pushed.append((host, port, payload))
        done: Deferred[PushResult] = Deferred(
            lambda me: me.callback(PushResult(Outcome.FAILED, detail="cancelled"))
        )
        self.pending.append(done)
        return done

    def ends(
        self, outcome: Outcome, reply: bytes = b"", detail: str = "", connected: bool = False
    ) -> None:
        """
        The push in flight ends.
        """
        self.pending.pop(0).callback(PushResult(outcome, reply, detail, connected))

    @property
    def payloads(self) -> list[bytes]:
        """
        What was pushed, one for each attempt.
        """
        return [payload for _, _, payload in self.pushed]


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
        self.outbox = Outbox(self.pusher, self.clock, "10.0.0.9", 8880, self.notices.append, policy)

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
        said = self.outbox.send(b"hello")
        self.assertEqual(self.pusher.pushed, [("10.0.0.9", 8880, b"hello")])
        self.assertNoResult(said)
        self.assertEqual(len(self.outbox), 1)
        self.pusher.ends(Outcome.CONFIRMED)
        self.assertEqual(self.successResultOf(said), b"")
        self.assertEqual(len(self.outbox), 0)

    def test_order(self) -> None:
        """
        Messages go one after the other, as they were said.
        """
        said = [self.outbox.send(text) for text in (b"one", b"two", b"three")]
        self.assertEqual(self.pusher.payloads, [b"one"])
        self.pusher.ends(Outcome.CONFIRMED)
        self.assertEqual(self.pusher.payloads, [b"one", b"two"])
        self.assertNoResult(said[1])
        self.pusher.ends(Outcome.CONFIRMED)
        self.pusher.ends(Outcome.CONFIRMED)
        self.assertEqual(self.pusher.payloads, [b"one", b"two", b"three"])
        self.assertEqual([self.successResultOf(each) for each in said], [b"", b"", b""])

    def test_retry(self) -> None:
        """
        A message that did not arrive is tried again, before those behind it.
        """
        said = self.outbox.send(b"one")
        self.outbox.send(b"two")
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
        self.outbox.send(b"one")
        for wait in (1, 2, 3):
            self.pusher.ends(Outcome.FAILED)
            self.clock.advance(wait - 0.1)
            self.assertEqual(self.pusher.pending, [])
            self.clock.advance(0.2)
            self.assertEqual(len(self.pusher.pending), 1)
        self.pusher.ends(Outcome.CONFIRMED)
        self.outbox.send(b"two")
        self.pusher.ends(Outcome.FAILED)
        self.clock.advance(1)
        self.assertEqual(len(self.pusher.pending), 1)

    def test_neverGivenUp(self) -> None:
        """
        What is said waits for as long as it takes: for days, and however often it is reset.
        """
        self.outbox.send(b"one")
        for _ in range(50):
            self.pusher.ends(Outcome.FAILED, connected=True)
            self.clock.advance(3600)
        self.assertEqual(self.pusher.payloads, [b"one"] * 51)

    def test_shortFirstStep(self) -> None:
        """
        By default the second attempt follows the first in a moment, and no wait is long.
        """
        self.make(None)
        self.outbox.send(b"one")
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
        self.outbox.send(b"one")
        self.fails(5)
        self.assertEqual(self.pusher.pending, [])
        self.outbox.send(b"two")
        self.assertEqual(self.pusher.payloads[5:], [b"one"])
        self.pusher.ends(Outcome.CONFIRMED)
        self.assertEqual(self.pusher.payloads[5:], [b"one", b"two"])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_tryAgainReply(self) -> None:
        """
        A server that says "later" gets the message later.
        """
        said = self.outbox.send(b"one")
        self.pusher.ends(Outcome.CONFIRMED, b"~ rate: slow down\n")
        self.assertNoResult(said)
        self.assertEqual(self.pusher.pending, [])
        self.clock.advance(1)
        self.pusher.ends(Outcome.CONFIRMED)
        self.assertEqual(self.successResultOf(said), b"")

    def test_refusal(self) -> None:
        """
        A server that says "no" is not asked again; the reason is handed on, the rest goes out.
        """
        said = self.outbox.send(b"one")
        self.outbox.send(b"two")
        self.pusher.ends(Outcome.CONFIRMED, b"! bad_name: no\n")
        self.assertEqual(self.successResultOf(said), b"! bad_name: no")
        self.assertEqual(self.pusher.payloads, [b"one", b"two"])
        self.assertEqual(self.notices, [])

    def test_hungStranger(self) -> None:
        """
        A listener that never closes, such as some netcats, is not shown everything for ever.
        """
        said = self.outbox.send(b"one")
        self.outbox.send(b"two")
        self.pusher.ends(Outcome.HUNG)
        self.assertEqual(self.successResultOf(said), b"")
        self.assertEqual(self.pusher.payloads, [b"one", b"two"])

    def test_hungFriend(self) -> None:
        """
        Somebody who has closed in order before and now hangs is tried again.
        """
        self.outbox.send(b"one")
        self.pusher.ends(Outcome.CONFIRMED)
        said = self.outbox.send(b"two")
        self.pusher.ends(Outcome.HUNG)
        self.assertNoResult(said)
        self.clock.advance(1)
        self.assertEqual(self.pusher.payloads, [b"one", b"two", b"two"])

    def test_answerToAnAnswer(self) -> None:
        """
        Who says something because of a reply is heard, once and in turn.
        """

        def answer(reply: bytes) -> None:
            self.outbox.send(b"three")

        self.outbox.send(b"one").addCallback(answer)
        self.outbox.send(b"two")
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
        self.outbox.send(b"one")
        self.fails(1)
        self.clock.advance(1)
        self.pusher.ends(Outcome.CONFIRMED)
        self.assertEqual(self.notices, [])

    def test_goneIsToldOnce(self) -> None:
        """
        The person is told once that the other side is not there, why, and when it is again.
        """
        self.outbox.send(b"one")
        self.fails(10)
        (gone,) = self.notices
        for part in ("10.0.0.9:8880", "refused"):
            self.assertIn(part, gone)
        self.clock.advance(60)
        self.pusher.ends(Outcome.CONFIRMED)
        self.assertEqual(len(self.notices), 2)
        self.assertIn("again", self.notices[1])

    def test_laterIsTold(self) -> None:
        """
        The reason a server gives for "later" is shown.
        """
        self.outbox.send(b"one")
        for _ in range(2):
            self.pusher.ends(Outcome.CONFIRMED, b"~ store_full: no room\n")
            self.clock.advance(2)
        self.assertIn("store_full: no room", self.notices[0])

    def test_goneIsToldOnceWhileTalkingOn(self) -> None:
        """
        Who goes on writing to somebody who is away is not told so again and again.
        """
        for text in (b"one", b"two", b"three"):
            self.outbox.send(text)
            self.fails(3)
        self.assertEqual(len(self.notices), 1)

    def test_returnIsToldWhileTalkingOn(self) -> None:
        """
        The return is told also where a new message found the other side there again.
        """
        self.outbox.send(b"one")
        self.fails(3)
        self.outbox.send(b"two")
        self.pusher.ends(Outcome.CONFIRMED)
        self.assertEqual(len(self.notices), 2)
        self.assertIn("again", self.notices[1])


class StopTests(OutboxTestCase):
    """
    After a stop there is silence.
    """

    def test_stopInFlight(self) -> None:
        """
        A push under way is given up, and nobody hears of it.
        """
        said = [self.outbox.send(b"one"), self.outbox.send(b"two")]
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
        self.outbox.send(b"one")
        self.fails(1)
        self.outbox.stop()
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.assertNoResult(self.outbox.send(b"two"))
        self.assertEqual(self.pusher.payloads, [b"one"])

    def test_stopIsNoNews(self) -> None:
        """
        Who stops is not told that the other side is gone.
        """
        self.outbox.send(b"one")
        self.fails(1)
        self.clock.advance(60)
        self.outbox.stop()
        self.assertEqual(self.notices, [])
