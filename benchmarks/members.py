"""
Those who are pushed to: the sink with the healthy and the slow, and the sick.
"""

import json
import socket
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from benchmarks.programs import Program

_HOST = "127.0.0.1"


@dataclass(frozen=True)
class Report:
    """
    What came to the members.

    :param arrived: numbers that came, each counted once per member.
    :param lost: that did not come.
    :param doubled: that came again.
    :param disordered: that came after one which others got later.
    :param alien: no messages of ours.
    :param finished: when the last one came, in nanoseconds of the monotonic clock.
    :param p50: half took at most so many microseconds from being said to being read.
    :param p99: 99 of 100.
    :param worst: all.
    """

    arrived: int
    lost: int
    doubled: int
    disordered: int
    alien: int
    finished: int
    p50: int
    p99: int
    worst: int

    @property
    def faults(self) -> int:
        """
        How much is not as promised.
        """
        return self.lost + self.doubled + self.disordered + self.alien


class Sink(Program):
    """
    Members that read, check and confirm.

    :param program: the compiled ``native/sink.c``.
    :param members: how many.
    :param queue: the length of each one's accept queue.
    :param restSeconds: what each one takes for a connection, one after the other.
    """

    def __init__(
        self, program: Path, members: int, queue: int = 1024, restSeconds: float = 0
    ) -> None:
        command = [str(program), str(members), str(queue), str(round(restSeconds * 1e6))]
        super().__init__(command, program.parent)
        #: Where they listen, once it has begun.
        self.ports: list[int] = []

    def greet(self) -> None:
        """
        Learn the ports.
        """
        self.ports = [int(port) for port in self.read().split()]

    def expect(self, messages: int) -> None:
        """
        Forget what came; from now on, each member should get the numbers from 1 on.
        """
        self.write([f"expect {messages}"])
        self.read()

    def wait(self, seconds: float) -> Report:
        """
        Wait until everything is there, at most so long.
        """
        self.write([f"wait {round(seconds * 1000)}"])
        return Report(**json.loads(self.read()))


class SickMembers(ExitStack):
    """
    Members that take nothing, in equal parts: refusing, tarpits that connect and never read, and
    black holes that do not even connect.

    :param count: of each kind.
    """

    def __init__(self, count: int) -> None:
        super().__init__()
        self.ports: list[int] = []
        for _ in range(count):
            self._add()
            self._add().listen(1024)
            self._blackHole(self._add())

    def _add(self) -> socket.socket:
        # While it is bound, nobody else gets the port; while it does not listen, it refuses.
        member = self.enter_context(socket.socket())
        member.bind((_HOST, 0))
        self.ports.append(member.getsockname()[1])
        return member

    def _blackHole(self, member: socket.socket) -> None:
        # With its queue full, the kernel drops whatever else wants to connect.
        member.listen(0)
        for _ in range(2):
            visitor = self.enter_context(socket.socket())
            visitor.setblocking(False)
            visitor.connect_ex(member.getsockname())
