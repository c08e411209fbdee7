"""
Who may come in, who makes room, and who is turned away.
"""

from tests.incoming.connectioncaprig import ConnectionCapTestCase
from tests.roomtestcase import GUEST, HOME, OTHER
from twisted_messenger.address import Source
from twisted_messenger.refusal import Reason, Refusal


class PerSourceTests(ConnectionCapTestCase):
    """
    One source's own cap.
    """

    def test_told(self) -> None:
        """
        Those beyond the cap are told so, as many as the cap; those beyond that are reset. All
        are counted and logged.
        """
        visitors = self.enter(GUEST, 5)
        self.assertTold(visitors, "", "", "turned away", "turned away", "aborted")
        refusal = visitors[2].refusal
        detail = "there are 2 connections from your address already"
        self.assertEqual(refusal, Refusal(Reason.CONNECTION_CAP, detail))
        self.assertEqual(self.counters.snapshot(), {"refused.connection_cap": 3})
        line = f"refused connection_cap from 10.0.0.7: {detail}"
        self.assertEqual(self.log.lines(), [line] * 3)

    def test_ownSilent(self) -> None:
        """
        Where one of its own is silent, that one makes room, first the longest silent.
        """
        old = self.enter(GUEST, 2)
        self.clock.advance(1)
        self.cap.heard(old[0])
        new = self.enter(GUEST)
        self.assertTold(old, "", "evicted")
        self.clock.advance(0.99)
        new += self.enter(GUEST)
        self.clock.advance(0.01)
        new += self.enter(GUEST)
        self.assertTold(old, "evicted", "evicted")
        self.assertTold(new, "", "turned away", "")
        self.assertEqual(self.counters["evicted.connection_cap"], 2)

    def test_othersSilent(self) -> None:
        """
        Others do not make room for a source that has all it may have.
        """
        others = self.enter(OTHER) + self.enter(HOME)
        self.clock.advance(5)
        self.assertTold(self.enter(GUEST, 3), "", "", "turned away")
        self.assertTold(others, "", "")

    def test_toldMakeRoom(self) -> None:
        """
        Who was told and stays silent makes room like any other.
        """
        visitors = self.enter(GUEST, 4)
        self.clock.advance(0.5)
        for visitor in visitors[:2]:
            self.cap.heard(visitor)
        self.clock.advance(0.5)
        self.assertTold(self.enter(GUEST), "")
        self.assertTold(visitors, "", "", "evicted", "turned away")

    def test_gone(self) -> None:
        """
        Whoever goes leaves a place.
        """
        visitors = self.enter(GUEST, 2)
        self.cap.leave(visitors[0])
        self.assertTold(self.enter(GUEST, 2), "", "turned away")

    def test_loopback(self) -> None:
        """
        This machine has no cap of its own.
        """
        self.assertTold(self.enter(HOME, 5) + self.enter(Source("::1"), 5), *[""] * 10)

    def test_network(self) -> None:
        """
        An IPv6 network is one source.
        """
        told = ["", "", "turned away"]
        for number in range(3):
            self.assertTold(self.enter(Source(f"2001:db8::{number + 1}", False)), told[number])
        self.assertTold(self.enter(Source("2001:db8:0:1::1", False)), "")

    def test_noCap(self) -> None:
        """
        Where there is none, only the total counts.
        """
        self.make(10, 0)
        self.assertTold(self.enter(GUEST, 10), *[""] * 10)

    def test_quarter(self) -> None:
        """
        Unless told otherwise one source has a quarter of all.
        """
        self.make(12)
        self.assertTold(self.enter(GUEST, 4), "", "", "", "turned away")

    def test_movedOver(self) -> None:
        """
        A connection that turns out to come from elsewhere counts there, and no more where it
        seemed to come from.
        """
        visitors = self.enter(GUEST, 2)
        for visitor in visitors:
            self.cap.enter(visitor, OTHER)
        self.assertTold(self.enter(GUEST, 2), "", "")
        self.assertTold(self.enter(OTHER), "turned away")

    def test_movedOverTooMany(self) -> None:
        """
        There the cap holds too.
        """
        self.enter(OTHER, 2)
        (visitor,) = self.enter(GUEST)
        self.cap.enter(visitor, OTHER)
        self.assertTold([visitor], "turned away")


class TotalTests(ConnectionCapTestCase):
    """
    The cap on all.
    """

    def setUp(self) -> None:
        """
        Three in all.
        """
        super().setUp()
        self.make(3, 0)

    def test_longestSilent(self) -> None:
        """
        The longest silent connection of all makes room, whosever it is.
        """
        old = self.enter(GUEST) + self.enter(HOME) + self.enter(OTHER)
        self.clock.advance(1)
        self.cap.heard(old[0])
        self.assertTold(self.enter(GUEST, 2), "", "")
        self.assertTold(old, "", "evicted", "evicted")

    def test_lastPlace(self) -> None:
        """
        While there is a place nobody has to make room, however long somebody is silent.
        """
        old = self.enter(GUEST)
        self.clock.advance(100)
        self.assertTold(self.enter(times=2), "", "")
        self.assertTold(old, "")
        self.assertEqual(self.counters["evicted.connection_cap"], 0)

    def test_nobodySilent(self) -> None:
        """
        Where nobody is silent, who slipped in is reset.
        """
        self.assertTold(self.enter(GUEST, 4), "", "", "", "aborted")
        (line,) = [line for line in self.log.lines() if line.startswith("refused")]
        self.assertEqual(
            line, "refused connection_cap from 10.0.0.7: there are too many connections already"
        )

    def test_waiting(self) -> None:
        """
        A connection that waits for us is never evicted; once it is answered it may be.
        """
        old = self.enter(GUEST, 3)
        for visitor in old:
            self.cap.occupied(visitor)
        self.clock.advance(100)
        self.assertTold(self.enter(), "aborted")
        self.assertTold(old, "", "", "")
        self.make(3, 0)
        old = self.enter(GUEST, 3)
        self.cap.occupied(old[0])
        self.cap.heard(old[0])
        self.clock.advance(1)
        self.assertTold(self.enter(times=3), "", "", "")
        self.assertTold(old, "evicted", "evicted", "evicted")

    def test_once(self) -> None:
        """
        Who makes room does so once, and its place is free at once.
        """
        old = self.enter(GUEST)
        self.clock.advance(1)
        self.assertTold(self.enter(times=4), "", "", "", "aborted")
        self.assertTold(old, "evicted")
