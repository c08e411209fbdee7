"""
One contender, some members, some messages; and such trials in turns.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from benchmarks.members import Report, SickMembers, Sink
from benchmarks.programs import bounded
from benchmarks.workshop import Contender, Workshop

#: Seconds after the last confirmation until the clocks are read: cursors are written late.
SETTLE = 0.25

#: Seconds that the start and the first message may take.
START = 60.0

# In seconds.
_FOR_EVER = 1e6

# Bytes of a text, short as most are.
_TEXT = 100

T = TypeVar("T")


@dataclass(frozen=True)
class Work:
    """
    What is to be done.

    :param members: that confirm.
    :param messages: to each of them.
    :param interval: seconds between two messages; 0 for all at once.
    :param sick: members that refuse, and as many tarpits, and as many black holes.
    :param queue: the length of each member's accept queue.
    :param restSeconds: what a member takes for each connection.
    :param patience: seconds it may take.
    """

    members: int
    messages: int
    interval: float = 0
    sick: int = 0
    queue: int = 1024
    restSeconds: float = 0
    patience: float = 60

    @property
    def pushes(self) -> int:
        """
        How many are confirmed when all goes well.
        """
        return self.members * self.messages


@dataclass(frozen=True)
class Result:
    """
    How it went.

    :param cpu: microseconds for each push.
    :param seconds: from the first word to the last confirmation.
    :param report: what came to the members.
    """

    cpu: float
    seconds: float
    report: Report


def trial(workshop: Workshop, name: str, work: Work) -> Result:
    """
    Let a contender do the work.
    """
    with (
        bounded(f"{name} with {work.members} members", START + work.patience),
        workshop.sink(work.members, work.queue, work.restSeconds) as sink,
        SickMembers(work.sick) as sick,
        workshop.contender(name, [*sink.ports, *sick.ports]) as contender,
    ):
        warmUp(sink, contender)
        sink.expect(work.messages)
        began, used = time.monotonic_ns(), contender.cpuNanoseconds()
        speak(contender, work)
        sink.wait(work.patience)
        time.sleep(SETTLE)
        used = contender.cpuNanoseconds() - used
        # Once more: what comes twice comes late.
        report = sink.wait(0)
        contender.settle()
    return Result(used / 1000 / work.pushes, (report.finished - began) / 1e9, report)


def warmUp(sink: Sink, contender: Contender) -> None:
    """
    One message for everybody: who was never reached is given little room at first.

    It waits until all have it: call it inside :func:`~benchmarks.programs.bounded`.
    """
    sink.expect(1)
    contender.say([text(1)])
    sink.wait(_FOR_EVER)


def speak(contender: Contender, work: Work) -> None:
    """
    Say all messages, in their time.
    """
    numbers = range(1, work.messages + 1)
    if not work.interval:
        contender.say([text(number) for number in numbers])
        return
    start = time.monotonic()
    for number in numbers:
        time.sleep(max(0.0, start + number * work.interval - time.monotonic()))
        contender.say([text(number)])


def text(number: int) -> str:
    """
    What the sink understands: a number, and the time.
    """
    return f"{number} {time.monotonic_ns()} ".ljust(_TEXT, ".")


def inTurns(rounds: int, names: Sequence[str], run: Callable[[str], T]) -> dict[str, list[T]]:
    """
    Run everybody in every round, each round beginning with another one.
    """
    results: dict[str, list[T]] = {name: [] for name in names}
    for turn in range(rounds):
        first = turn % len(names)
        for name in [*names[first:], *names[:first]]:
            results[name].append(run(name))
    return results
