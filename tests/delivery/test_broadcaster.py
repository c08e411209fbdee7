"""
The broadcaster: who gets which entry, when, and what becomes of it.
"""

from tests.delivery.broadcasterrig import ANN, BOB, CYD, HOST, BroadcasterTestCase
from twisted_messenger.delivery.cursors import FLUSH_SECONDS
from twisted_messenger.delivery.tail import TAIL_ENTRIES
from twisted_messenger.push.creator import PushCreator
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

    def test_hurry(self) -> None:
        """
        Whoever is in a hurry makes it give them up at once; before a stop that does nothing.
        """
        broadcaster = self.start()
        self.join("ann", ANN)
        self.join("bob", BOB)
        self.say("ci", "1")
        broadcaster.hurry()
        self.assertEqual(set(self.pusher.open), {ANN, BOB})
        stopped = broadcaster.stopService()
        self.pusher.end(ANN)
        self.assertNoResult(stopped)
        broadcaster.hurry()
        self.successResultOf(stopped)
        self.assertEqual(self.cursors(), {"ann": 1, "bob": 0})
        self.assertEqual(self.network.getDelayedCalls(), [])

    def test_stopWhileReading(self) -> None:
        """
        What is read for a member far behind comes too late after a stop, and is not pushed.
        """
        self.join("ann", ANN)
        self.say("ci", "1")
        self.store.slow = True
        broadcaster = self.start()
        self.successResultOf(broadcaster.stopService())
        self.store.release()
        self.assertEqual((self.pusher.sent, self.network.getDelayedCalls()), ([], []))

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

    def test_startedAgain(self) -> None:
        """
        One that is started again goes on where it stopped, and writes down what it does then.
        """
        broadcaster = self.start()
        self.join("ann", ANN)
        self.say("ci", "1")
        self.pusher.end(ANN)
        self.successResultOf(broadcaster.stopService())
        self.say("ci", "2")
        self.join("bob", BOB)
        broadcaster.startService()
        self.say("ci", "3")
        self.pusher.end(ANN)
        self.pusher.end(ANN)
        self.pusher.end(BOB)
        self.assertEqual(self.pusher.texts(ANN), ["ci: 1", "ci: 2", "ci: 3"])
        self.assertEqual(self.pusher.texts(BOB), ["ci: 3"])
        self.network.advance(1)
        self.assertEqual(self.cursors(), {"ann": 3, "bob": 3})

    def test_twice(self) -> None:
        """
        A second broadcaster on one store is a mistake, and said to be one; after the first, it
        may go on.
        """
        first = self.start()
        with self.assertRaises(RuntimeError):
            self.start()
        self.join("ann", ANN)
        self.say("ci", "1")
        self.assertEqual(len(self.pusher.sent), 1)
        self.pusher.end(ANN)
        self.successResultOf(first.stopService())
        self.start()
