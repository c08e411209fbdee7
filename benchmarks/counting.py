"""
User instructions for each push and each message: the same on a busy machine as on a calm one.

The whole program is counted, with little work and with more; the difference is free of its start.
Two are counted at once: what one does takes nothing from the other's count.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial

from benchmarks.counters import firstThatWorks
from benchmarks.ingesting import SENDERS, SERVERS, load
from benchmarks.programs import BenchmarkError, bounded
from benchmarks.table import Bar, Spread, Table
from benchmarks.trial import START, Work, speak, warmUp
from benchmarks.workshop import Workshop

_PUSH = "thousands of user instructions per push"
_MESSAGE = "thousands of user instructions per message"

# What ours shall cost at most, as many times what uvloop's push and a bare protocol do.
_TO_UVLOOP, _TO_BARE = 0.6, 0.9

_AT_ONCE = 2

#: Runs a program behind a command, to its end.
Run = Callable[[Sequence[str]], None]


def instructions(workshop: Workshop, work: Work) -> Table:
    """
    Of pushes: the first message alone against all of them.
    """
    # Of C's, nearly all are the kernel's; the plain one costs many times as much as all others.
    names = [name for name in workshop.contenders if name not in ("c", "plain")]
    runs = [
        partial(_push, workshop, name, one)
        for name in names
        for one in (replace(work, messages=0), work)
    ]
    by, costs = _differences(workshop, names, runs, work.pushes)
    amount = f"{work.pushes} pushes to {work.members} members, counted by {by}"
    table = Table("instructions", amount, ("contender", _PUSH, "to uvloop"), _PUSH)
    _addRows(table, costs, "uvloop")
    if "ours" in costs:
        times = costs["ours"].times(costs.get("uvloop"))
        table.aim("push to 100 members, instructions to uvloop", times, _TO_UVLOOP)
    return table


def ingestInstructions(workshop: Workshop, each: int) -> Table:
    """
    Of messages on their way in: one from each sender against some more.
    """
    runs = [partial(_ingest, workshop, name, one) for name in SERVERS for one in (1, 1 + each)]
    by, costs = _differences(workshop, list(SERVERS), runs, each * SENDERS)
    amount = f"{each} messages from each of {SENDERS} senders, counted by {by}"
    table = Table("ingest-instructions", amount, ("server", _MESSAGE, "to bare"), _MESSAGE)
    _addRows(table, costs, "bare")
    for name in [one for one in SERVERS if one != "bare"]:
        times = costs[name].times(costs["bare"])
        table.aim(f"message in, {name}, instructions to bare", times, _TO_BARE)
    return table


def _differences(
    workshop: Workshop, names: Sequence[str], runs: Sequence[Run], count: int
) -> tuple[str, dict[str, Spread]]:
    """
    :param runs: two of each, with little work and with more.
    :param count: how much more.
    :returns: who has counted, and thousands of instructions for each of what was more.
    """
    counter = firstThatWorks(workshop.folder)
    with ProcessPoolExecutor(_AT_ONCE) as pool:
        counts = list(pool.map(partial(counter.counted, workshop.folder), runs))
    pairs = zip(names, counts[::2], counts[1::2])
    return counter.name, {
        name: Spread([(most - least) / 1000 / count]) for name, least, most in pairs
    }


def _addRows(table: Table, costs: dict[str, Spread], base: str) -> None:
    for name, cost in costs.items():
        table.add(name, f"{cost.middle:.1f}", cost.ratio(costs.get(base)))
        table.bars.append(Bar(name, cost.middle))


def _push(workshop: Workshop, name: str, work: Work, prefix: Sequence[str]) -> None:
    with (
        bounded(f"counting {name}", START + work.patience),
        workshop.sink(work.members) as sink,
        workshop.contender(name, sink.ports, prefix) as contender,
    ):
        warmUp(sink, contender)
        sink.expect(work.messages)
        speak(contender, work)
        faults = sink.wait(work.patience).faults
        contender.finish()
    if faults:
        raise BenchmarkError(f"{name}: {faults} messages did not come as promised")


def _ingest(workshop: Workshop, name: str, each: int, prefix: Sequence[str]) -> None:
    with bounded(f"counting {name}", 10 * START), SERVERS[name](workshop, prefix) as server:
        load(workshop, server.port, each)
        server.finish()
