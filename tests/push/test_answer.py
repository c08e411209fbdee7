"""
What a peer says about a message, and what it counts for.
"""

from tests.push.pushrig import (
    BIG,
    HOST,
    LATE,
    PORT,
    ActingFactory,
    ActingProtocol,
    PushTestCase,
    abort,
    answering,
    close,
    nothing,
)
from twisted_messenger.push.general import PUSH_TIMEOUT
from twisted_messenger.push.interfaces import Outcome, PushResult

#: What begins so says no: never, or not now.
NO = ((b"! too_big: no", Outcome.REJECTED), (b"~ rate", Outcome.DEFERRED))


class AnswerTestCase(PushTestCase):
    """
    A member that answers.
    """

    ack = False

    def answers(self, *pieces: bytes, end: bool = True, payload: bytes = b"ann: hi") -> PushResult:
        """
        Push to a peer that says something at once, piece by piece, and closes or hangs.
        """

        def speak(protocol: ActingProtocol) -> None:
            for count, piece in enumerate(pieces):
                self.network.callLater(count / 10, write, piece)

        def write(piece: bytes) -> None:
            if peer.made[0].reason is None:
                peer.made[0].transport.write(piece)

        peer = ActingFactory(speak, atEnd=close if end else nothing)
        self.listen(peer)
        pushing = self.creator.push(HOST, PORT, payload, ack=self.ack)
        self.peer = peer
        self.network.advance(PUSH_TIMEOUT + LATE)
        self.stopListening()
        result: PushResult = self.successResultOf(pushing)
        return result


class AnswerTests(AnswerTestCase):
    """
    What the close says, a word can change.
    """

    def test_otherWords(self) -> None:
        """
        What says neither yes nor no changes nothing, and is kept, whether the peer closes or hangs.
        """
        for words in (b"thanks\n", b"+ 17\n", b"HTTP/1.0 400 Bad Request\r\n", b" ! no\n"):
            self.assertEqual(
                self.answers(words), PushResult(Outcome.CONFIRMED, words, connected=True, sent=True)
            )
            result = self.answers(words, end=False)
            self.assertEqual((result.outcome, result.reply), (Outcome.HUNG, words))

    def test_saysNo(self) -> None:
        """
        A peer that says no and closes has not taken the message, with or without a newline.
        """
        for words, outcome in NO:
            for line in (words, words + b"\n", words + b"\nand more\n", words[:1]):
                result = self.answers(line)
                self.assertEqual(result, PushResult(outcome, line, connected=True, sent=True))

    def test_wholeLine(self) -> None:
        """
        A whole line that says no is enough: the peer need not close.
        """
        for words, outcome in NO:
            result = self.answers(words, b"\n", b"more", end=False)
            self.assertEqual((result.outcome, result.reply), (outcome, words + b"\n"))
            result = self.answers(words, b" more", end=False)
            self.assertEqual((result.outcome, result.reply), (Outcome.HUNG, words + b" more"))

    def test_inTheMiddle(self) -> None:
        """
        A peer that says no before it has everything gets no more, and no end that would make the
        half a whole.
        """
        for words, outcome in NO:
            self.assertIs(self.answers(words + b"\n", payload=BIG).outcome, outcome)
            self.assertFalse(self.peer.made[0].ended)
            self.assertIsNotNone(self.peer.made[0].reason)

    def test_resets(self) -> None:
        """
        A peer that says something and resets has failed, whatever it was.
        """
        for words in (b"thanks\n", b"! no"):
            self.assertFailed(self.push(ActingFactory(atData=answering(words), atEnd=abort)))
            self.stopListening()


class AckTests(AnswerTestCase):
    """
    A member that confirms by a word: for one that works after it has read, or that is reached by
    way of a forwarder.
    """

    ack = True

    def test_word(self) -> None:
        """
        A line that begins with ``+`` confirms, whether it is whole or ended by the close.
        """
        for line in (b"+\n", b"+ 17\n", b"+", b"+ thanks"):
            self.assertEqual(
                self.answers(line), PushResult(Outcome.CONFIRMED, line, "", True, True)
            )

    def test_wholeWord(self) -> None:
        """
        A whole line is enough: the member need not close.
        """
        result = self.answers(b"+ 1", b"7\n", b"more", end=False)
        self.assertEqual(result, PushResult(Outcome.CONFIRMED, b"+ 17\n", "", True, True))

    def test_noWord(self) -> None:
        """
        A close alone, or after other words, is a failure.
        """
        for line in (b"", b"thanks\n", b" +\n", b"HTTP/1.0 200 OK\r\n"):
            result = self.answers(line)
            self.assertEqual(
                result, PushResult(Outcome.FAILED, line, "did not say yes", True, True)
            )

    def test_hangs(self) -> None:
        """
        A member that says nothing and keeps the connection hangs like any other.
        """
        for line in (b"", b"thanks\n", b"+ 17"):
            self.assertIs(self.answers(line, end=False).outcome, Outcome.HUNG)

    def test_saysNo(self) -> None:
        """
        Refusals count as ever.
        """
        for words, outcome in NO:
            self.assertIs(self.answers(words).outcome, outcome)
            self.assertIs(self.answers(words + b"\n", end=False).outcome, outcome)

    def test_early(self) -> None:
        """
        A yes before the end of the message counts when the member has it all.
        """
        result = self.answers(b"+\n", payload=BIG)
        self.assertIs(result.outcome, Outcome.CONFIRMED)
        self.assertEqual(self.peer.made[0].data, BIG)
        self.assertTrue(self.peer.made[0].ended)
