"""
``python -m tests.cluster``: every scenario at its full size, with what was measured.
"""

import sys
from argparse import ArgumentParser

import pytest

from tests.cluster import measures, scenarios
from tests.postgresqlserver import PostgreSQLServer, serverPrograms

_SCENARIOS = {
    scenario.__name__: scenario
    for scenario in (
        scenarios.killed,
        scenarios.stopped,
        scenarios.crashing,
        scenarios.restarted,
        scenarios.hung,
        scenarios.joinedAndLeft,
        scenarios.stalled,
        scenarios.pooled,
        scenarios.failedOver,
    )
}

_MEASURES = {measure.__name__: measure for measure in (measures.many, measures.throughput)}


def main() -> int:
    """
    Run the script.

    :returns: 1 where something was lost or out of order, or was asked for and not played; else 0.
    """
    parser = ArgumentParser(prog="python -m tests.cluster", description=__doc__)
    parser.add_argument("scenario", nargs="*", help=", ".join([*_SCENARIOS, *_MEASURES]))
    parser.add_argument("--members", type=int, default=200)
    options = parser.parse_args()
    unknown = set(options.scenario) - {*_SCENARIOS, *_MEASURES}
    if unknown:
        parser.error(f"there is no {', '.join(sorted(unknown))}: --help has the list")
    programs = serverPrograms()
    if programs is None:
        sys.exit("there is no PostgreSQL server here: apt-get install postgresql")
    server = PostgreSQLServer(programs)
    wrong = missed = 0
    try:
        server.start()
        for name in options.scenario or [*_SCENARIOS, *_MEASURES]:
            if name in _MEASURES:
                print(f"{name}: {_MEASURES[name](server)}", flush=True)
                continue
            try:
                outcome = _SCENARIOS[name](server, options.members)
            except pytest.skip.Exception as missing:
                print(f"{name}: {missing}", flush=True)
                missed += 1
                continue
            print(f"{name}: {outcome}", flush=True)
            wrong += outcome.verdict.lost + outcome.verdict.disordered
    finally:
        server.remove()
    return 1 if wrong or (options.scenario and missed) else 0


if __name__ == "__main__":
    sys.exit(main())
