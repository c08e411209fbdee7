"""
Child processes: lines in, lines out, their CPU, and a certain end.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TypeVar

_ROOT = Path(__file__).resolve().parent.parent

# Where our modules are, and that what is compiled of them is kept, as of an installed package.
_ENVIRON = {"PYTHONPATH": str(_ROOT), "PYTHONDONTWRITEBYTECODE": ""}

#: How to start a module of ours.
PYTHON = (sys.executable, "-m")

Self = TypeVar("Self", bound="Program")


class BenchmarkError(Exception):
    """
    Something did not do its part; the text says what.
    """


class Program:
    """
    A program that runs, and ends with its ``with`` block, whatever happens.

    :param command: the program and its arguments.
    :param directory: where it runs.
    :param environ: more of its environment.
    """

    def __init__(
        self, command: Sequence[str], directory: Path, environ: Mapping[str, str] | None = None
    ) -> None:
        self._command = " ".join(command)
        self.process = subprocess.Popen(
            command,
            cwd=directory,
            env={**os.environ, **_ENVIRON, **(environ or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            # Also what it starts itself shall end.
            start_new_session=True,
        )

    def write(self, lines: Iterable[str]) -> None:
        """
        Give it lines on standard input.

        :raises BenchmarkError: it has ended.
        """
        assert self.process.stdin is not None
        try:
            self.process.stdin.write("".join(f"{line}\n" for line in lines))
            self.process.stdin.flush()
        except BrokenPipeError:
            raise BenchmarkError(f"it ended too early: {self._command}") from None

    def read(self) -> str:
        """
        Wait for its next line.

        :raises BenchmarkError: it has ended.
        """
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise BenchmarkError(f"it ended too early: {self._command}")
        return line.rstrip("\n")

    def cpuNanoseconds(self) -> int:
        """
        What it has used up to now: all threads, user and system.
        """
        # Linux makes the clock of a process from its number; see clock_getcpuclockid(3).
        return time.clock_gettime_ns((~self.process.pid << 3) | 2)

    def finish(self) -> str:
        """
        End its input and wait until it has ended by itself.

        :returns: what it still said.
        """
        return self.process.communicate()[0]

    def greet(self) -> None:
        """
        What is said before it can be used; for subclasses.
        """

    def __enter__(self: Self) -> Self:
        """
        :returns: the program, ready to be used.
        """
        try:
            self.greet()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *details: object) -> None:
        # Nothing that it has is kept.
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.communicate()


@contextmanager
def bounded(what: str, seconds: float) -> Iterator[None]:
    """
    Give up what takes too long.

    :param what: for the error.
    :raises BenchmarkError: inside the block, after so many seconds.
    """

    def giveUp(number: int, frame: FrameType | None) -> None:
        raise BenchmarkError(f"{what}: not done within {seconds:g} seconds")

    before = signal.signal(signal.SIGALRM, giveUp)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
