"""
Further messages on one connection: lines that come after an answer.
"""

from typing import Any

from twisted.internet.error import ConnectionDone, ConnectionLost

from tests.incoming.receiptrig import Bug, ReceiptTestCase
from twisted_messenger.errors import StoreUncertain
from twisted_messenger.incoming.gathering import LINE_SECONDS
from twisted_messenger.incoming.limits import IDLE_TIMEOUT, MESSAGE_TIMEOUT
from twisted_messenger.interfaces import ConnectionIdle, MessagePartlyTaken
from twisted_messenger.refusal import Reason, Refusal

#: More than the time between two looks at the time-outs.
SOON = 0.5

REFUSAL = Refusal(Reason.RATE, "slow down")


class FurtherTestCase(ReceiptTestCase):
    """
    A sender whose first line was taken.
    """

    def begin(self, data: bytes = b"first\n") -> Any:
        """
        Send a first line, and get the answer.
        """
        sender = self.connect(data)
        self.pause()
        self.decide()
        self.assertEqual((sender.data, sender.ended, sender.reason), (b"", True, None))
        return sender

    def pause(self) -> None:
        """
        Let enough time pass after a line.
        """
        self.network.advance(LINE_SECONDS + SOON)

    def read(self) -> list[bytes]:
        """
        What each protocol got that has ended in order.
        """
        return [
            taken.data
            for taken in self.taking
            if taken.reason is not None and taken.reason.check(ConnectionDone)
        ]

    def assertDropped(self, sender: Any) -> None:
        """
        The connection was reset after its answer: the next line cannot be sent.
        """
        self.assertEqual(self.factory.protocols, {})
        self.write(sender, b"more\n")
        self.assertIs(sender.reason.type, ConnectionLost)


class TakenTests(FurtherTestCase):
    """
    Lines one after the other.
    """

    def test_lines(self) -> None:
        """
        Each line is a message of its own, with nothing lost between them; at the end, the
        connection is closed in order.
        """
        sender = self.begin()
        for number in range(5):
            self.write(sender, b"line %d\n" % number)
            self.pause()
            self.decide()
        self.assertEqual(self.read(), [b"first\n", *[b"line %d\n" % number for number in range(5)]])
        self.end(sender)
        self.assertReceipt(sender)

    def test_together(self) -> None:
        """
        What comes within 1.5 s of a newline is one message, up to the last newline.
        """
        sender = self.connect(b"one\ntwo\nthr")
        self.network.advance(LINE_SECONDS - SOON)
        self.write(sender, b"ee\nfo")
        self.network.advance(2 * SOON)
        self.decide()
        self.write(sender, b"ur\n")
        self.pause()
        self.decide()
        self.assertEqual(self.read(), [b"one\ntwo\nthree\n", b"four\n"])

    def test_noPause(self) -> None:
        """
        A sender that never pauses is heard all the same.
        """
        sender = self.connect()
        for number in range(12):
            self.write(sender, b"%d\n" % number)
            self.network.advance(0.5)
            if self.taking[-2:][0].reason and not self.taking[-2:][0].outcome.called:
                self.decide()
        self.assertGreater(len(self.read()), 2)
        self.assertEqual(
            b"".join(taken.data for taken in self.taking).split(),
            [b"%d" % number for number in range(12)],
        )

    def test_endOfFile(self) -> None:
        """
        An end of file makes the last line whole, with or without a newline.
        """
        for last in (b"last", b"last\n"):
            sender = self.begin()
            self.write(sender, last)
            self.end(sender)
            self.decide()
            self.assertEqual(self.read()[-1], last)
            self.assertReceipt(sender)

    def test_whileDeciding(self) -> None:
        """
        What comes while the first message is decided waits for that, its end too.
        """
        sender = self.connect(b"first\n")
        self.pause()
        self.write(sender, b"second\n")
        self.pause()
        self.write(sender, b"third\n")
        self.end(sender)
        self.assertEqual(self.read(), [b"first\n"])
        self.decide()
        self.assertEqual(self.read(), [b"first\n", b"second\nthird\n"])
        self.decide()
        self.assertReceipt(sender)

    def test_silence(self) -> None:
        """
        All of whose lines are taken may be silent for the idle time-out, and is closed in order.
        """
        sender = self.begin()
        self.network.advance(IDLE_TIMEOUT - 3 * SOON - LINE_SECONDS)
        self.assertEqual(len(self.factory.protocols), 1)
        self.network.advance(3 * SOON)
        self.assertEqual(self.factory.protocols, {})
        self.assertReceipt(sender)

    def test_ownTime(self) -> None:
        """
        The time that a message may take counts from its own first byte.
        """
        sender = self.begin()
        for _ in range(3):
            for _ in range(int(MESSAGE_TIMEOUT / 2 / 10)):
                self.network.advance(10)
                self.write(sender, b"x")
            self.write(sender, b"\n")
            self.pause()
            self.decide()
        self.end(sender)
        self.assertReceipt(sender)

    def test_stop(self) -> None:
        """
        A stop closes in order where all lines are taken, waits for one that is being decided, and
        resets where half a line is there.
        """
        told, deciding, half = self.begin(), self.begin(), self.begin()
        self.write(deciding, b"second\n")
        self.pause()
        self.write(half, b"half")
        drained = self.factory.drained()
        self.network.settle()
        self.write(half, b"more\n")
        self.assertIs(half.reason.type, ConnectionLost)
        self.assertNoResult(drained)
        (second,) = [taken for taken in self.taking if taken.data == b"second\n"]
        second.outcome.callback(None)
        self.network.settle()
        self.assertReceipt(deciding)
        self.assertReceipt(told)
        self.successResultOf(drained)


class NotTakenTests(FurtherTestCase):
    """
    After the answer, a reset is the only word left.
    """

    def test_refused(self) -> None:
        """
        A further message that is refused resets the connection at once.
        """
        sender = self.begin()
        self.write(sender, b"second\n")
        self.pause()
        self.decide(REFUSAL)
        self.assertDropped(sender)
        self.assertEqual(sender.data, b"")

    def test_refusedEarly(self) -> None:
        """
        So does one that is refused before its end.
        """
        sender = self.begin()
        self.write(sender, b"second")
        self.decide(REFUSAL, which=-1)
        self.assertDropped(sender)

    def test_unknown(self) -> None:
        """
        So does one of which nobody knows what became of it, or of which a part was taken; the
        first message, too, has no other answer then.
        """
        for problem in (StoreUncertain("lost in that moment"), MessagePartlyTaken()):
            sender = self.begin()
            self.write(sender, b"second\n")
            self.pause()
            self.taking[-2].outcome.errback(problem)
            self.network.settle()
            self.assertDropped(sender)
            sender = self.connect(b"first\n")
            self.pause()
            self.taking[-2].outcome.errback(problem)
            self.network.settle()
            self.assertReset(sender)

    def test_half(self) -> None:
        """
        Half a line that is not ended in time resets the connection, and is never a message.
        """
        sender = self.begin()
        self.write(sender, b"second\nha")
        self.pause()
        self.decide()
        self.network.advance(IDLE_TIMEOUT + SOON)
        self.assertDropped(sender)
        half = self.taking[-1]
        assert half.reason is not None
        self.assertIs(half.reason.type, ConnectionIdle)
        self.assertEqual((half.data, self.read()), (b"ha", [b"first\n", b"second\n"]))

    def test_tooSlow(self) -> None:
        """
        So does one that takes too long.
        """
        sender = self.begin()
        for _ in range(int(MESSAGE_TIMEOUT) + 1):
            self.write(sender, b"x")
            self.network.advance(1)
        self.assertDropped(sender)

    def test_reset(self) -> None:
        """
        A sender's reset in the middle of a further message is told as one.
        """
        sender = self.begin()
        self.write(sender, b"ha")
        sender.transport.abortConnection()
        self.network.settle()
        half = self.taking[-1]
        assert half.reason is not None
        self.assertIs(half.reason.type, ConnectionLost)

    def test_aborted(self) -> None:
        """
        Where a connection is reset while its first message is decided, what came after it is
        dropped too.
        """
        sender = self.connect(b"first\nha")
        self.pause()
        self.factory.abortAll()
        self.network.settle()
        self.assertReset(sender)
        self.assertIsNotNone(self.taking[-1].reason)
        self.decide(which=0)

    def test_bug(self) -> None:
        """
        An exception in taking it resets the connection.
        """
        sender = self.begin()
        self.taking[-1].bugIn = "connectionLost"
        self.write(sender, b"second\n")
        self.pause()
        self.assertDropped(sender)
        self.assertEqual(len(self.flushLoggedErrors(Bug)), 1)
