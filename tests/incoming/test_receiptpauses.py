"""
Receipts in a full house: who comes waits with the kernel, and is served in the end.
"""

from typing import Any

from twisted.internet.error import ConnectionDone

from tests.incoming.acceptrig import ListenerTestCase
from tests.incoming.receiptrig import PORT
from twisted_messenger.incoming.connectiontable import EVICTABLE_SILENCE
from twisted_messenger.incoming.gathering import LINE_SECONDS

#: More than the time between two looks at the time-outs.
SOON = 0.5


class FullTests(ListenerTestCase):
    """
    Two connections in all.
    """

    def listen(self, *ports: int, **options: Any) -> None:
        """
        Listen with that cap, unless told otherwise.
        """
        super().listen(*(ports or (PORT,)), **{"maxConnections": 2, **options})

    def setUp(self) -> None:
        """
        Two are there, a third one comes.
        """
        super().setUp()
        self.first, self.second = self.come(2)
        (self.third,) = self.come(1, data=b"third", end=True)

    def keepAlive(self, *senders: Any, seconds: float = 10) -> None:
        """
        Let time pass while these senders go on.
        """
        for _ in range(int(2 * seconds)):
            for sender in senders:
                self.write(sender, b"x")
            self.network.advance(0.5)

    def assertThirdServed(self) -> None:
        """
        Fail unless the third was waiting all the time and is served now.
        """
        self.assertOpen(self.third)
        self.assertEqual(self.taking[2].data, b"third")
        self.decide(which=2)
        self.assertServed(self.third)
        self.assertEqual(self.counters["refused.connection_cap"], 0)

    def test_waits(self) -> None:
        """
        While nobody is silent the third is neither accepted nor turned away, though it has said
        all it has to say.
        """
        self.keepAlive(self.first, self.second)
        self.assertOpen(self.first, self.second, self.third)
        self.assertEqual(len(self.taking), 2)
        self.assertEqual(self.counters.snapshot(), {"paused": 1})

    def test_oneLeaves(self) -> None:
        """
        When one is answered and goes, the third is served at once.
        """
        self.end(self.first)
        self.assertEqual(len(self.taking), 2)
        self.decide(which=0)
        self.assertServed(self.first)
        self.assertThirdServed()
        self.assertOpen(self.second)

    def test_oneIsReset(self) -> None:
        """
        So it is when one is lost.
        """
        self.first.transport.abortConnection()
        self.network.settle()
        self.assertThirdServed()

    def test_oneFallsSilent(self) -> None:
        """
        When one falls silent, it makes room.
        """
        self.keepAlive(self.first, self.second)
        self.keepAlive(self.first, seconds=EVICTABLE_SILENCE + SOON)
        self.assertReset(self.second)
        self.assertOpen(self.first)
        self.assertThirdServed()
        self.assertEqual(self.counters["evicted.connection_cap"], 1)

    def test_oneOnly(self) -> None:
        """
        One who is silent makes room for one; the next one waits again.
        """
        (fourth,) = self.come(1)
        self.network.advance(EVICTABLE_SILENCE / 2)
        self.write(self.second, b"x")
        self.network.advance(EVICTABLE_SILENCE / 2)
        self.write(self.second, b"x")
        self.network.advance(SOON)
        self.assertReset(self.first)
        self.assertOpen(self.second, self.third, fourth)
        self.assertEqual(len(self.taking), 3)

    def test_bothWaitForUs(self) -> None:
        """
        Connections that wait for their outcome keep their places, however long that takes.
        """
        for sender in (self.first, self.second):
            self.end(sender)
        self.network.advance(60)
        self.assertOpen(self.first, self.second, self.third)
        self.assertEqual(len(self.taking), 2)
        self.decide(which=1)
        self.assertServed(self.second)
        self.assertThirdServed()

    def test_stop(self) -> None:
        """
        A stop in a full house resets who waits, and ends.
        """
        self.end(self.first)
        for listener in self.listeners:
            self.assertNoResult(listener.stop())
        self.network.settle()
        self.assertReset(self.third)
        drained = self.factory.drained()
        self.decide(which=0)
        self.assertServed(self.first)
        self.assertReset(self.second)
        self.successResultOf(drained)
        self.assertEqual(self.network.getDelayedCalls(), [])


class ManyTests(ListenerTestCase):
    """
    Other houses.
    """

    def test_burst(self) -> None:
        """
        A burst that is larger than the house is served, though not at once, with nobody reset.
        """
        self.listen(PORT + 1, maxConnections=200)
        senders = self.come(700, PORT + 1, end=True)
        self.assertEqual(len(self.taking), 200)
        self.assertOpen(*senders)
        self.serveAll()
        self.assertServed(*senders)
        self.assertEqual(len(self.taking), 700)
        self.assertEqual(self.counters["refused.connection_cap"], 0)
        self.assertEqual(self.counters["evicted.connection_cap"], 0)

    def test_smallHouse(self) -> None:
        """
        So it is in a house that is smaller than what a port accepts at once by itself.
        """
        self.listen(PORT + 1, maxConnections=10)
        senders = self.come(60, PORT + 1, end=True)
        self.assertEqual(len(self.taking), 10)
        self.serveAll()
        self.assertServed(*senders)
        self.assertEqual(self.counters["refused.connection_cap"], 0)

    def test_allLeaveTogether(self) -> None:
        """
        And where everybody leaves within one turn of the reactor, while more than these wait.
        """
        self.listen(PORT + 1, maxConnections=10)
        senders = self.come(50, PORT + 1, end=True)
        for taken in self.taking[:10]:
            taken.outcome.callback(None)
        self.network.settle()
        self.assertServed(*senders[:10])
        self.assertEqual(len(self.taking), 20)
        self.serveAll(10)
        self.assertServed(*senders)
        self.assertEqual(self.counters["refused.connection_cap"], 0)

    def test_lingering(self) -> None:
        """
        One that has its receipt and stays goes in order, to let another one in.
        """
        self.listen(PORT + 1, maxConnections=2)
        lingering, lively = self.come(2, PORT + 1, data=b"line\n")
        self.network.advance(LINE_SECONDS + SOON)
        self.decide(which=0)
        self.network.advance(EVICTABLE_SILENCE)
        self.write(lively, b"more")
        (third,) = self.come(1, PORT + 1, end=True)
        # Two for lines, two for what might follow them, and the third.
        self.assertEqual(len(self.taking), 5)
        self.assertServed(lingering)
        self.assertOpen(lively, third)
        self.decide()
        lingering.transport.loseConnection()
        self.network.settle()
        self.assertServed(third)
        self.assertEqual(lingering.ended, True)
        self.assertEqual(lingering.reason.type, ConnectionDone)
        self.assertEqual(self.counters["evicted.connection_cap"], 1)

    def test_twoListeners(self) -> None:
        """
        A house that is full is full everywhere, by whichever door who is inside came; both doors
        open again.
        """
        self.listen(PORT + 1, PORT + 2, maxConnections=4)
        inside = [*self.come(3, PORT + 1, end=True), *self.come(1, PORT + 2, end=True)]
        waiting = self.come(2, PORT + 1, PORT + 2, end=True)
        self.assertEqual(len(self.taking), 4)
        # Both at the same moment.
        for taken in self.taking[:2]:
            taken.outcome.callback(None)
        self.network.settle()
        self.assertServed(*inside[:2])
        self.assertOpen(*inside[2:], *waiting)
        self.assertEqual(len(self.taking), 6)
        for which in range(2, 6):
            self.decide(which=which)
        self.assertServed(*inside, *waiting)
        self.assertEqual(self.counters["refused.connection_cap"], 0)

    def test_otherDoor(self) -> None:
        """
        Who leaves by one door lets somebody in by the other.
        """
        self.listen(PORT + 1, PORT + 2, maxConnections=1)
        (inside,) = self.come(1, PORT + 1, end=True)
        (waiting,) = self.come(1, PORT + 2, end=True)
        self.assertOpen(waiting)
        self.assertEqual(len(self.taking), 1)
        self.serveAll()
        self.assertServed(inside, waiting)
