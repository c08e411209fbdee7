"""
Which console a peer gets.
"""

from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.plainconsole import PlainConsole
from twisted_messenger.terminal import Wishes, chooseConsole


class ChoiceTests(SynchronousTestCase):
    """
    The tests' own output is no terminal.
    """

    def test_pipe(self) -> None:
        """
        Away from a terminal lines are only appended, whatever is wished, and nothing is told.
        """
        for wishes in (Wishes(), Wishes(plain=True), Wishes(json=True), Wishes(time=True)):
            console, notices = chooseConsole(MemoryReactorClock(), wishes, {}, talks=True)
            self.assertIsInstance(console, PlainConsole)
            self.assertEqual(notices, [])
