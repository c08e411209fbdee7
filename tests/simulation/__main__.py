"""
Runs many stories: ``python -m tests.simulation [--seeds N] [--start S] [--mutant NAME]``.
"""

import gc
import sys
import time
from argparse import ArgumentParser
from functools import partial
from multiprocessing import Pool, cpu_count

from twisted.logger import globalLogBeginner

from tests.simulation.mutants import MUTANTS
from tests.simulation.parts import REAL
from tests.simulation.world import Report, run

# How much of a story is shown.
_LAST_EVENTS = 60

# Objects are collected this often: a story leaves few, and an error that nobody saw is told then.
_COLLECT_EVERY = 25


def _begin() -> None:
    # Without this the log keeps what it is told, for somebody who might come later.
    globalLogBeginner.beginLoggingTo([], discardBuffer=True, redirectStandardIO=False)
    gc.freeze()
    gc.disable()


def _run(mutant: str | None, seed: int) -> Report:
    parts = MUTANTS[mutant] if mutant else REAL
    report = run(seed, parts, collect=seed % _COLLECT_EVERY == 0)
    # Stories are long to hand over, and most are of no interest.
    if report.violation is None:
        report.events.clear()
    return report


def _show(report: Report) -> None:
    assert report.violation is not None
    time, invariant, why = report.violation
    for event in report.events[-_LAST_EVENTS:]:
        print(f"  {event.time:12.4f} {event.kind.value:9} {' '.join(event[2:])}")
    print(f"seed {report.seed}: {invariant}: {why} (at {time:.4f} s)")


def main(arguments: list[str] | None = None) -> int:
    """
    Run the script.

    :returns: 1 where an invariant did not hold, else 0.
    """
    parser = ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1000, help="how many stories (1000)")
    parser.add_argument("--start", type=int, default=0, help="the first seed (0)")
    parser.add_argument("--mutant", choices=sorted(MUTANTS), help="break the server")
    options = parser.parse_args(arguments)
    began = time.monotonic()
    wrong: list[int] = []
    total = [0, 0, 0, 0, 0, 0.0]
    seeds = range(options.start, options.start + options.seeds)
    with Pool(cpu_count(), _begin) as pool:
        for report in pool.imap(partial(_run, options.mutant), seeds, chunksize=10):
            counts = report.messages, report.pushes, report.crashes, report.duplicates, report.heard
            total = [sum(pair) for pair in zip(total, (*counts, report.seconds))]
            if report.violation is not None:
                if not wrong:
                    _show(report)
                wrong.append(report.seed)
    took = time.monotonic() - began
    print(f"{len(seeds)} seeds in {took:.1f} s: {len(seeds) / took:.0f} a second")
    print(
        "{} messages, {} pushes, {} crashes, {} duplicates, {} heard in the program, {:.0f} virtual"
        " hours".format(*total[:5], total[5] / 3600)
    )
    print(f"{len(wrong)} violations, seeds {wrong[:20]}" if wrong else "no violation")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
