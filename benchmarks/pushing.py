"""
What a push costs, to one number of members or several, and how slow members are served.
"""

from collections.abc import Sequence

from benchmarks.table import Bar, Spread, Table
from benchmarks.trial import Result, Work, inTurns, trial
from benchmarks.workshop import Workshop

_FAULTS = ("lost", "doubled", "disordered")
_COSTS = ("contender", "CPU per push [µs]", "to c", "to uvloop", "pushes/s", *_FAULTS)
_UNIT = "µs of CPU per push"

# What ours shall cost at most, as many times what the others do: by number of members.
_TO_UVLOOP = {10: 1.05, 100: 0.9, 1000: 1.05, 5000: 1.05}
_TO_C = {100: 1.9}
_TO_NEEDED = 1.1


def throughput(workshop: Workshop, work: Work, rounds: int) -> Table:
    """
    All messages at once, to all members.
    """
    amount = f"{work.messages} messages to {work.members} members, all at once"
    table = Table("throughput", amount, _COSTS, _UNIT)
    _addCosts(table, workshop, workshop.contenders, work, rounds)
    return table


def scaling(workshop: Workshop, sizes: Sequence[int], pushes: int, rounds: int) -> Table:
    """
    About the same number of pushes, to few members and to many.
    """
    # The plain one costs far more everywhere, and takes as long as all others together.
    names = [name for name in workshop.contenders if name != "plain"] or workshop.contenders
    table = Table("scaling", f"about {pushes} pushes", ("members", *_COSTS), _UNIT)
    for members in sizes:
        work = Work(members, max(2, pushes // members))
        _addCosts(table, workshop, names, work, rounds, members)
    return table


def slow(workshop: Workshop, work: Work, rounds: int) -> Table:
    """
    Members that take their time: nobody can be faster than they are.
    """
    needed = Spread([work.messages * work.restSeconds] * rounds)
    amount = (
        f"{work.messages} messages to {work.members} members that accept one in "
        f"{work.restSeconds * 1000:g} ms, queue {work.queue}: {needed.middle:g} s needed"
    )
    table = Table("slow", amount, ("contender", "seconds", "to needed", *_FAULTS), "s")
    for name, results in _raced(workshop, workshop.contenders, work, rounds).items():
        taken = Spread(result.seconds for result in results)
        table.add(name, f"{taken:.2f}", taken.ratio(needed), *_faults(table, results))
        table.bars.append(Bar(name, taken.middle))
        if name == "ours":
            table.aim("slow members, time to needed", taken.times(needed), _TO_NEEDED)
    return table


def _addCosts(
    table: Table,
    workshop: Workshop,
    names: Sequence[str],
    work: Work,
    rounds: int,
    *members: int,
) -> None:
    raced = _raced(workshop, names, work, rounds)
    costs = {name: Spread(result.cpu for result in results) for name, results in raced.items()}
    for name, results in raced.items():
        cost, rate = costs[name], Spread(work.pushes / result.seconds for result in results)
        ratios = (cost.ratio(costs.get(base)) for base in ("c", "uvloop"))
        found = (f"{cost:.1f}", *ratios, f"{rate.middle:.0f}", *_faults(table, results))
        table.add(*members, name, *found)
        table.bars.append(Bar(name, cost.middle, "".join(f"{count} members" for count in members)))
    if "ours" in costs:
        for base, goals in (("c", _TO_C), ("uvloop", _TO_UVLOOP)):
            if work.members in goals:
                times = costs["ours"].times(costs.get(base))
                figure = f"push to {work.members} members, CPU to {base}"
                table.aim(figure, times, goals[work.members])


def _raced(
    workshop: Workshop, names: Sequence[str], work: Work, rounds: int
) -> dict[str, list[Result]]:
    return inTurns(rounds, names, lambda name: trial(workshop, name, work))


def _faults(table: Table, results: Sequence[Result]) -> list[int]:
    reports = [result.report for result in results]
    table.faults += sum(report.faults for report in reports)
    return [sum(getattr(report, fault) for report in reports) for fault in _FAULTS]
