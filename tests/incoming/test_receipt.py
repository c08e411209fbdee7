"""
Receipts: what a sender sees after its end of file, and that no accident looks like a receipt.
"""

from itertools import product

from twisted.internet.error import ConnectionLost

from tests.incoming.receiptrig import PORT, Bug, ReceiptTestCase
from twisted_messenger.incoming.connection import DRAIN_BYTES, DRAIN_SECONDS
from twisted_messenger.incoming.connectiontable import EVICTABLE_SILENCE
from twisted_messenger.incoming.gathering import LINE_SECONDS
from twisted_messenger.incoming.limits import IDLE_TIMEOUT, MESSAGE_TIMEOUT
from twisted_messenger.interfaces import ConnectionIdle, Unwelcome
from twisted_messenger.refusal import Reason, Refusal
from twisted_messenger.result import Reply

#: More than the time between two looks at the time-outs.
SOON = 0.5


class AnswerTests(ReceiptTestCase):
    """
    The answer to a whole message.
    """

    def test_stored(self) -> None:
        """
        A message that was taken is answered by an orderly close without a byte, and not before.
        """
        sender = self.connect(b"message", end=True)
        self.assertEqual(self.taking[0].data, b"message")
        self.network.advance(MESSAGE_TIMEOUT - SOON)
        self.assertWaiting(sender)
        self.decide()
        self.assertReceipt(sender)

    def test_refused(self) -> None:
        """
        Each refusal is one line; its mark tells whether trying again can help.
        """
        for reason in Reason:
            refusal = Refusal(reason, "because")
            sender = self.connect(b"message", end=True)
            self.decide(refusal)
            self.assertEqual(sender.data[:1], b"~" if refusal.transient else b"!")
            self.assertReceipt(sender, refusal.line())

    def test_refusedEarly(self) -> None:
        """
        A refusal before the end is told at the end; what the sender says until then is read.
        """
        refusal = Refusal(Reason.TOO_BIG, "too much")
        sender = self.connect(b"x")
        self.decide(refusal)
        self.write(sender, bytes(DRAIN_BYTES))
        self.assertWaiting(sender)
        self.end(sender)
        self.assertReceipt(sender, refusal.line())
        self.assertEqual(self.taking[0].data, b"x")

    def test_unexplained(self) -> None:
        """
        A server that explains nothing resets whoever it refuses, but confirms what it takes.
        """
        self.listen(8881, explain=False)
        sender = self.connect(b"message", 8881, end=True)
        self.decide(Refusal(Reason.RATE, "slow down"))
        self.assertReset(sender)
        sender = self.connect(b"message", 8881, end=True)
        self.decide()
        self.assertReceipt(sender)

    def test_reply(self) -> None:
        """
        Who asked for a reply gets it, also from a server that explains nothing, and then the close
        that says that it was taken.
        """
        self.listen(8881, explain=False)
        for port in (PORT, 8881):
            sender = self.connect(b"message", port, end=True)
            self.decide(Reply("here"))
            self.assertReceipt(sender, b"+ here\n")

    def test_senderGone(self) -> None:
        """
        A sender that closed without waiting is no error.
        """
        sender = self.connect(b"message")
        sender.transport.loseConnection()
        self.network.settle()
        self.decide(Refusal(Reason.RATE, "slow down"))
        self.assertEqual(self.factory.protocols, {})

    def test_undecided(self) -> None:
        """
        A sender does not wait for ever for a server that cannot decide.
        """
        sender = self.connect(b"message", end=True)
        self.network.advance(MESSAGE_TIMEOUT + SOON)
        self.assertReset(sender)
        self.decide()


class AccidentTests(ReceiptTestCase):
    """
    What must never look like a receipt.
    """

    def test_bugs(self) -> None:
        """
        An exception anywhere resets the connection, and so does Ctrl-C in a program that leaves it
        to Python.
        """
        for where, bug in product(("dataReceived", "connectionLost"), (Bug, KeyboardInterrupt)):
            sender = self.connect()
            self.taking[-1].bugIn, self.taking[-1].bug = where, bug
            sender.transport.write(b"message")
            self.end(sender)
            self.assertReset(sender)
            self.assertEqual(len(self.flushLoggedErrors(bug)), 1)

    def test_outcomeFails(self) -> None:
        """
        So does an outcome that nobody knows.
        """
        sender = self.connect(b"message", end=True)
        self.taking[0].outcome.errback(Bug())
        self.network.settle()
        self.assertReset(sender)
        self.assertEqual(len(self.flushLoggedErrors(Bug)), 1)

    def test_outcomeFailsEarly(self) -> None:
        """
        Also before the message has ended.
        """
        sender = self.connect(b"mess")
        self.taking[0].outcome.errback(Bug())
        self.network.settle()
        self.assertReset(sender)
        self.assertEqual(len(self.flushLoggedErrors(Bug)), 1)

    def test_truncated(self) -> None:
        """
        A sender's reset in the middle is told as one: the message is not whole.
        """
        sender = self.connect(b"half")
        sender.transport.abortConnection()
        self.network.settle()
        reason = self.taking[0].reason
        assert reason is not None
        self.assertIs(reason.type, ConnectionLost)

    def test_idle(self) -> None:
        """
        A silent sender is reset after a minute.
        """
        sender = self.connect(b"half")
        self.network.advance(IDLE_TIMEOUT - SOON)
        self.assertWaiting(sender)
        self.network.advance(2 * SOON)
        self.assertReset(sender)
        reason = self.taking[0].reason
        assert reason is not None
        reason.trap(ConnectionIdle)

    def test_slow(self) -> None:
        """
        A sender that is never silent has two minutes in all.
        """
        sender = self.connect()
        for _ in range(int(MESSAGE_TIMEOUT)):
            self.write(sender, b"x")
            self.assertWaiting(sender)
            self.network.advance(1)
        self.network.advance(SOON)
        self.assertReset(sender)

    def test_drainedTooMuch(self) -> None:
        """
        A refused sender that does not stop is reset after 8 MiB more.
        """
        sender = self.connect(b"x")
        self.decide(Refusal(Reason.TOO_BIG, "too much"))
        self.write(sender, bytes(DRAIN_BYTES + 1))
        self.assertReset(sender)

    def test_drainedTooLong(self) -> None:
        """
        A refused sender that does not end is reset after 30 s.
        """
        sender = self.connect(b"x")
        self.decide(Refusal(Reason.TOO_BIG, "too much"))
        self.network.advance(DRAIN_SECONDS - SOON)
        self.assertWaiting(sender)
        self.network.advance(2 * SOON)
        self.assertReset(sender)


class NetcatTests(ReceiptTestCase):
    """
    Senders that never end: a line, and no end of file shortly after it, is a message.
    """

    def test_line(self) -> None:
        """
        The line is answered after 1.5 s, once; the sender may end whenever it likes.
        """
        sender = self.connect(b"one ")
        self.write(sender, b"line\n")
        self.network.advance(LINE_SECONDS - SOON)
        self.assertIs(self.taking[0].reason, None)
        self.network.advance(2 * SOON)
        self.decide()
        self.assertTrue(sender.ended)
        self.end(sender)
        self.assertReceipt(sender)

    def test_refusedLine(self) -> None:
        """
        A refused line gets its reason without an end of file.
        """
        refusal = Refusal(Reason.MALFORMED, "what?")
        sender = self.connect(b"line\n")
        self.network.advance(LINE_SECONDS + SOON)
        self.decide(refusal)
        self.assertReceipt(sender, refusal.line())

    def test_noLine(self) -> None:
        """
        What has no newline waits for its end of file.
        """
        for data in (b"no newline", b""):
            sender = self.connect(data)
            self.network.advance(LINE_SECONDS + 2 * SOON)
            self.assertIs(self.taking[-1].reason, None)
            self.assertWaiting(sender)

    def test_afterARefusal(self) -> None:
        """
        What comes after a refusal is counted and thrown away; the answer is given once. Of half a
        line that came before it, the wrapped protocol is told that it is no message.
        """
        refusal = Refusal(Reason.MALFORMED, "what?")
        sender = self.connect(b"line\nhalf")
        self.network.advance(LINE_SECONDS + SOON)
        self.write(sender, b" a line\n")
        self.decide(refusal, which=0)
        self.write(sender, b"and more\n")
        self.network.advance(LINE_SECONDS + SOON)
        self.end(sender)
        self.assertReceipt(sender, refusal.line())
        first, second = self.taking
        self.assertEqual((first.data, second.data), (b"line\n", b"half a line\n"))
        assert second.reason is not None
        second.reason.trap(Unwelcome)
        self.assertEqual(self.counters["late_bytes"], 9)

    def test_refusedAndNeverEnds(self) -> None:
        """
        A netcat that stays after a refusal is closed in order 30 s later.
        """
        refusal = Refusal(Reason.MALFORMED, "what?")
        sender = self.connect(b"line\n")
        self.network.advance(LINE_SECONDS + SOON)
        self.decide(refusal)
        self.network.advance(DRAIN_SECONDS + SOON)
        self.assertEqual(self.factory.protocols, {})
        self.assertReceipt(sender, refusal.line())


class ManyTests(ReceiptTestCase):
    """
    Many connections, and the end of them.
    """

    def test_roomMade(self) -> None:
        """
        At the cap the one that was silent longest is reset; the answered and the lively stay.
        """
        self.listen(8881, maxConnections=3)
        whole = self.connect(b"whole", 8881, end=True)
        oldest = self.connect(b"a", 8881)
        self.network.advance(EVICTABLE_SILENCE / 2)
        older = self.connect(b"b", 8881)
        self.network.advance(EVICTABLE_SILENCE / 2)
        self.connect(b"new", 8881)
        self.assertReset(oldest)
        self.assertWaiting(older)
        self.assertWaiting(whole)
        self.assertEqual(self.counters["evicted.connection_cap"], 1)

    def test_noRoom(self) -> None:
        """
        Where nobody is silent, the new one is reset.
        """
        self.listen(8881, maxConnections=1)
        lively = self.connect(b"a", 8881)
        refused = self.connect(b"", 8881)
        self.assertReset(refused)
        self.assertWaiting(lively)
        self.assertEqual(self.counters["refused.connection_cap"], 1)

    def test_drained(self) -> None:
        """
        At a stop the unfinished are reset, and the whole ones get their answer.
        """
        whole, half = self.connect(b"whole", end=True), self.connect(b"half")
        drained = self.factory.drained()
        self.network.settle()
        self.assertReset(half)
        self.assertNoResult(drained)
        self.decide(which=0)
        self.assertReceipt(whole)
        self.successResultOf(drained)

    def test_nothingToDrain(self) -> None:
        """
        Without connections a stop has nothing to wait for, and no timer is left.
        """
        self.connect(b"message", end=True)
        self.decide()
        self.successResultOf(self.factory.drained())
        self.assertEqual(self.network.getDelayedCalls(), [])
