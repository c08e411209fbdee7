"""
The command line: ``python -m tests.wireconformance HOST PORT``.
"""

import sys
import time
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections import Counter

from tests.conformance.case import Case
from tests.conformance.server import PATIENCE, Server
from tests.conformance.suite import SECTIONS, Row, Suite
from tests.conformance.verdicts import Verdict

_DESCRIPTION = """\
Try every case of the wire format on a chat server, ours or another's, and print a table:
the case, what is promised, what was seen, and whether that is the same.

What it does to the server: it registers dozens of members with random names, which listen on this
machine, and says things to the room that everybody in it will see; then it takes its members out
again (leave_request), so it can be run as often as you like. A server that does not know
leave_request keeps them, and pushes to ports where nobody listens any more. Some cases are mean:
a weak server may die of them, and what follows is then not tried. A good one takes some seconds,
half a minute from another machine."""

_EPILOG = """\
examples:
  python -m tests.wireconformance localhost 8880
  python -m tests.wireconformance 192.168.1.5 8880 --callback-host 192.168.1.7
  python -m tests.wireconformance localhost 8880 --only port

The exit status is 0 where every promise was kept, else 1."""

# Characters of what was seen that are shown.
_SEEN_WIDTH = 90

_CASE_WIDTH = max(len(case.name) for section in SECTIONS for case in section.cases)
_PROMISE_WIDTH = max(len(case.promise) for section in SECTIONS for case in section.cases)


def _parser() -> ArgumentParser:
    parser = ArgumentParser(
        prog="python -m tests.wireconformance",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument("host", metavar="HOST", help="where the server is")
    parser.add_argument("port", metavar="PORT", type=int, help="where it listens")
    parser.add_argument(
        "--callback-host",
        metavar="HOST",
        help="the address at which the server finds this machine (the one that it is reached from)",
    )
    parser.add_argument(
        "--only", metavar="TEXT", default="", help="try the cases whose name holds TEXT"
    )
    parser.add_argument(
        "--patience",
        metavar="SECONDS",
        type=float,
        default=PATIENCE,
        help=f"how long what was promised may take ({PATIENCE:g}); more for a slow network",
    )
    return parser


def _show(row: Row) -> None:
    columns = [row.case.name.ljust(_CASE_WIDTH), row.case.promise.ljust(_PROMISE_WIDTH)]
    length = len(row.seen)
    cut = f"{row.seen[:_SEEN_WIDTH]}... ({length} characters)"
    seen = row.seen if length <= _SEEN_WIDTH else cut
    print("  ".join(["", row.verdict.value.ljust(7), *columns, seen]), flush=True)


def _chosen(part: str) -> dict[str, list[Case]]:
    sections = {
        section.title: [case for case in section.cases if part in case.name] for section in SECTIONS
    }
    return {title: cases for title, cases in sections.items() if cases}


def _run(suite: Suite, chosen: dict[str, list[Case]]) -> int:
    began = time.monotonic()
    verdicts: Counter[Verdict] = Counter()
    suite.examine()
    for title, cases in chosen.items():
        print(title)
        for case in cases:
            row = suite.run(case)
            _show(row)
            verdicts[row.verdict] += 1
    counts = ", ".join(f"{verdicts[verdict]} {verdict.value}" for verdict in Verdict)
    print(f"{verdicts.total()} cases: {counts}; {time.monotonic() - began:.1f} s")
    return 1 if verdicts[Verdict.FAILED] else 0


def main(arguments: list[str] | None = None) -> int:
    """
    Run the script.

    :returns: 0 where every promise was kept, else 1.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    chosen = _chosen(options.only)
    if not chosen:
        parser.error(f"no case has {options.only!r} in its name")
    try:
        server = Server(options.host, options.port, options.callback_host, options.patience)
    except OSError as error:
        print(f"nobody answers at {options.host}, port {options.port}: {error.strerror or error}")
        return 1
    suite = Suite(server)
    try:
        return _run(suite, chosen)
    finally:
        suite.close()


if __name__ == "__main__":
    sys.exit(main())
