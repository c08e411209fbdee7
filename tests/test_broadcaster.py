"""
The broadcaster: who gets which entry, when, and what becomes of it.
"""

from typing import Any

from tests.broadcasterrig import ANN, BOB, CYD, DAN, HOST, BroadcasterTestCase
from twisted_messenger.cursors import FLUSH_SECONDS
from twisted_messenger.push import Outcome, PushCreator
from twisted_messenger.tail import TAIL_ENTRIES
from twisted_messenger.testing import CollectingFactory, ResettingFactory


class DeliveryTests(BroadcasterTestCase):
    """
    Order, parallels, windows.
    """

    def test_order(self) -> None:
        """
        A member gets one entry after the other, in the order of the log.
        """
        self.start()
        self.join("ann", ANN)
        self.say("ci", "1", "2", "3")
        for count in (1, 2, 3):
            self.assertEqual(self.pusher.texts(ANN), ["ci: 1", "ci: 2", "ci: 3"][:count])
            self.pusher.end(ANN)
        self.assertEqual((self.pusher.open, self.counters["pushes.confirmed"]), ({}, 3))

    def test_notToTheSender(self) -> None:
        """
        Nobody gets its own messages, and they hold up nothing.
        """
        self.start()
        self.join("ann", ANN)
        self.join("bob", BOB)
        self.say("ann", "1", "2")
        self.say("ci", "3")
        self.assertEqual(self.pusher.texts(ANN), ["ci: 3"])
        self.assertEqual(self.pusher.texts(BOB), ["ann: 1"])

    def test_parallel(self) -> None:
        """
        A member that takes its time delays nobody else.
        """
        self.start()
        self.join("ann", ANN)
        self.join("bob", BOB)
        self.say("ci", "1", "2")
        self.pusher.end(BOB)
        self.assertEqual(self.pusher.texts(ANN), ["ci: 1"])
        self.assertEqual(self.pusher.texts(BOB), ["ci: 1", "ci: 2"])

    def test_window(self) -> None:
        """
        No more pushes than allowed are under way; a member with much to get waits its turn.
        """
        self.start(maxPushes=2)
        for port, name in enumerate(("ann", "bob", "cyd", "dan"), ANN):
            self.join(name, port)
        self.say("ci", "1", "2")
        self.assertEqual(set(self.pusher.open), {ANN, BOB})
        self.pusher.end(ANN)
        self.assertEqual(set(self.pusher.open), {BOB, CYD})
        self.pusher.end(CYD)
        self.assertEqual(set(self.pusher.open), {BOB, DAN})
        while self.pusher.open:
            self.assertLessEqual(len(self.pusher.open), 2)
            self.pusher.end(min(self.pusher.open))
        for port in (ANN, BOB, CYD, DAN):
            self.assertEqual(self.pusher.texts(port), ["ci: 1", "ci: 2"])

    def test_newline(self) -> None:
        """
        With a newline at the end, a netcat that listens shows one message a line.
        """
        self.start(newline=True)
        self.join("ann", ANN)
        self.say("ci", "1")
        self.assertEqual(self.pusher.texts(ANN), ["ci: 1\n"])

    def test_farBehind(self) -> None:
        """
        A member that missed more than is kept in memory gets everything, in order.
        """
        count = TAIL_ENTRIES + 100
        self.join("ann", ANN)
        self.say("ci", *map(str, range(count)))
        self.start()
        self.join("bob", BOB)
        self.say("ci", *map(str, range(count, 2 * count)))
        for port, first in ((ANN, 0), (BOB, count)):
            while port in self.pusher.open:
                self.pusher.end(port)
            self.assertEqual(
                self.pusher.texts(port), [f"ci: {number}" for number in range(first, 2 * count)]
            )

    def test_network(self) -> None:
        """
        On a network, whoever is there gets everything whatever the others are.
        """
        well, resetting = CollectingFactory(), ResettingFactory(2)
        self.network.listenTCP(ANN, well)
        self.network.listenTCP(BOB, resetting)
        self.network.blackHoles.add((HOST, CYD))
        self.start(PushCreator(self.network))
        for port, name in enumerate(("ann", "bob", "cyd", "dan"), ANN):
            self.join(name, port)
        self.say("ci", "1", "2")
        self.network.settle()
        self.assertEqual(well.messages, [b"ci: 1", b"ci: 2"])
        self.network.advance(3)
        self.assertEqual(resetting.messages, [b"ci: 1", b"ci: 2"])


class RetryTests(BroadcasterTestCase):
    """
    Members that are not reached.
    """

    def failing(self, **options: Any) -> None:
        """
        Ann does not get the first message at the first attempt; the next is due after 1 s.
        """
        self.start(**options)
        self.join("ann", ANN)
        self.say("ci", "1")
        self.pusher.end(ANN, Outcome.FAILED)

    def test_backOff(self) -> None:
        """
        The same entry is tried again after the time of each failure; new ones shorten nothing.
        """
        self.failing()
        self.say("ci", "2")
        for seconds in (1, 2, 3):
            self.network.advance(seconds - 0.01)
            self.assertEqual(self.pusher.open, {})
            self.network.advance(0.01)
            self.pusher.end(ANN, Outcome.FAILED)
        self.network.advance(4)
        self.pusher.end(ANN)
        self.assertEqual(self.pusher.texts(ANN), ["ci: 1"] * 5 + ["ci: 2"])
        self.assertEqual(self.counters["pushes.failed"], 4)

    def test_spoke(self) -> None:
        """
        A member that speaks is there: it is tried at once.
        """
        self.failing()
        self.say("ann", "hello")
        self.assertEqual(self.pusher.texts(ANN), ["ci: 1", "ci: 1"])

    def test_registeredAgain(self) -> None:
        """
        So is one that registers again.
        """
        self.failing()
        self.join("ann", ANN)
        self.assertEqual(self.pusher.texts(ANN), ["ci: 1", "ci: 1"])

    def test_neverConfirmed(self) -> None:
        """
        What hangs and never confirmed anything counts as delivered.
        """
        self.start()
        self.join("ann", ANN)
        self.say("ci", "1", "2")
        self.pusher.end(ANN, Outcome.HUNG)
        self.assertEqual(self.pusher.texts(ANN), ["ci: 1", "ci: 2"])
        self.assertEqual(self.counters["unconfirmed"], 1)

    def test_onceConfirmed(self) -> None:
        """
        Whoever has confirmed before and hangs now is tried again.
        """
        self.start()
        self.join("ann", ANN)
        self.say("ci", "1", "2")
        self.pusher.end(ANN)
        self.pusher.end(ANN, Outcome.HUNG)
        self.network.advance(1)
        self.assertEqual(self.pusher.texts(ANN), ["ci: 1", "ci: 2", "ci: 2"])

    def test_retryUnconfirmed(self) -> None:
        """
        On request everybody that hangs is tried again.
        """
        self.start(retryUnconfirmed=True)
        self.join("ann", ANN)
        self.say("ci", "1", "2")
        self.pusher.end(ANN, Outcome.HUNG)
        self.network.advance(1)
        self.assertEqual(self.pusher.texts(ANN), ["ci: 1", "ci: 1"])


class RosterTests(BroadcasterTestCase):
    """
    Members that change while a push is under way.
    """

    def setUp(self) -> None:
        """
        Ann is getting the first of two messages.
        """
        super().setUp()
        self.broadcaster = self.start()
        self.join("ann", ANN)
        self.say("ci", "1", "2")

    def test_moved(self) -> None:
        """
        A failed entry follows the member to its new address, and so does the rest.
        """
        self.join("ann", BOB)
        self.assertEqual(self.pusher.texts(BOB), [])
        self.pusher.end(ANN, Outcome.FAILED)
        self.network.advance(1)
        self.pusher.end(BOB)
        self.assertEqual(self.pusher.texts(ANN), ["ci: 1"])
        self.assertEqual(self.pusher.texts(BOB), ["ci: 1", "ci: 2"])

    def test_renamed(self) -> None:
        """
        Under a new name a member gets what others say under its old one, and not what it says.
        """
        self.join("bob", ANN)
        self.say("bob", "mine")
        self.say("ann", "theirs")
        while self.pusher.open:
            self.pusher.end(ANN)
        self.assertEqual(self.pusher.texts(ANN), ["ci: 1", "ci: 2", "ann: theirs"])

    def test_rejoined(self) -> None:
        """
        Who left and came back waits for the old push to end: never two at once to one address.
        """
        self.successResultOf(self.room.leave("ann", HOST, ANN))
        self.join("ann", ANN)
        self.say("ci", "3")
        self.assertEqual(self.pusher.texts(ANN), ["ci: 1"])
        self.pusher.end(ANN)
        self.assertEqual(self.pusher.texts(ANN), ["ci: 1", "ci: 3"])

    def test_left(self) -> None:
        """
        Who has left gets nothing more, however the last push ends; the others go on.
        """
        self.join("bob", BOB)
        self.successResultOf(self.room.leave("ann", HOST, ANN))
        self.pusher.end(ANN, Outcome.FAILED)
        self.say("ci", "3")
        self.network.advance(60)
        self.assertEqual(self.pusher.texts(ANN), ["ci: 1"])
        self.assertEqual(self.pusher.texts(BOB), ["ci: 3"])

    def test_leftAndStopped(self) -> None:
        """
        A stop waits for the push of a member that has left, too.
        """
        self.successResultOf(self.room.leave("ann", HOST, ANN))
        stopped = self.broadcaster.stopService()
        self.assertNoResult(stopped)
        self.pusher.end(ANN)
        self.successResultOf(stopped)


class StoreTests(BroadcasterTestCase):
    """
    Cursors, failures of the store, and the stop.
    """

    def test_lazyCursors(self) -> None:
        """
        Cursors are written together, a moment after the pushes.
        """
        self.start()
        self.join("ann", ANN)
        self.join("bob", BOB)
        self.say("ci", "1", "2")
        for port in (ANN, ANN, BOB):
            self.pusher.end(port)
        self.assertEqual(self.cursors(), {"ann": 0, "bob": 0})
        self.network.advance(FLUSH_SECONDS)
        self.assertEqual(self.cursors(), {"ann": 2, "bob": 1})
        self.assertEqual(len(self.store.writes), 1)

    def test_unreadable(self) -> None:
        """
        A store that cannot be read is asked again each second, however many messages come.
        """
        self.start()
        self.join("ann", ANN)
        self.store.broken = True
        self.say("ci", "1", "2", "3")
        before = self.store.reads
        self.network.advance(10)
        self.assertEqual(self.store.reads - before, 10)
        self.store.broken = False
        self.network.advance(1)
        self.assertEqual(self.pusher.texts(ANN), ["ci: 1"])

    def test_unreadablePage(self) -> None:
        """
        So is one that fails while a member catches up.
        """
        self.join("ann", ANN)
        self.say("ci", "1")
        self.store.broken = True
        self.start()
        self.network.advance(1)
        self.assertEqual(self.pusher.sent, [])
        self.store.broken = False
        self.network.advance(1)
        self.assertEqual(self.pusher.texts(ANN), ["ci: 1"])

    def test_stop(self) -> None:
        """
        A stop begins no push, waits for those under way, and writes the cursors at once.
        """
        broadcaster = self.start()
        self.join("ann", ANN)
        self.say("ci", "1", "2")
        stopped = broadcaster.stopService()
        self.assertNoResult(stopped)
        self.pusher.end(ANN)
        self.successResultOf(stopped)
        self.assertEqual((self.cursors(), self.pusher.texts(ANN)), ({"ann": 1}, ["ci: 1"]))
        self.assertEqual(self.network.getDelayedCalls(), [])

    def test_stopGivesUp(self) -> None:
        """
        It gives up pushes that do not end in time; their entries are not lost.
        """
        broadcaster = self.start(shutdownTimeout=3)
        self.join("ann", ANN)
        self.say("ci", "1")
        stopped = broadcaster.stopService()
        self.network.advance(2.99)
        self.assertNoResult(stopped)
        self.network.advance(0.01)
        self.successResultOf(stopped)
        self.assertEqual((self.cursors(), self.network.getDelayedCalls()), ({"ann": 0}, []))

    def test_restart(self) -> None:
        """
        The next broadcaster goes on where the last one stopped.
        """
        broadcaster = self.start()
        self.join("ann", ANN)
        self.say("ci", "1", "2")
        self.pusher.end(ANN)
        self.pusher.end(ANN)
        self.successResultOf(broadcaster.stopService())
        self.say("ci", "3")
        self.assertEqual(self.pusher.open, {})
        self.start()
        self.assertEqual(self.pusher.texts(ANN), ["ci: 1", "ci: 2", "ci: 3"])
