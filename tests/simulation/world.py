"""
Tells a story from beginning to end, and says what was wrong with it.
"""

import gc
from dataclasses import dataclass
from random import Random

from twisted.logger import ILogObserver, LogEvent, LogLevel, globalLogPublisher
from zope.interface import implementer

from tests.simulation.attempts import AttemptJudge
from tests.simulation.deliveries import DeliveryJudge
from tests.simulation.ears import Ear, Trouble
from tests.simulation.hearing import HearingJudge
from tests.simulation.members import Member
from tests.simulation.openings import Openings
from tests.simulation.parts import REAL, Parts
from tests.simulation.promises import PromiseJudge
from tests.simulation.record import Event, Kind, Record, Violation
from tests.simulation.roster import Roster
from tests.simulation.server import Server
from tests.simulation.story import NAMES, Story, storyOf
from twisted_messenger.testing import MemoryNetwork

# In the end everything is well: a member that does not register again is tried within 72 s, one
# whose connection hangs 10 s later. Then nothing more may come.
_QUIET_SECONDS = 200
_CALM_SECONDS = 3.0

# How the line begins that tells of a store that has gone back to its copy.
_OLDER_COPY = "the store may have gone back"

# A server that stops waits 5 s for its pushes, and 5 s for its store.
_STOP_SECONDS = 30


@dataclass(frozen=True)
class Report:
    """
    How a story went.

    :param violation: the first thing that was wrong.
    :param events: everything that happened.
    """

    seed: int
    violation: Violation | None
    events: list[Event]
    messages: int
    pushes: int
    crashes: int
    duplicates: int
    heard: int
    seconds: float


@implementer(ILogObserver)
class Tracebacks:
    """
    Sees what the log calls a bug.

    :param record: is told.
    """

    def __init__(self, record: Record) -> None:
        self._record = record

    def __call__(self, event: LogEvent) -> None:
        """
        See :class:`ILogObserver`.
        """
        told = event["log_format"].startswith(_OLDER_COPY) and self._record.count(Kind.RESTORED)
        if told:
            # So it must be.
            return
        if "log_failure" in event or event["log_level"] is LogLevel.critical:
            failure = event.get("log_failure")
            if failure is not None and failure.check(Trouble):
                # It is the program's own, and there to be logged.
                return
            text = "" if failure is None else failure.getTraceback()
            self._record.violated("traceback", f"{event['log_format']}: {text}")


class World:
    """
    Everything there is in one story.

    :param parts: what the server is made of.
    """

    def __init__(self, story: Story, parts: Parts) -> None:
        self._story = story
        self._random = Random(-story.seed - 1)
        self.network = MemoryNetwork("10.0.0.250", story.windowBytes)
        self.record = record = Record(self.network)
        roster = Roster(record)
        self.deliveries = DeliveryJudge(record, roster, story.settings)
        self._promises = PromiseJudge(record, roster, self.deliveries)
        attempts = AttemptJudge(record, roster, story.settings)
        record.judges += [self.deliveries, self._promises, attempts, roster]
        self._ear = Ear(record, Random(-story.seed - 2))
        self.hearing = HearingJudge(record, self._ear, story.settings)
        record.judges.append(self.hearing)
        randoms = self._random, Random(-story.seed - 3)
        self._server = Server(self.network, story.settings, parts, record, *randoms, self._ear)
        self._members = [
            Member(self.network, record, name, f"10.0.0.{host}", 9001 + index, wish)
            for index, (name, host, wish) in enumerate(zip(NAMES, story.hosts, story.wishes))
        ]
        self._acts = Openings(self.network, record, self._server, self._members, self._ear)

    def run(self) -> None:
        """
        Tell the story up to the first violation.
        """
        self._server.start()
        for action in self._story.actions:
            member = self._members[action.who]
            self.record.note(Kind.ACTION, member.name, action.verb, f"{action.size:.3f}")
            getattr(self._acts, action.verb)(member, action.size)
            self.network.advance(action.wait)
            if self.record.violations:
                return
        self._heal()
        self._untilQuiet()

    def close(self) -> None:
        """
        Let nothing happen any more.
        """
        self._server.vanish()
        for member in self._members:
            member.listener.die()

    def _heal(self) -> None:
        self.record.note(Kind.ACTION, "", "heal")
        self._acts.calm()
        for member in self._members:
            member.listener.comeBack()
        for _ in range(_STOP_SECONDS):
            self.network.advance(1)
            if self._server.up:
                break
        else:
            self.record.violated("stop", "the server does not come back")
            return
        for _ in range(5):
            self._acts.giveBack()
            lost = [one for one in self._members if not one.isRegistered]
            for member in lost:
                self._acts.register(member)
            self.network.advance(5 if lost else 0)
        if not all(member.isRegistered for member in self._members):
            self.record.violated("receipt", "a registration is not taken, though all is well")

    def _untilQuiet(self) -> None:
        until = self.network.seconds() + _QUIET_SECONDS
        while not self.record.violations and self.network.seconds() < until:
            missing = self._missing()
            self.network.advance(_CALM_SECONDS)
            if not missing:
                return
        for line in self._missing():
            self.record.violated("delivery", line)

    def _missing(self) -> list[str]:
        return [*self._promises.missing(), *self.hearing.missing()]


def run(seed: int, parts: Parts = REAL, collect: bool = False) -> Report:
    """
    Tell the story of a seed.

    :param collect: look for errors that nobody saw; it takes longer.
    """
    world = World(storyOf(seed), parts)
    record = world.record
    tracebacks = Tracebacks(record)
    globalLogPublisher.addObserver(tracebacks)
    try:
        world.run()
        world.close()
        if collect:
            gc.collect()
    except RuntimeError as error:
        record.violated("rest", str(error))
    finally:
        globalLogPublisher.removeObserver(tracebacks)
    return Report(
        seed,
        record.violations[0] if record.violations else None,
        record.events,
        len(record.messages),
        record.count(Kind.PUSHING),
        record.count(Kind.CRASHED),
        world.deliveries.duplicates,
        world.hearing.heard,
        world.network.seconds(),
    )
