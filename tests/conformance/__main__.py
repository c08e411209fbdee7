"""
The command line: ``python -m tests.wireconformance HOST PORT``.
"""

import sys
import time
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections import Counter
from typing import Any

from tests.conformance.case import Case, Section
from tests.conformance.server import PATIENCE, Server
from tests.conformance.setup import OPTIONS, Setup
from tests.conformance.suite import SECTIONS, Row, Suite
from tests.conformance.verdicts import Verdict

_DESCRIPTION = """\
Try every case of the wire format on a chat server, ours or another's, and print a table:
the case, what is promised, what was seen, and whether that is the same.

What it does to the server: it registers dozens of members with random names, which listen on this
machine, and says things to the room that everybody in it will see; then it takes its members out
again (leave_request), so it can be run as often as you like. A server that does not know
leave_request keeps them, and pushes to ports where nobody listens any more. Some cases are mean:
a weak server may die of them, and what follows is then not tried. A good one takes some seconds.

What nobody can see from outside, such as how the server was started, is said with options. Cases
that need one are skipped without it; the table says which it is."""

_EPILOG = """\
examples:
  python -m tests.wireconformance localhost 8880
  python -m tests.wireconformance 192.168.1.5 8880 --callback-host 192.168.1.7
  python -m tests.wireconformance localhost 8880 --only port
  python -m tests.wireconformance 127.0.0.1 8880 --receipts --other-host ::1 --slow

  twistd -n chatserver -l tcp:8880 -l haproxy:tcp:8881 -l ssl:8882:privateKey=key.pem \\
      --receipts --reserve ci=127.0.0.2
  python -m tests.wireconformance 127.0.0.1 8880 --proxy-port 8881 --tls-port 8882 \\
      --receipts --reserved ci=127.0.0.2

The exit status is 0 where every promise was kept, else 1."""

# Characters of what was seen that are shown.
_SEEN_WIDTH = 90

_SETUP: dict[str, dict[str, Any]] = {
    "second": {
        "metavar": "ADDRESS",
        "help": "another address of this machine, another host to the server (where HOST is"
        " 127.0.0.1: 127.0.0.2)",
    },
    "otherHost": {"metavar": "HOST", "help": "where it listens on PORT in the other version of IP"},
    "proxyPort": {
        "metavar": "PORT",
        "type": int,
        "help": "where HOST takes a proxy's header first (haproxy:)",
    },
    "tlsPort": {"metavar": "PORT", "type": int, "help": "where HOST speaks TLS (ssl: or tls:)"},
    "receipts": {"action": "store_true", "help": "it answers with positions (--receipts)"},
    "reserved": {
        "metavar": "NAME=ADDRESS",
        "help": "a name that only this address may have (--reserve)",
    },
    "slow": {"action": "store_true", "help": "try cases too that take more than ten seconds"},
}

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
    group = parser.add_argument_group("about the server, and this machine")
    for field, arguments in _SETUP.items():
        group.add_argument(OPTIONS[field], dest=field, **arguments)
    return parser


def _show(row: Row) -> None:
    columns = [row.case.name.ljust(_CASE_WIDTH), row.case.promise.ljust(_PROMISE_WIDTH)]
    length = len(row.seen)
    cut = f"{row.seen[:_SEEN_WIDTH]}... ({length} characters)"
    seen = row.seen if length <= _SEEN_WIDTH else cut
    print("  ".join(["", row.verdict.value.ljust(7), *columns, seen]), flush=True)


def _chosen(part: str) -> list[tuple[Section, list[Case]]]:
    sections = [
        (section, [case for case in section.cases if part in case.name]) for section in SECTIONS
    ]
    return [(section, cases) for section, cases in sections if cases]


def _run(suite: Suite, chosen: list[tuple[Section, list[Case]]]) -> int:
    began = time.monotonic()
    verdicts: Counter[Verdict] = Counter()
    suite.examine()
    for section, cases in chosen:
        print(section.title)
        for row in suite.run(cases, atOnce=section.atOnce):
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
    setup = Setup(**{field: getattr(options, field) for field in OPTIONS})
    try:
        server = Server(options.host, options.port, options.callback_host, options.patience, setup)
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
