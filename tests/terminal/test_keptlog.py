"""
A conversation that is kept in a file.
"""

import os
import tempfile
from datetime import datetime
from pathlib import Path

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from tests.peer.sessionrig import RecordingConsole
from tests.terminal.test_display import NOON, push
from twisted_messenger.peer.arrival import Arrival
from twisted_messenger.peer.console import NOT_SHOWN, Console, Shown
from twisted_messenger.peer.ownmessage import Fate, OwnMessage, State
from twisted_messenger.terminal.keptlog import LoggedConsole, openLog

_ConsoleTypeCheck: type[Console] = LoggedConsole


class SlowConsole(RecordingConsole):
    """
    Shows a message when the test says so.
    """

    def show(self, arrival: Arrival) -> Shown:
        """
        Keep it.
        """
        self.shown: Shown = Deferred()
        return self.shown


class LogTests(SynchronousTestCase):
    """
    A file, at a quarter past noon.
    """

    def setUp(self) -> None:
        """
        It is not there yet.
        """
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "room.log"
        self.inner = SlowConsole()
        self.console = self.open(str(self.path))

    def open(self, path: str) -> LoggedConsole:
        """
        Write there.
        """
        descriptor = openLog(path)
        self.addCleanup(os.close, descriptor)
        return LoggedConsole(self.inner, descriptor, lambda: datetime(2024, 5, 1, 12, 15))

    def test_lines(self) -> None:
        """
        Everything is there in full, with its date and time: that of the message, where it waited.
        Only its user can read it.
        """
        self.console.show(push("one\ntwo\x1b"))
        self.inner.shown.callback(None)
        message = OwnMessage("x" * 3000, "ann")
        self.console.outgoing(message)
        message.settle(Fate(State.SENT))
        self.console.outgoing(message)
        self.console.notice("bob is not there")
        self.assertEqual(
            self.path.read_text("utf-8").split("\n"),
            [
                "2024-05-01 12:00:00 bob: one",
                "2024-05-01 12:00:00 bob: two\\x1b",
                f"2024-05-01 12:15:00 ann> {'x' * 3000}  \u2713 sent",
                "2024-05-01 12:15:00 * bob is not there",
                "",
            ],
        )
        self.assertEqual(self.path.stat().st_mode & 0o777, 0o600)
        self.assertEqual(self.inner.notices, ["bob is not there"])
        self.assertEqual(len(self.inner.said), 2)

    def test_notShown(self) -> None:
        """
        What could not be shown comes again, and is written then; its sender is told as ever.
        """
        shown = self.console.show(push("hi", NOON.timestamp()))
        self.inner.shown.callback(NOT_SHOWN)
        self.assertIs(self.successResultOf(shown), NOT_SHOWN)
        self.assertEqual(self.path.read_text(), "")

    def test_appended(self) -> None:
        """
        The next start goes on behind what is there.
        """
        self.path.write_text("earlier\n")
        self.open(str(self.path)).notice("later")
        self.assertEqual(self.path.read_text(), "earlier\n2024-05-01 12:15:00 * later\n")

    def test_full(self) -> None:
        """
        A full disk is told once, and holds up nothing.
        """
        console = self.open("/dev/full")
        for _ in range(3):
            console.notice("bob is not there")
        self.assertEqual(self.inner.notices.count("bob is not there"), 3)
        (problem,) = set(self.inner.notices) - {"bob is not there"}
        self.assertIn("No space left", problem)
        self.assertEqual(self.inner.notices.count(problem), 1)
