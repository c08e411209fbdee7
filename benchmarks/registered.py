"""
What members cost that are registered and not there: in memory, at each registration and at each
message.
"""

import re
import time
from pathlib import Path
from typing import NamedTuple

from benchmarks.ingesting import SENDERS, load
from benchmarks.programs import bounded
from benchmarks.room import Room
from benchmarks.table import Bar, Table
from benchmarks.trial import START
from benchmarks.workshop import Workshop

_COLUMNS = (
    "store",
    "bytes for each member",
    "when it is away",
    "CPU per registration [ms]",
    "CPU per message [ms]",
)

# Nobody listens there.
_FIRST_PORT = 20_000

# The last registrations are those that are measured.
_SHARE = 10

# Who is not there is tried five times within four seconds, and then after ever longer pauses: it is
# measured in one, when the room uses less than so many ms of CPU a second within so many seconds.
_CALM = 20
_LOOK = 0.5

# Bytes; and milliseconds.
_MOST_MEMORY = 1200
_MOST_REGISTRATION = {"memory:": 0.1}
_MOST_MESSAGE = {"sqlite:": 0.2, "memory:": 0.1}


class _Costs(NamedTuple):
    """
    What members cost.

    :param memory: bytes for each.
    :param away: bytes for each, when pushes to it have failed.
    :param registration: ms of CPU.
    :param message: ms of CPU.
    """

    memory: float
    away: float
    registration: float
    message: float


def registered(workshop: Workshop, members: int, messages: int) -> Table:
    """
    A room of which everybody is a member and nobody is there.
    """
    each = max(1, messages // SENDERS)
    amount = f"{members} members that are not there, {each * SENDERS} messages"
    table = Table("registered", amount, _COLUMNS, "µs of CPU per message")
    for name, store in (("sqlite:", "sqlite:room.sqlite"), ("memory:", "memory:")):
        costs = _costs(workshop, store, members, each)
        memory = f"{costs.memory:.0f}", f"{costs.away:.0f}"
        table.add(name, *memory, f"{costs.registration:.3f}", f"{costs.message:.3f}")
        table.bars.append(Bar(f"ours, {name}", 1000 * costs.message))
        room = f"{members} registered, {name}"
        table.aim(f"{room}, bytes a member", costs.memory, _MOST_MEMORY)
        if name in _MOST_REGISTRATION:
            most = _MOST_REGISTRATION[name]
            table.aim(f"{room}, CPU a registration [ms]", costs.registration, most)
        table.aim(f"{room}, CPU a message [ms]", costs.message, _MOST_MESSAGE[name])
    return table


def _costs(workshop: Workshop, store: str, members: int, each: int) -> _Costs:
    ports = range(_FIRST_PORT, _FIRST_PORT + members)
    most = len(ports) - len(ports) // _SHARE
    with (
        bounded(f"{members} members", 2 * START),
        Room(workshop.folder, store=store) as room,
    ):
        # What the first ones need is there for all.
        room.join(ports[:10])
        before = _resident(room)
        room.join(ports[10:most])
        used = room.cpuNanoseconds()
        room.join(ports[most:])
        registration = (room.cpuNanoseconds() - used) / 1e6 / len(ports[most:])
        memory = (_resident(room) - before) / (members - 10)
        load(workshop, room.port, 1)
        while _used(room) > _CALM:
            pass
        away = (_resident(room) - before) / (members - 10)
        used = room.cpuNanoseconds()
        load(workshop, room.port, each)
        message = (room.cpuNanoseconds() - used) / 1e6 / (each * SENDERS)
    return _Costs(memory, away, registration, message)


def _used(room: Room) -> float:
    """
    :returns: ms of CPU a second, from now on.
    """
    used = room.cpuNanoseconds()
    time.sleep(_LOOK)
    return (room.cpuNanoseconds() - used) / 1e6 / _LOOK


def _resident(room: Room) -> int:
    status = Path(f"/proc/{room.process.pid}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert found is not None
    return 1024 * int(found[1])
