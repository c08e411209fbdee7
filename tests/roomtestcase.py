"""
A room for tests, with a log that can be read.
"""

import socket
from collections.abc import Sequence
from typing import TypeVar

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock
from twisted.logger import ILogObserver, LogEvent, LogLevel, formatEvent, globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from twisted_messenger.address import Source
from twisted_messenger.entry import Entry
from twisted_messenger.eventlog import Counters, EventLog
from twisted_messenger.rates import RateLimit
from twisted_messenger.refusal import Reason, Refusal
from twisted_messenger.result import Result
from twisted_messenger.room.chatroom import ChatRoom
from twisted_messenger.room.hooks import Accepted, Admit
from twisted_messenger.room.policy import AdmissionPolicy
from twisted_messenger.roster import Member
from twisted_messenger.stores.memory import MemoryStore

T = TypeVar("T", bound=Result)

HOME = Source()
GUEST = Source("10.0.0.7", False)
OTHER = Source("10.0.0.8", False)

#: Where the server itself listens.
OWN_PORT = 8880


class Names:
    """
    A resolver that knows a few names, and remembers what it was asked.
    """

    def __init__(self, **known: Sequence[str]) -> None:
        self.known = known
        self.asked: list[str] = []
        #: For whom.
        self.askers: list[str] = []

    def addresses(self, host: str, asker: str) -> "Deferred[list[str]]":
        """
        Answer at once.
        """
        self.asked.append(host)
        self.askers.append(asker)
        if host in self.known:
            return succeed(list(self.known[host]))
        return fail(socket.gaierror(socket.EAI_NONAME, "no such name"))


@implementer(ILogObserver)
class ModuleLog:
    """
    What some modules of the package log.

    :param modules: their names within the package.
    """

    def __init__(self, *modules: str) -> None:
        self.events: list[LogEvent] = []
        self._namespaces = tuple(f"twisted_messenger.{module}." for module in modules)

    def __call__(self, event: LogEvent) -> None:
        """
        Keep it, if it is one of theirs.
        """
        if event.get("log_namespace", "").startswith(self._namespaces):
            self.events.append(event)

    def lines(self, level: LogLevel = LogLevel.info) -> list[str]:
        """
        What an operator reads.
        """
        return [formatEvent(event) for event in self.events if event["log_level"] is level]


def keepLog(test: SynchronousTestCase, *modules: str) -> ModuleLog:
    """
    Keep what modules log until the end of a test.
    """
    log = ModuleLog(*modules)
    globalLogPublisher.addObserver(log)
    test.addCleanup(globalLogPublisher.removeObserver, log)
    return log


class RoomTestCase(SynchronousTestCase):
    """
    A room over a store in memory, whose log lines are kept.
    """

    def setUp(self) -> None:
        """
        Open a room with the default rules.
        """
        self.make(AdmissionPolicy())
        self._roomLog = keepLog(self, "room.verdicts", "eventlog")
        self.events = self._roomLog.events

    def make(
        self,
        policy: AdmissionPolicy,
        store: MemoryStore | None = None,
        rates: RateLimit | None = None,
        byteRates: RateLimit | None = None,
        admit: Admit | None = None,
        accepted: Accepted | None = None,
    ) -> None:
        """
        Open a room with certain rules.
        """
        self.steady = Clock()
        self.store = store or MemoryStore()
        self.store.open()
        self.counters = Counters()
        self.names = Names(desk=["10.0.0.9", "10.0.0.7"], elsewhere=["10.0.0.9"])
        self.room = ChatRoom(
            self.store,
            policy,
            self.names.addresses,
            EventLog(self.counters, self.steady.seconds),
            rates,
            byteRates,
            clock=lambda: 17.5,
            steady=self.steady.seconds,
            isOwnListener=lambda host, port: port == OWN_PORT,
            admit=admit,
            accepted=accepted,
        )

    def join(self, name: str, host: str = "", port: int = 5000, source: Source = HOME) -> None:
        """
        Register, which must succeed.
        """
        self.assertTaken(self.room.register(name, host, port, source))

    def say(self, name: str, text: str, source: Source = HOME) -> None:
        """
        Post, which must succeed.
        """
        self.assertTaken(self.room.post(name, text, source))

    def members(self) -> list[Member]:
        """
        Who is in the roster.
        """
        return [state.member for state in self.successResultOf(self.store.roster(0)).members]

    def where(self) -> dict[str, str]:
        """
        The callback addresses by name.
        """
        return {member.name: f"{member.host} {member.port}" for member in self.members()}

    def log(self) -> list[Entry]:
        """
        What was said.
        """
        return self.successResultOf(self.store.read(0, 100, 2**30))

    def lines(self, level: LogLevel = LogLevel.info) -> list[str]:
        """
        What an operator reads.
        """
        return self._roomLog.lines(level)

    def assertTaken(self, doing: "Deferred[T]") -> T:
        """
        Fail unless what was asked for is done.

        :returns: what became of it.
        """
        result = self.successResultOf(doing)
        self.assertTrue(result.stored, result)
        return result

    def assertRefused(self, doing: "Deferred[T]", reason: Reason) -> Refusal:
        """
        Fail unless it is refused with that reason, counted once and logged in one safe line.
        """
        refusal = self.successResultOf(doing)
        assert isinstance(refusal, Refusal), refusal
        self.assertIs(refusal.reason, reason, refusal.detail)
        counted = {name: count for name, count in self.counters.snapshot().items() if count}
        self.assertEqual(counted.pop(f"refused.{reason.value}"), 1, counted)
        self.assertEqual([name for name in counted if name.startswith("refused.")], [])
        (line,) = [line for line in self.lines() if line.startswith("refused ")]
        self.assertIn(reason.value, line)
        self.assertSafe()
        return refusal

    def assertSafe(self) -> None:
        """
        Fail unless every log line is one line that a terminal shows as it is.
        """
        for event in self.events:
            self.assertTrue(formatEvent(event).isprintable(), formatEvent(event))
