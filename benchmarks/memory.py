"""
What a registered member costs in memory.
"""

import re
from pathlib import Path

from benchmarks.programs import bounded
from benchmarks.room import Room
from benchmarks.table import Bar, Table
from benchmarks.trial import START
from benchmarks.workshop import Workshop

_UNIT = "bytes for each member"

# Nobody listens there, and nothing is said.
_FIRST_PORT = 20_000


def memory(workshop: Workshop, members: int) -> Table:
    """
    How much the server grows by members that register.
    """
    table = Table("memory", f"{members} members", ("contender", _UNIT), _UNIT)
    with bounded(f"{members} members", 2 * START), Room(workshop.folder) as room:
        # What the first ones need is there for all.
        room.join(range(_FIRST_PORT - 10, _FIRST_PORT))
        before = _resident(room)
        room.join(range(_FIRST_PORT, _FIRST_PORT + members - 10))
        cost = (_resident(room) - before) / (members - 10)
    table.add("ours", f"{cost:.0f}")
    table.bars.append(Bar("ours", cost))
    return table


def _resident(room: Room) -> int:
    status = Path(f"/proc/{room.process.pid}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert found is not None
    return 1024 * int(found[1])
