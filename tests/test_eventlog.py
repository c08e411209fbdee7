"""
What an operator reads about peers, and how much of it.
"""

from twisted.internet.task import Clock
from twisted.logger import formatEvent
from twisted.trial.unittest import SynchronousTestCase

from tests.roomtestcase import GUEST, HOME, OTHER, keepLog
from twisted_messenger.address import Source
from twisted_messenger.eventlog import LINE_BURST, LINE_RATE, Counters, EventLog
from twisted_messenger.refusal import MAX_DETAIL, Reason, Refusal

_SLOW_DOWN = Refusal(Reason.RATE, "slow down")


class RefusalLogTests(SynchronousTestCase):
    """
    Everything is counted, and logged within reason.
    """

    def setUp(self) -> None:
        """
        Nothing was refused yet.
        """
        self.clock = Clock()
        self.counters = Counters()
        self.refusals = EventLog(self.counters, self.clock.seconds)
        self.log = keepLog(self, "eventlog")

    def flood(self, times: int, source: Source = GUEST) -> None:
        """
        Refuse somebody often.
        """
        for _ in range(times):
            self.refusals.refused(_SLOW_DOWN, source)

    def test_refused(self) -> None:
        """
        A refusal is handed back, counted by its reason, and one line tells who and why.
        """
        self.assertIs(self.refusals.refused(_SLOW_DOWN, GUEST), _SLOW_DOWN)
        self.assertEqual(self.counters.snapshot(), {"refused.rate": 1})
        self.assertEqual(self.log.lines(), ["refused rate from 10.0.0.7: slow down"])
        (event,) = self.log.events
        fields = (event["reason"], event["source"], event["detail"])
        self.assertEqual(fields, ("rate", "10.0.0.7", "slow down"))

    def test_safe(self) -> None:
        """
        What a peer sent cannot play with a terminal, break a line or fill the log.
        """
        detail = "{braces} \x1b[31m\nrefused nothing " + "x" * 1000
        self.refusals.refused(Refusal(Reason.MALFORMED, detail), GUEST)
        (line,) = self.log.lines()
        self.assertTrue(line.isprintable(), line)
        self.assertIn(r"{braces} \x1b[31m", line)
        self.assertLess(len(line), MAX_DETAIL + 50)

    def test_own(self) -> None:
        """
        It counts for itself where nobody hands it counters.
        """
        refusals = EventLog()
        refusals.refused(_SLOW_DOWN, GUEST)
        self.assertEqual(refusals.counters.snapshot(), {"refused.rate": 1})

    def test_flood(self) -> None:
        """
        Of a flood the first fifty are logged, the last of which says that there may be more; all
        are counted.
        """
        self.assertEqual((LINE_BURST, LINE_RATE), (50, 1))
        self.flood(80)
        lines = self.log.lines()
        plain = "refused rate from 10.0.0.7: slow down"
        self.assertEqual(lines[:-1], [plain] * 49)
        self.assertEqual(lines[-1], f"{plain}; what else comes from there is not logged for now")
        self.assertEqual(self.counters.snapshot(), {"refused.rate": 80, "unlogged": 30})

    def test_later(self) -> None:
        """
        A second later there is a line again, after a minute fifty.
        """
        self.flood(51)
        self.clock.advance(0.5)
        self.flood(1)
        self.assertEqual((len(self.log.events), self.counters["unlogged"]), (50, 2))
        self.clock.advance(0.5)
        self.flood(2)
        self.assertEqual((len(self.log.events), self.counters["unlogged"]), (51, 3))
        self.clock.advance(60)
        self.flood(51)
        self.assertEqual((len(self.log.events), self.counters["unlogged"]), (101, 4))

    def test_others(self) -> None:
        """
        Who floods the log does not hide what others do.
        """
        self.flood(60)
        self.flood(1, OTHER)
        self.assertEqual(self.log.lines()[50:], ["refused rate from 10.0.0.8: slow down"])

    def test_loopback(self) -> None:
        """
        This machine has a limit too, one for its IPv4, IPv6 and Unix sockets.
        """
        for source in (HOME, Source("::1"), Source.between(None, None)):
            self.flood(20, source)
        self.assertEqual((len(self.log.events), self.counters["unlogged"]), (50, 10))

    def test_network(self) -> None:
        """
        An IPv6 network is one source; a line tells who of it it was.
        """
        for number in range(60):
            self.flood(1, Source(f"2001:db8::{number:x}", False))
        self.assertEqual((len(self.log.events), self.counters["unlogged"]), (50, 10))
        self.flood(1, Source("2001:db8:0:1::1", False))
        self.assertEqual(self.log.lines()[50], "refused rate from 2001:db8:0:1::1: slow down")

    def test_note(self) -> None:
        """
        Other lines have their fields, come out of the same fifty, and are not counted as refused.
        """
        self.refusals.note(GUEST, "{name} left", name="ann")
        self.assertEqual(self.log.lines(), ["ann left"])
        self.assertEqual(self.log.events[0]["name"], "ann")
        self.flood(48)
        self.refusals.note(GUEST, "{name} left", name="bob")
        self.assertTrue(formatEvent(self.log.events[-1]).startswith("bob left; what else"))
        self.refusals.note(GUEST, "{name} left", name="cid")
        self.assertEqual(self.counters.snapshot(), {"refused.rate": 48, "unlogged": 1})
