"""
How long it takes until a server listens.
"""

import time
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.programs import Program, bounded
from benchmarks.room import TWISTD
from benchmarks.table import Bar, Spread, Table
from benchmarks.trial import START, inTurns
from benchmarks.workshop import Workshop

_UNIT = "ms until it listens"
_TWISTD = (*TWISTD, "-n", "--pidfile=", "--logfile=-")
_LISTENING = Path(__file__).parent / "contenders" / "listening.py"
_OURS = "ours, sqlite:"

# What twistd runs, and the end of which line of its log says that it is there: ours has opened its
# store then, too.
_SERVERS = {
    "twistd, a port": (("-y", str(_LISTENING)), "starting on"),
    _OURS: (("chatserver", "--listen", "tcp:0:interface=127.0.0.1"), "listening at"),
}

# In milliseconds. Both import OpenSSL where it is installed, since Twisted does: a fifth of it all.
_MOST = 200


def start(workshop: Workshop, rounds: int) -> Table:
    """
    From the start of the program, with a store of its own that is made.
    """
    table = Table("start", f"{rounds} starts", ("server", _UNIT, "to twistd"), _UNIT)
    # Once to compile what was never imported.
    for name in _SERVERS:
        _started(workshop, name)
    taken = inTurns(rounds, list(_SERVERS), lambda name: _started(workshop, name))
    costs = {name: Spread(times) for name, times in taken.items()}
    for name, cost in costs.items():
        table.add(name, f"{cost:.0f}", cost.ratio(costs["twistd, a port"]))
        table.bars.append(Bar(name, cost.middle))
    table.aim("start until it listens [ms]", costs[_OURS].middle, _MOST)
    return table


def _started(workshop: Workshop, name: str) -> float:
    what, mark = _SERVERS[name]
    with bounded(name, START), TemporaryDirectory(dir=workshop.folder) as folder:
        began = time.monotonic()
        with Program([*_TWISTD, *what], Path(folder)) as server:
            while mark not in server.read():
                pass
            return 1000 * (time.monotonic() - began)
