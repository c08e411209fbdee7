"""
What a room costs while nothing is said.
"""

import time

from benchmarks.programs import bounded
from benchmarks.table import Bar, Table
from benchmarks.trial import START, warmUp
from benchmarks.workshop import Workshop

_UNIT = "ms of CPU per second"

# Seconds after which everything that a message starts has ended.
_CALM = 1.0


def idle(workshop: Workshop, members: int, seconds: float) -> Table:
    """
    CPU of a room in which everybody has everything.
    """
    amount = f"{members} members, {seconds:g} s"
    table = Table("idle", amount, ("contender", _UNIT), _UNIT)
    with (
        bounded(f"{members} idle members", START + seconds),
        workshop.sink(members) as sink,
        workshop.contender("ours", sink.ports) as room,
    ):
        warmUp(sink, room)
        time.sleep(_CALM)
        used = room.cpuNanoseconds()
        time.sleep(seconds)
        cost = (room.cpuNanoseconds() - used) / 1e6 / seconds
    table.add("ours", f"{cost:.3f}")
    table.bars.append(Bar("ours", cost))
    return table
