"""
The broadcaster's windows: hanging members take nothing from those that answer, and what is read
for members far behind stays little.
"""

from tests.delivery.broadcasterrig import ANN, BOB, CYD, DAN, HOST, BroadcasterTestCase
from twisted_messenger.delivery.pages import PAGE_ENTRIES
from twisted_messenger.delivery.slots import MAX_SUSPECTS
from twisted_messenger.delivery.tail import TAIL_ENTRIES
from twisted_messenger.entry import LogLimits
from twisted_messenger.push.creator import PushCreator
from twisted_messenger.push.interfaces import Outcome
from twisted_messenger.testing import CollectingFactory

EVE = DAN + 1

#: Where many members live.
_MANY = range(20_000, 21_000)


class WindowTests(BroadcasterTestCase):
    """
    A place for each push, and two kinds of places.
    """

    def test_strangers(self) -> None:
        """
        Those never reached share the few places of the doubtful; each gets everything in turn.
        """
        self.start(maxPushes=8)
        for port, name in enumerate(("ann", "bob", "cyd", "dan"), ANN):
            self.join(name, port)
        self.say("ci", "1", "2")
        self.assertEqual(set(self.pusher.open), {ANN, BOB})
        while self.pusher.open:
            self.pusher.end(min(self.pusher.open))
        for port in (ANN, BOB, CYD, DAN):
            self.assertEqual(self.pusher.texts(port), ["ci: 1", "ci: 2"])

    def test_fair(self) -> None:
        """
        A member with much to get waits its turn behind those with little.
        """
        self.start(maxPushes=3)
        self.meet(("ann", ANN), ("bob", BOB), ("cyd", CYD))
        self.say("ci", "1", "2")
        self.assertEqual(set(self.pusher.open), {ANN, BOB})
        self.pusher.end(ANN)
        self.assertEqual(set(self.pusher.open), {BOB, CYD})
        self.pusher.end(BOB)
        self.assertEqual(set(self.pusher.open), {ANN, CYD})
        while self.pusher.open:
            self.assertLessEqual(len(self.pusher.open), 2)
            self.pusher.end(min(self.pusher.open))
        for port in (ANN, BOB, CYD):
            self.assertEqual(self.pusher.texts(port), ["ci: 1", "ci: 2"])

    def test_hangingTakeNothing(self) -> None:
        """
        While all places of the doubtful are taken, those that answer are served at once.
        """
        self.start(maxPushes=8)
        self.meet(("ann", ANN), ("bob", BOB))
        for name, port in (("cyd", CYD), ("dan", DAN), ("eve", EVE)):
            self.join(name, port)
        for number in range(10):
            self.say("ci", str(number))
            self.assertEqual(set(self.pusher.open), {ANN, BOB, CYD, DAN})
            self.pusher.end(ANN)
            self.pusher.end(BOB)
        self.assertEqual(self.pusher.texts(ANN), [f"ci: {number}" for number in range(10)])
        self.assertEqual(self.pusher.texts(EVE), [])

    def test_network(self) -> None:
        """
        On a network with forty members that never answer, a pair talks without delay.
        """
        pair = CollectingFactory(), CollectingFactory()
        self.start(PushCreator(self.network))
        for name, port, member in zip(("ann", "bob"), (ANN, BOB), pair):
            self.network.listenTCP(port, member)
            self.join(name, port)
        for port in _MANY[:40]:
            self.network.blackHoles.add((HOST, port))
            self.join(f"hole{port}", port)
        self.say("ci", "welcome")
        self.network.advance(3)
        for name in ("ann", "bob") * 5:
            self.say(name, "hello")
            self.network.settle()
        for member, other in zip(pair, (b"bob", b"ann")):
            self.assertEqual(member.messages, [b"ci: welcome", *[other + b": hello"] * 5])

    def test_connectTimeout(self) -> None:
        """
        The doubtful have 2 s to be connected, the others 5 s, or what was chosen.
        """
        for chosen, doubtful, healthy in ((5.0, 2.0, 5.0), (1.0, 1.0, 1.0), (9.0, 2.0, 9.0)):
            self.setUp()
            self.start(connectTimeout=chosen)
            self.join("ann", ANN)
            self.say("ci", "1", "2", "3")
            self.assertEqual(self.pusher.timeouts[ANN], doubtful)
            self.pusher.end(ANN)
            self.assertEqual(self.pusher.timeouts[ANN], healthy)
            self.pusher.end(ANN, Outcome.FAILED)
            self.network.advance(1)
            self.assertEqual(self.pusher.timeouts[ANN], doubtful)

    def annFails(self) -> None:
        """
        Ann has confirmed once and fails now; those never reached take all their places.
        """
        self.setUp()
        self.start(maxPushes=8)
        self.meet(("ann", ANN))
        self.say("ci", "1")
        self.pusher.end(ANN, Outcome.FAILED)
        for name, port in (("cyd", CYD), ("dan", DAN), ("eve", EVE)):
            self.join(name, port)
        self.say("ci", "2")
        self.assertEqual(set(self.pusher.open), {CYD, DAN})

    def test_back(self) -> None:
        """
        Whoever has confirmed once, failed, and registers again is served at once, also at
        another port.
        """
        for port in (ANN, EVE + 1):
            self.annFails()
            self.join("ann", port)
            # At her old port she is told that she has moved.
            self.assertEqual(set(self.pusher.open), {CYD, DAN, ANN, port})

    def test_backWhileWaiting(self) -> None:
        """
        So it is where it waits for a place among the doubtful.
        """
        for port in (ANN, EVE + 1):
            self.annFails()
            self.network.advance(1)
            self.join("ann", port)
            # At her old port she is told that she has moved.
            self.assertEqual(set(self.pusher.open), {CYD, DAN, ANN, port})

    def test_healthyAfterRestart(self) -> None:
        """
        A restart does not make those doubtful who have confirmed before.
        """
        broadcaster = self.start(maxPushes=8)
        self.meet(("ann", ANN), ("bob", BOB))
        self.successResultOf(broadcaster.stopService())
        for name, port in (("cyd", CYD), ("dan", DAN), ("eve", EVE)):
            self.join(name, port)
        self.say("ci", "1")
        self.start(maxPushes=8)
        self.assertEqual(set(self.pusher.open), {ANN, BOB, CYD, DAN})


class FarBehindTests(BroadcasterTestCase):
    """
    Members who need what is no longer in memory.
    """

    def joinMany(self, members: range) -> None:
        """
        More members join than have a place.
        """
        for port in members:
            self.join(f"m{port}", port)

    def test_manyAtOnce(self) -> None:
        """
        Hundreds of members far behind at once all get everything, and only for those that have a
        place is anything held in memory.
        """
        members = _MANY[: 8 * MAX_SUSPECTS]
        self.joinMany(members)
        self.say("ci", *map(str, range(PAGE_ENTRIES)))
        self.start()
        pushed = 0
        while self.pusher.open:
            if not pushed % 1000:
                self.assertLessEqual(self.store.inMemory, MAX_SUSPECTS * PAGE_ENTRIES)
            self.pusher.end(next(iter(self.pusher.open)), Outcome.HUNG)
            pushed += 1
        self.assertEqual(pushed, len(members) * PAGE_ENTRIES)
        for port in members[::25]:
            self.assertEqual(self.pusher.texts(port), [f"ci: {n}" for n in range(PAGE_ENTRIES)])

    def test_readOnce(self) -> None:
        """
        What members are behind by together is read once for all of them, wherever each stands.
        """
        for name, port in (("ann", ANN), ("bob", BOB)):
            self.join(name, port)
            self.say("ci", *map(str, range(PAGE_ENTRIES // 2)))
        self.join("cyd", CYD)
        self.store.slow = True
        self.start()
        self.store.release()
        reads = self.store.reads
        while self.pusher.open:
            self.pusher.end(min(self.pusher.open))
        self.assertEqual((reads, self.store.reads), (2, 2))
        texts = [f"ci: {n}" for n in range(PAGE_ENTRIES // 2)]
        self.assertEqual(self.pusher.texts(ANN), texts + texts)
        self.assertEqual(self.pusher.texts(BOB), texts)

    def test_nothingToRead(self) -> None:
        """
        A thousand members who wait for entries that were dropped meanwhile all give their place
        back, and are served with the next message.
        """
        self.joinMany(_MANY)
        self.say("ci", "1")
        self.store.empty = True
        self.start()
        self.assertEqual(len(self.pusher.open), 0)
        self.store.empty = False
        self.say("ci", "2")
        while self.pusher.open:
            self.pusher.end(next(iter(self.pusher.open)), Outcome.HUNG)
        for port in _MANY:
            self.assertEqual(self.pusher.texts(port), ["ci: 1", "ci: 2"])

    def test_ownMessages(self) -> None:
        """
        Who has said much while it was not reached gets the next message of another.
        """
        self.start()
        self.join("ann", ANN)
        self.say("ci", "1")
        self.say("ann", *map(str, range(5 * TAIL_ENTRIES)))
        self.say("ci", "2")
        self.pusher.end(ANN)
        self.assertEqual(self.pusher.texts(ANN), ["ci: 1", "ci: 2"])

    def test_backingOff(self) -> None:
        """
        Nothing is held in memory for a member that is away.
        """
        self.join("ann", ANN)
        self.say("ci", *map(str, range(PAGE_ENTRIES)))
        self.start()
        self.assertEqual(self.store.inMemory, PAGE_ENTRIES)
        self.pusher.end(ANN, Outcome.FAILED)
        self.assertEqual(self.store.inMemory, 0)
        self.network.advance(1)
        self.pusher.end(ANN)
        self.assertEqual(self.pusher.texts(ANN), ["ci: 0", "ci: 0", "ci: 1"])

    def test_caughtUp(self) -> None:
        """
        Nor for one that has got everything.
        """
        self.join("ann", ANN)
        self.say("ci", "1", "2")
        self.start()
        self.assertEqual(self.store.inMemory, 2)
        self.pusher.end(ANN)
        self.pusher.end(ANN)
        self.assertEqual(self.store.inMemory, 0)

    def test_slowStore(self) -> None:
        """
        A store that takes its time keeps the place meanwhile, and holds up nobody else.
        """
        self.join("ann", ANN)
        self.join("bob", BOB)
        self.say("ci", "1")
        self.store.slow = True
        self.start(maxPushes=4)
        self.say("ci", "2")
        self.join("cyd", CYD)
        self.assertEqual(self.pusher.sent, [])
        self.store.release()
        while self.pusher.open:
            self.pusher.end(min(self.pusher.open))
        for port in (ANN, BOB):
            self.assertEqual(self.pusher.texts(port), ["ci: 1", "ci: 2"])

    def test_movedWhileReading(self) -> None:
        """
        Who takes over an address while entries are read for it waits until the last push to
        that address has ended.
        """
        self.join("ann", ANN)
        self.say("ci", "1")
        self.store.slow = True
        self.start(maxPushes=8)
        self.store.slow = False
        self.join("bob", BOB)
        self.say("ci", "2")
        self.assertEqual(set(self.pusher.open), {BOB})
        self.leave("bob", BOB)
        self.join("ann", BOB)
        self.store.release()
        self.assertEqual(self.pusher.texts(BOB), ["ci: 2"])
        self.pusher.end(BOB)
        self.pusher.end(BOB)
        self.assertEqual(self.pusher.texts(BOB), ["ci: 2", "ci: 1", "ci: 2"])

    def test_trimmedWhileReading(self) -> None:
        """
        Who loses entries while others are read for it is told before it gets the next one.
        """
        self.join("ann", ANN)
        self.say("ci", "1", "2", "3")
        self.store.slow = True
        self.start(limits=LogLimits(entries=1))
        self.network.advance(1.1)
        self.store.release()
        while self.pusher.open:
            self.pusher.end(ANN)
        self.assertEqual(self.pusher.texts(ANN), ["server: 2 messages were dropped", "ci: 3"])

    def test_leftWhileReading(self) -> None:
        """
        Who leaves while entries are read for it gives its place to the next.
        """
        self.join("ann", ANN)
        self.join("bob", BOB)
        self.say("ci", "1")
        self.store.slow = True
        self.start(maxPushes=4)
        self.store.slow = False
        self.leave("ann", ANN)
        self.store.release()
        self.assertEqual(set(self.pusher.open), {BOB})
        self.assertEqual(self.pusher.texts(ANN), [])
