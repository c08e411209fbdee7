"""
How long a message takes at a calm pace, among healthy members and beside sick ones.
"""

from dataclasses import replace

from benchmarks.table import Bar, Spread, Table
from benchmarks.trial import Result, Work, inTurns, trial
from benchmarks.workshop import Workshop

_COLUMNS = ("contender", "p50 [ms]", "p99 [ms]", "sick p50", "sick p99", "p99 to healthy", "faults")


def paced(workshop: Workshop, work: Work, rounds: int) -> Table:
    """
    From the moment a message is said until a healthy member has read it.

    :param work: with sick members; it is done without them, too.
    """
    amount = (
        f"{work.messages} messages to {work.members} members, one in {work.interval * 1000:g} ms; "
        f"beside {work.sick} each of refusing, tarpit and black hole"
    )
    table = Table("paced", amount, _COLUMNS, "ms, p99")

    def both(name: str) -> tuple[Result, Result]:
        return trial(workshop, name, replace(work, sick=0)), trial(workshop, name, work)

    for name, pairs in inTurns(rounds, workshop.contenders, both).items():
        healthy, sick = zip(*pairs)
        faults = sum(result.report.faults for result in (*healthy, *sick))
        p50s, p99s = zip(_latencies(healthy), _latencies(sick))
        times = [f"{one:.1f}" for one in (p50s[0], p99s[0], p50s[1], p99s[1])]
        table.faults += faults
        table.add(name, *times, p99s[1].ratio(p99s[0]), faults)
        labels = (name, f"{name}, beside sick")
        table.bars += [Bar(label, p99.middle, name) for label, p99 in zip(labels, p99s)]
    return table


def _latencies(results: tuple[Result, ...]) -> tuple[Spread, Spread]:
    """
    :returns: the p50 and the p99, in milliseconds.
    """
    reports = [result.report for result in results]
    return (
        Spread(report.p50 / 1000 for report in reports),
        Spread(report.p99 / 1000 for report in reports),
    )
