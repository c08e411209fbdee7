"""
What a message costs on its way in: nobody is pushed to.
"""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.programs import PYTHON, BenchmarkError, Program, bounded
from benchmarks.room import Room
from benchmarks.table import Bar, Spread, Table
from benchmarks.trial import START, inTurns
from benchmarks.workshop import LineContender, Workshop

#: Senders at once.
SENDERS = 64

_MESSAGE = "from:bench|".ljust(100, ".")

# What ours shall cost at most, as many times what a bare protocol does.
_TO_BARE = {"ours, memory:": 0.8, "ours, sqlite:": 1.6}


class BareServer(Program):
    """
    ``contenders/bare.py``, running.
    """

    def __init__(self, folder: Path, prefix: Sequence[str]) -> None:
        super().__init__([*prefix, *PYTHON, "benchmarks.contenders.bare"], folder)
        #: Where it listens, once it has begun.
        self.port = 0

    def greet(self) -> None:
        """
        Learn the port.
        """
        self.port = int(self.read())


#: Who is measured, and how it is started: behind a command, if there is one.
SERVERS: dict[str, Callable[[Workshop, Sequence[str]], BareServer | Room]] = {
    "bare": lambda shop, prefix: BareServer(shop.folder, prefix),
    "ours, memory:": lambda shop, prefix: Room(shop.folder, (), prefix, "memory:"),
    "ours, sqlite:": lambda shop, prefix: Room(shop.folder, (), prefix),
}


class Taken(NamedTuple):
    """
    How it went.

    :param cpu: microseconds for each message.
    :param rate: messages a second.
    """

    cpu: float
    rate: float


def ingest(workshop: Workshop, messages: int, rounds: int) -> Table:
    """
    One connection per message, with a receipt, against a protocol that reads and closes.
    """
    each = max(1, messages // SENDERS)
    table = Table(
        "ingest",
        f"{each * SENDERS} messages from {SENDERS} senders, nobody to push them to",
        ("server", "CPU per message [µs]", "to bare", "messages/s"),
        "µs of CPU per message",
    )

    def measured(name: str) -> Taken:
        with bounded(f"ingest by {name}", START), SERVERS[name](workshop, ()) as server:
            load(workshop, server.port, 1)
            used, began = server.cpuNanoseconds(), time.monotonic()
            load(workshop, server.port, each)
            seconds = time.monotonic() - began
            used = server.cpuNanoseconds() - used
        return Taken(used / 1000 / (each * SENDERS), each * SENDERS / seconds)

    results = inTurns(rounds, list(SERVERS), measured)
    costs = {name: Spread(one.cpu for one in taken) for name, taken in results.items()}
    for name, taken in results.items():
        rate = Spread(one.rate for one in taken)
        table.add(
            name, f"{costs[name]:.1f}", costs[name].ratio(costs["bare"]), f"{rate.middle:.0f}"
        )
        table.bars.append(Bar(name, costs[name].middle))
    for name, most in _TO_BARE.items():
        table.aim(f"message in, {name}, CPU to bare", costs[name].times(costs["bare"]), most)
    return table


def load(workshop: Workshop, port: int, each: int, senders: int = SENDERS) -> None:
    """
    Let all senders send so many messages each.

    :raises BenchmarkError: one was not taken.
    """
    with LineContender([str(workshop.pusher)], workshop.folder, [port] * senders) as pusher:
        pusher.write([_MESSAGE] * each)
        ended = pusher.finish()
    if f"confirmed {each * senders} failed 0" not in ended:
        raise BenchmarkError(f"not every message was taken: {ended}")
