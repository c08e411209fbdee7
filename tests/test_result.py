"""
What became of a message, as a program is told.
"""

from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.refusal import Reason, Refusal
from twisted_messenger.result import MAX_REPLY, Reply, Result, Stored, Unknown
from twisted_messenger.roster import Change, Enrolled

_ALL: tuple[Result, ...] = (
    Stored(7),
    Enrolled(Change.JOINED),
    Reply("here"),
    Refusal(Reason.RATE, "too fast"),
    Unknown("reset"),
)


class ResultTests(SynchronousTestCase):
    """
    Every result answers the same question, and only that.
    """

    def test_stored(self) -> None:
        """
        A program can ask whether it is done without knowing what it got.
        """
        self.assertEqual([result.stored for result in _ALL], [True, True, True, False, False])

    def test_noTruth(self) -> None:
        """
        Who asks whether there is a result, instead of which, learns of the mistake at once.
        """
        for result in _ALL:
            problem = self.assertRaises(TypeError, bool, result)
            self.assertIn(type(result).__name__, str(problem))

    def test_unknown(self) -> None:
        """
        What nobody told is not made up.
        """
        self.assertEqual((Stored().position, Enrolled().change), (0, None))


class ReplyTests(SynchronousTestCase):
    """
    A reply is one line that a person and a program can read.
    """

    def test_line(self) -> None:
        """
        It begins as a receipt does, and ends where it ends.
        """
        self.assertEqual(Reply("ann, böb").line(), "+ ann, böb\n".encode())

    def test_safe(self) -> None:
        """
        Nothing in it makes a second line, or reaches a terminal; and it is not too long.
        """
        line = Reply("a\nb\x1b[2J" + "x" * MAX_REPLY).line().decode()
        self.assertEqual(line.count("\n"), 1)
        self.assertTrue(line[:-1].isprintable())
        self.assertTrue(line.startswith("+ a\\x0ab\\x1b[2Jx"), line[:20])
