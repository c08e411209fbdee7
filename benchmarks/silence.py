"""
How long a member waits that has everything, while others send and the disk is slow.
"""

import socket
import threading
import time
from contextlib import suppress
from itertools import pairwise

from benchmarks.ingesting import load
from benchmarks.programs import bounded
from benchmarks.room import Room
from benchmarks.table import Bar, Spread, Table
from benchmarks.trial import START
from benchmarks.workshop import Workshop

_SENDERS = 8
_UNIT = "ms, the longest"
_MOST = 100


class _Listener(threading.Thread):
    """
    A member that takes what comes, and remembers when.
    """

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = int(self._socket.getsockname()[1])
        #: Seconds of the monotonic clock.
        self.times: list[float] = []

    def run(self) -> None:
        """
        Until it is closed.
        """
        with suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                with connection:
                    while connection.recv(65536):
                        pass
                self.times.append(time.monotonic())

    def __enter__(self) -> "_Listener":
        self.start()
        return self

    def __exit__(self, *details: object) -> None:
        # Closing it alone would leave the thread where it waits.
        self._socket.shutdown(socket.SHUT_RDWR)
        self.join()
        self._socket.close()


def silence(workshop: Workshop, messages: int, rounds: int) -> Table:
    """
    The longest time between two pushes, beside senders that wait for nothing but their receipts.
    """
    each = max(2, messages // _SENDERS)
    amount = f"{each} messages from each of {_SENDERS} senders; each fsync takes 10 ms more"
    table = Table("silence", amount, ("contender", _UNIT, "messages/s"), _UNIT)
    longest, rates = zip(*(_measured(workshop, each) for _ in range(rounds)))
    most = Spread(longest)
    table.add("ours", f"{most:.0f}", f"{Spread(rates).middle:.0f}")
    table.bars.append(Bar("ours", most.middle))
    table.aim("longest silence beside 8 senders, slow disk [ms]", most.middle, _MOST)
    return table


def _measured(workshop: Workshop, each: int) -> tuple[float, float]:
    with (
        bounded("silence", 2 * START),
        _Listener() as member,
        Room(workshop.folder, [member.port], environ=workshop.slowDisk()) as room,
    ):
        load(workshop, room.port, 1, _SENDERS)
        began = time.monotonic()
        load(workshop, room.port, each, _SENDERS)
        ended = time.monotonic()
    times = [began, *(one for one in member.times if began < one < ended), ended]
    longest = max(later - earlier for earlier, later in pairwise(times))
    return 1000 * longest, each * _SENDERS / (ended - began)
