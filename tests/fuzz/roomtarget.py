"""
The room: whatever senders and members do, it keeps its promises and forgets nobody.
"""

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from random import Random

from twisted.logger import ILogObserver, LogEvent, LogLevel, formatEvent, globalLogPublisher
from zope.interface import implementer

from tests.fuzz.cases import SCRIPTS
from tests.fuzz.conversation import mutatedScript, shrunkScript
from tests.fuzz.judgement import checkEnd, checkRest
from tests.fuzz.safety import assertSafeLine
from tests.fuzz.script import Script
from tests.fuzz.stage import Stage
from tests.simulation.parts import REAL, Parts


@implementer(ILogObserver)
class _OperatorsLog:
    # Exceptions of observers are swallowed, so what is wrong is kept.

    def __init__(self) -> None:
        self.bugs: list[str] = []
        self._lines: list[str] = []

    def __call__(self, event: LogEvent) -> None:
        line = formatEvent(event)
        if "log_failure" in event:
            self.bugs.append(f"{line}\n{event['log_failure'].getTraceback()}")
        elif event["log_level"] >= LogLevel.error:
            self.bugs.append(line)
        elif event.get("log_namespace", "").startswith("twisted_messenger"):
            self._lines.append(line)

    def check(self) -> None:
        assert not self.bugs, f"the log tells of a bug: {self.bugs[0]}"
        for line in self._lines:
            assertSafeLine(line)


@contextmanager
def _observed() -> Iterator[None]:
    """
    Fail if anything is logged that should not be.
    """
    log = _OperatorsLog()
    collects = gc.isenabled()
    # A Deferred tells of its unseen error when it is collected: here, and not in another script.
    gc.disable()
    globalLogPublisher.addObserver(log)
    try:
        yield
        gc.collect(0)
    finally:
        globalLogPublisher.removeObserver(log)
        if collects:
            gc.enable()
        # Also where something else has failed: the log may tell why.
        log.check()


class RoomTarget:
    """
    Plays scripts.

    :param parts: what the room is made of.
    """

    name = "room"
    seconds = 10.0
    cases: Sequence[Script] = SCRIPTS

    def __init__(self, parts: Parts = REAL) -> None:
        self._parts = parts

    def check(self, input: Script) -> None:
        """
        See :class:`~tests.fuzz.fuzzer.Target`.
        """
        with _observed():
            self._play(input)

    def mutated(self, input: Script, other: Script, random: Random) -> Script:
        """
        See :class:`~tests.fuzz.fuzzer.Target`.
        """
        return mutatedScript(input, other, random)

    def shrunk(self, input: Script, fails: Callable[[Script], bool]) -> Script:
        """
        See :class:`~tests.fuzz.fuzzer.Target`.
        """
        return shrunkScript(input, fails)

    def _play(self, script: Script) -> None:
        stage = Stage(self._parts)
        for act in script:
            stage.perform(act)
        stage.rest()
        checkRest(stage)
        stage.end()
        checkEnd(stage)
