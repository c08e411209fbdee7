"""
Which console a peer gets.
"""

import json
import tempfile
from datetime import datetime
from pathlib import Path

from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.peer.addressbook import AddressBook
from twisted_messenger.peer.arrival import fromFriend
from twisted_messenger.peer.console import Console
from twisted_messenger.terminal.choice import Ends, Wishes, chooseConsole, rendererOf
from twisted_messenger.terminal.display import Display
from twisted_messenger.terminal.history import historyFile
from twisted_messenger.terminal.plainconsole import PlainConsole
from twisted_messenger.terminal.promptconsole import PromptConsole
from twisted_messenger.terminal.timestamps import Timestamps

_ConsoleTypeCheck: type[Console] = PromptConsole

TERMINAL = Ends(True, True)


class ChoiceTests(SynchronousTestCase):
    """
    A terminal with a prompt, or lines that are only appended.
    """

    def setUp(self) -> None:
        """
        A user with a home of their own.
        """
        home = tempfile.TemporaryDirectory()
        self.addCleanup(home.cleanup)
        self.environ = {"HOME": home.name, "TERM": "xterm-256color"}

    def chosen(self, ends: Ends, wishes: Wishes | None = None) -> tuple[type, list[str]]:
        """
        Choose.
        """
        console, notices = chooseConsole(
            MemoryReactorClock(), wishes or Wishes(), ends, self.environ, talks=True
        )
        return type(console), notices

    def test_terminal(self) -> None:
        """
        A terminal has a prompt, and nothing needs to be told; history begins.
        """
        self.assertEqual(self.chosen(TERMINAL, Wishes(time=True, bell="all")), (PromptConsole, []))
        self.assertTrue(historyFile(self.environ).exists())

    def test_noHistory(self) -> None:
        """
        Who wants none leaves nothing behind.
        """
        self.assertEqual(self.chosen(TERMINAL, Wishes(history=False)), (PromptConsole, []))
        self.assertEqual(list(Path(self.environ["HOME"]).iterdir()), [])

    def test_unwritableHistory(self) -> None:
        """
        Where none can be kept it is said once, with the option that stops it.
        """
        self.environ["XDG_STATE_HOME"] = "/dev/null"
        kind, notices = self.chosen(TERMINAL)
        self.assertIs(kind, PromptConsole)
        self.assertEqual(len(notices), 1)
        self.assertIn("--no-history", notices[0])

    def test_wished(self) -> None:
        """
        Who wants lines appended, or JSON, gets no prompt, and no advice.
        """
        for wishes in (Wishes(plain=True), Wishes(json=True)):
            self.assertEqual(self.chosen(TERMINAL, wishes), (PlainConsole, []))
        self.environ["ACCESSIBLE"] = "1"
        self.assertEqual(self.chosen(TERMINAL), (PlainConsole, []))

    def test_pipe(self) -> None:
        """
        Neither gets who is not on a terminal at both ends.
        """
        for ends in (Ends(True, False), Ends(False, True), Ends(False, False)):
            self.assertEqual(self.chosen(ends), (PlainConsole, []))

    def test_dumb(self) -> None:
        """
        A terminal that can do no more is told so.
        """
        for term in ("dumb", ""):
            self.environ["TERM"] = term
            kind, notices = self.chosen(TERMINAL)
            self.assertIs(kind, PlainConsole)
            self.assertEqual(len(notices), 1)


def display(times: bool = False) -> Display:
    """
    Lines as they are at 12:34.
    """
    return Display(Timestamps(lambda: datetime(2024, 5, 1, 12, 34), times))


class RendererTests(SynchronousTestCase):
    """
    How messages look where lines are appended.
    """

    def test_long(self) -> None:
        """
        A pipe gets all of a long message, a terminal its beginning.
        """
        arrival = fromFriend(AddressBook(), "10.0.0.9", 1, "x" * 10_000)
        for seen, least, most in ((False, 10_000, 10_100), (True, 1000, 3000)):
            shown = rendererOf(False, Ends(True, seen), display())(arrival)
            self.assertTrue(least < len(shown) < most)

    def test_stamp(self) -> None:
        """
        The time of day stands in front of every line.
        """
        arrival = fromFriend(AddressBook(), "10.0.0.9", 1, "a\nb")
        shown = rendererOf(False, Ends(False, False), display(True))(arrival)
        self.assertEqual(shown, "12:34 ('10.0.0.9', 1): a\n12:34 ('10.0.0.9', 1): b")

    def test_json(self) -> None:
        """
        JSON has the time with its zone.
        """
        arrival = fromFriend(AddressBook(), "10.0.0.9", 1, "a\nb")
        fields = json.loads(rendererOf(True, Ends(False, False), display())(arrival))
        self.assertEqual(fields["text"], "a\nb")
        self.assertRegex(fields["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+[+-]\d\d:\d\d$")
