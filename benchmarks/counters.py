"""
Who counts the instructions of a program.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.programs import BenchmarkError

#: The variable that tells a program how many times slower it is while it is counted.
SLOWNESS = "BENCHMARKS_SLOWNESS"


class Counter:
    """
    A command that runs another one and counts its user instructions.

    :param name: for people.
    :param command: what stands in front, in one line; the count goes to FILE.
    :param pattern: finds the count in that file.
    :param slowness: how many times slower the program is meanwhile.
    """

    def __init__(self, name: str, command: str, pattern: str, slowness: float = 1) -> None:
        self.name = name
        self._words = command.split()
        self._pattern = pattern
        self._slowness = slowness

    def works(self, folder: Path) -> bool:
        """
        Whether this machine has it, and lets it count.
        """
        file = folder / "probe"
        if shutil.which(self._words[0]) is None:
            return False
        subprocess.run([*self._prefix(file), "true"], check=False)
        return file.exists() and bool(self._count(file))

    def counted(self, folder: Path, run: Callable[[Sequence[str]], None]) -> int:
        """
        :param run: runs a program behind the command that it is given, to its end.
        :returns: its instructions.
        :raises BenchmarkError: there is no count.
        """
        # Several may be counted at once, each by a process of its own.
        file = folder / f"count-{os.getpid()}"
        run(self._prefix(file))
        count = self._count(file)
        if count is None:
            raise BenchmarkError(f"{self.name} did not count:\n{file.read_text()}")
        return count

    def _prefix(self, file: Path) -> list[str]:
        words = (word.replace("FILE", str(file)) for word in self._words)
        return ["env", f"{SLOWNESS}={self._slowness}", *words]

    def _count(self, file: Path) -> int | None:
        found = re.search(self._pattern, file.read_text(), re.MULTILINE)
        return int(found[1].replace(",", "")) if found else None


_COUNTERS = (
    # Processors in virtual machines often do not tell.
    Counter("perf stat", "perf stat -x ; -e instructions:u -o FILE --", r"^(\d+);"),
    # Runs the program on a processor of its own; our server then pushes a twelfth as fast.
    Counter(
        "valgrind",
        "valgrind --tool=cachegrind --cache-sim=no --cachegrind-out-file=/dev/null --log-file=FILE",
        r"I +refs: +([\d,]+)",
        slowness=12,
    ),
)


def firstThatWorks(folder: Path) -> Counter:
    """
    Find a counter.

    :param folder: for its files.
    :raises BenchmarkError: there is none.
    """
    for counter in _COUNTERS:
        if counter.works(folder):
            return counter
    raise BenchmarkError("nobody counts instructions on this machine: install valgrind")
