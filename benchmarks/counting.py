"""
User instructions for each push and each message: the same on a busy machine as on a calm one.

The whole program is counted, with little work and with more; the difference is free of its start.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from benchmarks.counters import Counter, firstThatWorks
from benchmarks.ingesting import SENDERS, SERVERS, load
from benchmarks.programs import BenchmarkError, bounded
from benchmarks.table import Bar, Spread, Table
from benchmarks.trial import START, Work, speak, warmUp
from benchmarks.workshop import Workshop

_PUSH = "thousands of user instructions per push"
_MESSAGE = "thousands of user instructions per message"

#: Runs a program behind a command, to its end.
Run = Callable[[Sequence[str]], None]


def instructions(workshop: Workshop, work: Work) -> Table:
    """
    Of pushes: the first message alone against all of them.
    """
    counter = firstThatWorks(workshop.folder)
    amount = f"{work.pushes} pushes to {work.members} members, counted by {counter.name}"
    table = Table("instructions", amount, ("contender", _PUSH, "to uvloop", "to plain"), _PUSH)
    costs = {}
    for name in workshop.contenders:
        least, most = (
            partial(_push, workshop, name, one) for one in (replace(work, messages=0), work)
        )
        costs[name] = _difference(counter, workshop, least, most, work.pushes)
    _addRows(table, costs, "uvloop", "plain")
    return table


def ingestInstructions(workshop: Workshop, each: int) -> Table:
    """
    Of messages on their way in: one from each sender against some more.
    """
    counter = firstThatWorks(workshop.folder)
    amount = f"{each} messages from each of {SENDERS} senders, counted by {counter.name}"
    table = Table("ingest-instructions", amount, ("server", _MESSAGE, "to bare"), _MESSAGE)
    costs = {}
    for name in SERVERS:
        least, most = (partial(_ingest, workshop, name, one) for one in (1, 1 + each))
        costs[name] = _difference(counter, workshop, least, most, each * SENDERS)
    _addRows(table, costs, "bare")
    return table


def _difference(counter: Counter, workshop: Workshop, least: Run, most: Run, count: int) -> Spread:
    fewest, all_ = (counter.counted(workshop.folder, run) for run in (least, most))
    return Spread([(all_ - fewest) / 1000 / count])


def _addRows(table: Table, costs: dict[str, Spread], *bases: str) -> None:
    for name, cost in costs.items():
        table.add(name, f"{cost.middle:.1f}", *(cost.ratio(costs.get(base)) for base in bases))
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
