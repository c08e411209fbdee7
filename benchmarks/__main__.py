"""
``python -m benchmarks``: measure, print tables, and perhaps keep them.
"""

import json
import signal
import sys
import time
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import benchmarks
from benchmarks.catching import catchingUp
from benchmarks.clustering import cluster
from benchmarks.counting import ingestInstructions, instructions
from benchmarks.idling import idle
from benchmarks.ingesting import ingest
from benchmarks.pacing import paced
from benchmarks.page import rewrite, thisMachine
from benchmarks.picture import picture
from benchmarks.plan import FULL, SMOKE, Plan
from benchmarks.programs import BenchmarkError
from benchmarks.pushing import scaling, slow, throughput
from benchmarks.registered import registered
from benchmarks.silence import silence
from benchmarks.starting import start
from benchmarks.table import Table, goals
from benchmarks.workshop import CONTENDERS, Workshop

_BENCHMARKS: dict[str, Callable[[Workshop, Plan], Table]] = {
    "throughput": lambda shop, plan: throughput(shop, plan.throughput, plan.rounds),
    "scaling": lambda shop, plan: scaling(shop, plan.scaling, plan.scalingPushes, plan.rounds),
    "paced": lambda shop, plan: paced(shop, plan.paced, plan.rounds),
    "catching-up": lambda shop, plan: catchingUp(shop, plan.catchingUp, plan.rounds),
    "registered": lambda shop, plan: registered(shop, plan.registered, plan.toRegistered),
    "slow": lambda shop, plan: slow(shop, plan.slow, plan.rounds),
    "idle": lambda shop, plan: idle(shop, plan.idleMembers, plan.idleSeconds),
    "silence": lambda shop, plan: silence(shop, plan.besideSenders, plan.rounds),
    "cluster": lambda shop, plan: cluster(shop, plan.cluster, plan.rounds),
    "start": lambda shop, plan: start(shop, plan.starts),
    "ingest": lambda shop, plan: ingest(shop, plan.ingest, plan.rounds),
    "instructions": lambda shop, plan: instructions(shop, plan.counted),
    "ingest-instructions": lambda shop, plan: ingestInstructions(shop, plan.countedIngest),
}

_EXAMPLES = """
throughput           everything at once: CPU per push, and pushes a second
scaling              the same with 10 to 5000 members
paced                latency at a calm pace, alone and beside members that refuse or hang
catching-up          CPU per push of what was missed, against what is new
registered           10,000 members that are not there: bytes for each, CPU per message
slow                 members that accept one connection in 5 ms, against the time that needs
idle                 CPU of a room with 1000 members in which nothing is said
silence              the longest time without a push, beside senders and on a slow disk
cluster              CPU per push of three nodes on PostgreSQL, against one
start                until it listens, against a twistd that does nothing else
ingest               CPU per message on its way in, against a protocol that reads and closes
instructions         user instructions per push, by perf stat or valgrind
ingest-instructions  the same per message on its way in

  python -m benchmarks throughput --rounds 5     the figure that matters, more exactly
  python -m benchmarks paced slow -c ours        how members feel it, our server alone
  python -m benchmarks --docs docs               everything, into docs/performance.rst and push.svg
"""


def _options(arguments: list[str] | None) -> Namespace:
    parser = ArgumentParser(
        prog="python -m benchmarks",
        description=benchmarks.__doc__,
        epilog=_EXAMPLES,
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument("what", nargs="*", metavar="WHAT", help="see below; everything if none")
    parser.add_argument(
        "-c",
        "--contender",
        action="append",
        choices=CONTENDERS,
        help="only this one; may be given several times",
    )
    parser.add_argument("--rounds", type=int, help="turns for each contender (3)")
    parser.add_argument("--members", type=int, help="of throughput (100)")
    parser.add_argument("--messages", type=int, help="of throughput, to each member (200)")
    parser.add_argument(
        "--smoke", action="store_true", help="seconds only: shows that nothing is lost, not speed"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the tables there, too")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="draw them there, as SVG")
    parser.add_argument(
        "--docs", type=Path, metavar="FOLDER", help="put both into its performance.rst and push.svg"
    )
    options = parser.parse_args(arguments)
    unknown = set(options.what) - set(_BENCHMARKS)
    if unknown:
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    return options


def _plan(options: Namespace) -> Plan:
    plan = SMOKE if options.smoke else FULL
    work = plan.throughput
    return replace(
        plan,
        rounds=options.rounds or plan.rounds,
        throughput=replace(
            work,
            members=options.members or work.members,
            messages=options.messages or work.messages,
        ),
    )


def _chosen(options: Namespace) -> list[str]:
    # These take their time whatever the size.
    long = ("cluster", "instructions", "ingest-instructions") if options.smoke else ()
    everything = [name for name in _BENCHMARKS if name not in long]
    return options.what or everything


def _measured(workshop: Workshop, names: list[str], plan: Plan) -> Iterator[Table]:
    """
    :returns: the tables; one that could not be made is told and left out.
    """
    for name in names:
        try:
            yield _BENCHMARKS[name](workshop, plan)
        except BenchmarkError as error:
            _complain(f"{name}: {error}")


def _complain(text: str) -> None:
    print(f"benchmarks: {text}", file=sys.stderr, flush=True)


def main(arguments: list[str] | None = None) -> int:
    """
    Run the script.

    :returns: 1 where something was lost, doubled, out of order or left out; else 0.
    """
    options = _options(arguments)
    # End as at Ctrl-C, with everything that was started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    names = _chosen(options)
    began = time.monotonic()
    tables = []
    with TemporaryDirectory(prefix="benchmarks-") as folder:
        try:
            workshop = Workshop(Path(folder), options.contender or CONTENDERS)
        except BenchmarkError as error:
            _complain(str(error))
            return 1
        for line in workshop.missing:
            print(line)
        for table in _measured(workshop, names, _plan(options)):
            print(table, flush=True)
            tables.append(table)
    told = thisMachine(time.monotonic() - began)
    print(goals(tables), told, sep="\n")
    if options.json:
        options.json.write_text(json.dumps([asdict(table) for table in tables], indent=1))
    if options.picture:
        options.picture.write_text(picture(tables))
    if options.docs:
        rewrite(options.docs / "performance.rst", [told, goals(tables), *tables])
        (options.docs / "push.svg").write_text(picture(tables))
    faults = sum(table.faults for table in tables)
    if faults:
        _complain(f"{faults} messages did not come as promised")
    return 1 if faults or len(tables) < len(names) else 0


if __name__ == "__main__":
    sys.exit(main())
