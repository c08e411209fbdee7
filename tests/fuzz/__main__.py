"""
Tries many inputs: ``python -m tests.fuzz [--minutes M | --executions N] [--seed S]``.
"""

import sys
import time
from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from twisted.logger import globalLogBeginner

from tests.fuzz.edges import EdgeWatch
from tests.fuzz.fuzzer import Finding, Fuzzer
from tests.fuzz.roomtarget import RoomTarget
from tests.fuzz.wiretarget import WireTarget

_PROGRESS_SECONDS = 10.0


def _options(arguments: list[str] | None) -> Namespace:
    parser = ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--minutes", type=float, default=1.0, help="how long (1)")
    length.add_argument("--executions", type=int, help="how many inputs of each kind, instead")
    parser.add_argument("--seed", type=int, default=0, help="decides the inputs (0)")
    return parser.parse_args(arguments)


class _Run:
    """
    Shares the time among the fuzzers.
    """

    def __init__(self, fuzzers: Sequence[Fuzzer[Any]], options: Namespace) -> None:
        self._fuzzers = fuzzers
        self._options = options
        self._began = self._shown = time.monotonic()

    def run(self) -> tuple[Fuzzer[Any], Finding[Any]] | None:
        while running := [fuzzer for fuzzer in self._fuzzers if self._goesOn(fuzzer)]:
            fuzzer = min(running, key=lambda fuzzer: fuzzer.seconds)
            finding = fuzzer.step()
            if finding is not None:
                return fuzzer, finding
            if time.monotonic() - self._shown >= _PROGRESS_SECONDS:
                self.show()
        return None

    def _goesOn(self, fuzzer: Fuzzer[Any]) -> bool:
        if self._options.executions is not None:
            return fuzzer.executions < int(self._options.executions)
        return time.monotonic() - self._began < 60 * float(self._options.minutes)

    def show(self) -> None:
        """
        Say how far it has come.
        """
        self._shown = time.monotonic()
        shares = [
            f"{fuzzer.target.name}: {fuzzer.executions} executions, "
            f"corpus {len(fuzzer.corpus)}, {len(fuzzer.edges)} edges"
            for fuzzer in self._fuzzers
        ]
        print(f"{self._shown - self._began:6.0f} s  {'; '.join(shares)}", flush=True)


def _showEdges(fuzzer: Fuzzer[Any]) -> None:
    files = Counter(Path(file).stem for file, _, _ in fuzzer.edges)
    counts = ", ".join(f"{name} {count}" for name, count in sorted(files.items()))
    print(f"{fuzzer.target.name}: {fuzzer.executions} executions; edges: {counts}")


def main(arguments: list[str] | None = None) -> int:
    """
    Run the script.

    :returns: 1 where an input failed, else 0.
    """
    options = _options(arguments)
    # Without this the log keeps what it is told, for somebody who might come later.
    globalLogBeginner.beginLoggingTo([], discardBuffer=True, redirectStandardIO=False)
    with EdgeWatch() as watch:
        fuzzers = [Fuzzer(target, watch, options.seed) for target in (WireTarget(), RoomTarget())]
        run = _Run(fuzzers, options)
        failed = run.run()
    run.show()
    for fuzzer in fuzzers:
        _showEdges(fuzzer)
    if failed is None:
        print("nothing found")
        return 0
    fuzzer, finding = failed
    print(f"{fuzzer.target.name}, seed {options.seed}, execution {finding.execution}:")
    print(f"{finding.trouble.why}\n  at {finding.trouble.where}\n{finding.input!r}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
