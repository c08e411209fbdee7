"""
What Tab makes of a line.
"""

from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.peer.commandline import COMMANDS
from twisted_messenger.peer.completing import complete


class CompletingTests(SynchronousTestCase):
    """
    A person among friends, who has heard some.
    """

    def certain(self, line: str) -> str:
        """
        What the last word becomes.
        """
        return complete(line, ["bob", "Bobby", "first client"], ["carol", "carmen"]).certain

    def test_commands(self) -> None:
        """
        A slash at the beginning is a command's.
        """
        self.assertEqual(self.certain("/his"), "/history ")
        self.assertEqual(self.certain("/xyz"), "/xyz")
        self.assertEqual(len(complete("/", [], []).found), len(COMMANDS))

    def test_friends(self) -> None:
        """
        Only friends are spoken to by name; several are completed as far as they are the same.
        """
        self.assertEqual(self.certain("/to c"), "car")
        self.assertEqual(self.certain("/friend CARO"), "carol ")
        self.assertEqual(complete("/to bo", ["bob"], []).found, ())

    def test_heard(self) -> None:
        """
        Elsewhere it is a name, in upper or lower case; not each blank is a question.
        """
        self.assertEqual(self.certain("bobb"), "Bobby ")
        self.assertEqual(self.certain("hello FIR"), "first client ")
        self.assertEqual(self.certain("hello bo"), "bo")
        self.assertEqual(complete("hello ", ["bob"], []).found, ())
        self.assertEqual(complete("", ["bob"], []).found, ())
