"""
What a peer says about a message, and what it counts for.
"""

from twisted.internet.defer import Deferred

from tests.push.pushrig import (
    BIG,
    LATE,
    ActingFactory,
    ActingProtocol,
    PushTestCase,
    abort,
    answering,
    close,
    nothing,
)
from twisted_messenger.push.creator import PUSH_TIMEOUT
from twisted_messenger.push.interfaces import Outcome, PushResult

#: What begins so says no: never, or not now.
NO = ((b"! too_big: no", Outcome.REJECTED), (b"~ rate", Outcome.DEFERRED))


class AnswerTests(PushTestCase):
    """
    A member that answers.
    """

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
        self.pushing: Deferred[PushResult] = self.push(peer, payload)
        self.peer = peer
        self.network.advance(PUSH_TIMEOUT + LATE)
        self.stopListening()
        result: PushResult = self.successResultOf(self.pushing)
        return result

    def test_otherWords(self) -> None:
        """
        What says neither yes nor no changes nothing, and is kept, whether the peer closes or hangs.
        """
        for words in (b"thanks\n", b"+ 17\n", b"HTTP/1.0 400 Bad Request\r\n", b" ! no\n"):
            self.assertEqual(
                self.answers(words), PushResult(Outcome.CONFIRMED, words, connected=True)
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
                self.assertEqual(result, PushResult(outcome, line, connected=True))

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
