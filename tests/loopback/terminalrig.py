"""
A program on a pseudo-terminal, with somebody who looks at the screen and types.
"""

import fcntl
import os
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pyte

from tests.loopback.rig import PATIENCE, eventually

_ROOT = Path(__file__).parents[2]

_TWISTD = "from twisted.scripts.twistd import run; run()"

#: Keys, as a terminal sends them.
ENTER, ESCAPE, BACKSPACE, TAB = "\r", "\x1b", "\x7f", "\t"
UP, DOWN, RIGHT, LEFT, HOME, END = (f"\x1b[{letter}" for letter in "ABCDHF")
CTRL_A, CTRL_C, CTRL_D, CTRL_E, CTRL_L, CTRL_W = "\x01", "\x03", "\x04", "\x05", "\x0c", "\x17"
CTRL_LEFT = "\x1b[1;5D"


def pasted(text: str) -> str:
    """
    A paste, as a terminal sends it that was asked to mark it.
    """
    return f"\x1b[200~{text}\x1b[201~".replace("\n", "\r")


class Terminal:
    """
    ``twistd`` on a terminal of its own.

    :param directory: where it runs, and where its user's home is.
    :param arguments: behind ``twistd``.
    :param rows: of the screen.
    :param columns: of the screen.
    :param environ: variables that differ.
    :param before: Python that runs first in the program.
    """

    def __init__(
        self,
        directory: Path,
        *arguments: str,
        rows: int = 40,
        columns: int = 80,
        environ: dict[str, str] | None = None,
        before: str = "",
    ) -> None:
        # Lines that left the screen at the top are looked at too.
        self._screen = pyte.HistoryScreen(columns, rows, history=10_000)
        self._stream = pyte.ByteStream(self._screen)
        self._lock = threading.Lock()
        self._master, self._slave = os.openpty()
        self._resize(rows, columns)
        #: Everything that was written to the terminal.
        self.output = b""
        self.before = termios.tcgetattr(self._slave)
        variables = {
            **os.environ,
            "PYTHONPATH": str(_ROOT),
            "HOME": str(directory),
            "XDG_STATE_HOME": "",
            "NO_COLOR": "",
            "TERM": "xterm-256color",
            **(environ or {}),
        }
        code = f"import fcntl, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0)\n{before}\n{_TWISTD}"
        self.process = subprocess.Popen(
            [sys.executable, "-c", code, *arguments],
            cwd=directory,
            env=variables,
            stdin=self._slave,
            stdout=self._slave,
            stderr=self._slave,
            start_new_session=True,
        )
        self._gone = threading.Event()
        self._reading = threading.Event()
        self._reading.set()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        while self._reading.wait() and not self._gone.is_set():
            # A close has no effect while somebody reads.
            if not select.select([self._master], [], [], 0.05)[0]:
                continue
            try:
                data = os.read(self._master, 65536)
            except OSError:
                return
            with self._lock:
                self.output += data
                self._stream.feed(data)

    def _resize(self, rows: int, columns: int) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def resize(self, rows: int, columns: int) -> None:
        """
        Make the window larger or smaller.
        """
        with self._lock:
            self._screen.resize(rows, columns)
            self._resize(rows, columns)
        os.kill(self.process.pid, signal.SIGWINCH)

    def stall(self) -> None:
        """
        Take no output any more.
        """
        self._reading.clear()

    def resume(self) -> None:
        """
        Take output again.
        """
        self._reading.set()

    def types(self, keys: str) -> None:
        """
        Press keys.
        """
        os.write(self._master, keys.encode("utf-8", "surrogateescape"))

    def enters(self, line: str) -> None:
        """
        Type a line and press Enter.
        """
        self.types(line + ENTER)

    def lines(self) -> list[str]:
        """
        What the screen shows, and what scrolled off its top, without blanks at the ends.
        """
        with self._lock:
            above = [_text(line, self._screen.columns) for line in self._screen.history.top]
            shown = [line.rstrip() for line in self._screen.display]
        while shown and not shown[-1]:
            shown.pop()
        return above + shown

    @property
    def cursor(self) -> tuple[int, int]:
        """
        Row and column of the cursor, from 0.
        """
        with self._lock:
            return self._screen.cursor.y, self._screen.cursor.x

    @property
    def lastLine(self) -> str:
        """
        The lowest line with something in it.
        """
        lines = self.lines()
        return lines[-1] if lines else ""

    def until(self, condition: Callable[[], bool], what: str) -> None:
        """
        Wait until a condition holds.

        :param what: said, with the screen, when it never does.
        """
        try:
            eventually(condition, what)
        except AssertionError as error:
            raise AssertionError(f"{error}; the cursor is at {self.cursor} of\n{self}") from None

    def shows(self, *texts: str) -> None:
        """
        Wait until all these texts are on the screen, each on one line.
        """
        for text in texts:
            self.until(partial(self._has, text), repr(text))

    def _has(self, text: str) -> bool:
        return any(text in line for line in self.lines())

    def prompts(self, line: str) -> None:
        """
        Wait until the lowest line is this.
        """
        self.until(lambda: self.lastLine == line, f"{line!r} at the bottom")

    def settled(self) -> list[Any]:
        """
        The terminal's settings, now.
        """
        return termios.tcgetattr(self._slave)

    def ended(self) -> int:
        """
        Wait for the program's end.

        :returns: its exit status.
        """
        return self.process.wait(PATIENCE)

    def hangUp(self) -> None:
        """
        Close the window.
        """
        self._gone.set()
        self._reader.join(PATIENCE)
        os.close(self._slave)
        os.close(self._master)
        self._slave = self._master = -1

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def __enter__(self) -> "Terminal":
        """
        :returns: the running program.
        """
        return self

    def __exit__(self, *details: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(PATIENCE)
        self._reading.set()
        if self._slave >= 0:
            self.hangUp()


def _text(line: Any, columns: int) -> str:
    return "".join(line[column].data for column in range(columns)).rstrip()
