"""
What a client makes of a server's answer.
"""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.refusal import Reason, Refusal
from twisted_messenger.result import Reply, Stored
from twisted_messenger.said import readReceipt


class ReceiptTests(SynchronousTestCase):
    """
    Answers of rooms, and of what is none.
    """

    def test_stored(self) -> None:
        """
        A close without a word is a receipt; a server may tell the position.
        """
        self.assertEqual(readReceipt(b""), Stored(0))
        self.assertEqual(readReceipt(b"+ 7\n"), Stored(7))
        self.assertEqual(readReceipt(b"+ 0\n"), Stored(0))
        self.assertEqual(readReceipt(Reply("here").line()), Stored(0))

    def test_refused(self) -> None:
        """
        A refusal is the same value that the server had.
        """
        for refusal in (
            Refusal(Reason.NOT_OWNER, "ann: another address"),
            Refusal(Reason.RATE, "20 a second"),
            Refusal(Reason.UNRESOLVABLE, "not now", transient=True),
            Refusal("not_today"),
        ):
            self.assertEqual(readReceipt(refusal.line()), refusal)

    def test_noRoom(self) -> None:
        """
        Somebody else who answers has not taken the message.
        """
        for answer in (b"HTTP/1.1 400 Bad Request\r\n\r\n", b"! Go away\n", b"~", b"hi"):
            self.assertEqual(getattr(readReceipt(answer), "code", None), "not_a_room", answer)

    @given(st.binary())
    def test_anything(self, answer: bytes) -> None:
        """
        Whatever comes is one or the other.
        """
        readReceipt(answer)
