"""
What the tests of the cap on connections share: visitors that write down what they are told.
"""

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tests.roomtestcase import HOME, keepLog
from twisted_messenger.address import Source
from twisted_messenger.eventlog import Counters, EventLog
from twisted_messenger.incoming.connectioncap import ConnectionCap
from twisted_messenger.refusal import Refusal


class Visiting:
    """
    A connection that writes down what it is told.
    """

    def __init__(self) -> None:
        self.told: list[str] = []
        self.refusal: Refusal | None = None

    def evict(self) -> None:
        """
        Make room.
        """
        self.told.append("evicted")

    def turnAway(self, refusal: Refusal) -> None:
        """
        Hear why at the end.
        """
        self.told.append("turned away")
        self.refusal = refusal

    def abort(self) -> None:
        """
        Go at once.
        """
        self.told.append("aborted")


class ConnectionCapTestCase(SynchronousTestCase):
    """
    A cap, and a gate that says how many may come in.
    """

    def setUp(self) -> None:
        """
        Ten in all, two from one source.
        """
        self.log = keepLog(self, "incoming.connectioncap", "eventlog")
        self.make(10, 2)

    def make(self, total: int, perHost: int | None = None) -> None:
        """
        Start with nobody inside.
        """
        self.clock = Clock()
        self.counters = Counters()
        refusals = EventLog(self.counters, self.clock.seconds)
        self.cap = ConnectionCap(self.clock, refusals, total, perHost)
        self.vacancies: list[int] = []
        self.cap.gates.append(self.vacancies.append)

    def enter(self, source: Source = HOME, times: int = 1) -> list[Visiting]:
        """
        Let some come in, all at once.
        """
        visitors = [Visiting() for _ in range(times)]
        for visitor in visitors:
            self.cap.enter(visitor, source)
        self.clock.advance(0)
        return visitors

    def assertTold(self, visitors: list[Visiting], *told: str) -> None:
        """
        Fail unless that is the last thing that each was told.
        """
        self.assertEqual(["".join(visitor.told[-1:]) for visitor in visitors], list(told))
