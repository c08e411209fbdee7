"""
A log that somebody takes away, or that nobody takes.
"""

import os
from errno import ENOSPC
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from twisted.logger import LogLevel
from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.programs.logfile import ReopenedLog, standardLog


class ReopenedLogTests(SynchronousTestCase):
    """
    No line is lost, whatever becomes of the file.
    """

    def setUp(self) -> None:
        """
        A log with a line in it.
        """
        directory = TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.path = Path(directory.name) / "room" / "room.log"
        self.path.parent.mkdir()
        self.log = ReopenedLog(str(self.path))
        self.write("one")

    def write(self, line: str) -> None:
        """
        Log something.
        """
        event: dict[str, Any] = {"log_format": line, "log_level": LogLevel.info, "log_time": 0.0}
        self.log.observer(event)

    def test_moved(self) -> None:
        """
        After a move it goes on in a new file of the old name.
        """
        os.rename(self.path, self.path.with_suffix(".old"))
        self.write("two")
        self.log.reopen()
        self.write("three")
        self.assertIn("two", self.path.with_suffix(".old").read_text())
        self.assertIn("three", self.path.read_text())
        self.assertNotIn("two", self.path.read_text())

    def test_unmoved(self) -> None:
        """
        Where nothing was moved, nothing is lost.
        """
        self.log.reopen()
        self.write("two")
        self.assertEqual(len(self.path.read_text().splitlines()), 2)

    def test_cannotBeOpened(self) -> None:
        """
        Where there can be no such file any more, the old one is written on.
        """
        moved = self.path.parent.with_name("moved")
        os.rename(self.path.parent, moved)
        self.log.reopen()
        self.write("two")
        self.assertIn("two", (moved / self.path.name).read_text())

    def test_rotate(self) -> None:
        """
        It can be kept under another name, as twistd does it.
        """
        self.log.rotate()
        self.write("two")
        self.assertIn("one", self.path.with_name("room.log.1").read_text())
        self.assertIn("two", self.path.read_text())


class _Disk(StringIO):
    """
    A disk that may be full.
    """

    full = False

    def write(self, text: str) -> int:
        """
        Write, if there is room.
        """
        if self.full:
            raise OSError(ENOSPC, "No space left on device")
        return super().write(text)


class StandardLogTests(SynchronousTestCase):
    """
    The log on standard output.
    """

    def test_full(self) -> None:
        """
        Where it cannot be written, standard error says so, once; it goes on when it can be again.
        """
        disk, problems = _Disk(), StringIO()
        observer = standardLog(disk, problems)
        for text, full in (("one", False), ("two", True), ("three", True), ("four", False)):
            disk.full = full
            observer({"log_format": text, "log_level": LogLevel.info, "log_time": 0.0})
        self.assertEqual(
            [line.split()[-1] for line in disk.getvalue().splitlines()], ["one", "four"]
        )
        told = "the log cannot be written: No space left on device\n"
        self.assertEqual(problems.getvalue(), told)
        disk.full = True
        observer({"log_format": "five", "log_level": LogLevel.info, "log_time": 0.0})
        self.assertEqual(problems.getvalue(), 2 * told)
