"""
What a push of something that was missed costs, beside one of something new.
"""

import time
from tempfile import TemporaryDirectory

from benchmarks.programs import BenchmarkError, bounded
from benchmarks.room import Room
from benchmarks.table import Bar, Spread, Table
from benchmarks.trial import SETTLE, START, Work, speak, warmUp
from benchmarks.workshop import Workshop

_UNIT = "µs of CPU per push"

# What was missed may cost so many times what is new.
_TO_NEW = 1.15


def catchingUp(workshop: Workshop, work: Work, rounds: int) -> Table:
    """
    All messages to members that come after the server was started again, and as many when they
    have those.
    """
    amount = f"{work.messages} messages to {work.members} members that missed them, then as many"
    table = Table("catching up", amount, ("messages", _UNIT, "to new"), _UNIT)
    missed, new = zip(*(_costs(workshop, work) for _ in range(rounds)))
    for name, costs in (("new", new), ("missed", missed)):
        cost = Spread(costs)
        table.add(name, f"{cost:.1f}", cost.ratio(Spread(new)))
        table.bars.append(Bar(f"ours, {name}", cost.middle))
    table.aim("catching up, CPU to a new push", Spread(missed).times(Spread(new)), _TO_NEW)
    return table


def _costs(workshop: Workshop, work: Work) -> tuple[float, float]:
    with (
        bounded("catching up", START + work.patience),
        TemporaryDirectory(dir=workshop.folder) as folder,
        workshop.sink(work.members) as sink,
    ):
        store = f"sqlite:{folder}/room.sqlite"
        with Room(workshop.folder, store=store) as room:
            speak(room, work)
            room.settle()
            room.finish()
        with Room(workshop.folder, store=store) as room:
            sink.expect(work.messages)
            used = room.cpuNanoseconds()
            room.join(sink.ports, f"history={work.messages}")
            costs = [_until(sink.wait(work.patience).faults, room, work, used)]
            warmUp(sink, room)
            sink.expect(work.messages)
            used = room.cpuNanoseconds()
            speak(room, work)
            costs.append(_until(sink.wait(work.patience).faults, room, work, used))
            room.settle()
    return costs[0], costs[1]


def _until(faults: int, room: Room, work: Work, used: int) -> float:
    if faults:
        raise BenchmarkError(f"{faults} messages did not come as promised")
    time.sleep(SETTLE)
    return (room.cpuNanoseconds() - used) / 1000 / work.pushes
