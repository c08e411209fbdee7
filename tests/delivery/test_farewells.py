"""
What is said at an address from which another registration has moved its member away.
"""

import json
from dataclasses import replace
from ipaddress import ip_network

from tests.delivery.broadcasterrig import ANN, BOB, HOST, BroadcasterTestCase
from tests.roomtestcase import HOME
from twisted_messenger.address import Source
from twisted_messenger.delivery.farewells import FAREWELL_BURST, FAREWELL_RATE, MAX_FAREWELLS
from twisted_messenger.lease import Lease
from twisted_messenger.push.interfaces import Outcome
from twisted_messenger.room.chatroom import ChatRoom
from twisted_messenger.room.policy import AdmissionPolicy, Callbacks
from twisted_messenger.wire import parse

_GONE = "server: ann is registered elsewhere now"

# Seconds that the node may push.
_HELD = 100.0

# Where many members live.
_MANY = range(20_000, 20_000 + MAX_FAREWELLS + 4)


class FarewellTests(BroadcasterTestCase):
    """
    Ann is a member, and has all there is.
    """

    def setUp(self) -> None:
        """
        She joins.
        """
        super().setUp()
        self.broadcaster = self.start()
        self.meet(("ann", ANN))

    def register(self, fields: str) -> None:
        """
        Register, with options.
        """
        taken: object = self.successResultOf(self.room.take(parse(fields.encode())))
        self.assertTrue(getattr(taken, "stored", False), taken)

    def assertTold(self, *texts: str) -> None:
        """
        Fail unless this was told at Ann's address since she joined.
        """
        self.assertEqual(self.pusher.texts(ANN), [*texts])

    def test_moved(self) -> None:
        """
        Whoever listens where she was is told that she is elsewhere, once, whatever comes then.
        """
        self.join("ann", BOB)
        self.assertTold(_GONE)
        self.pusher.end(ANN)
        self.say("ci", "1")
        self.pusher.end(BOB)
        self.network.advance(600)
        self.assertTold(_GONE)
        self.assertEqual(self.pusher.texts(BOB), ["ci: 1"])

    def test_inFlight(self) -> None:
        """
        It comes after what was under way there, which is given up.
        """
        self.say("ci", "1")
        self.join("ann", BOB)
        self.assertTold("ci: 1", _GONE)
        self.assertEqual(self.pusher.texts(BOB), ["ci: 1"])

    def test_once(self) -> None:
        """
        However it ends it is not tried again, and says nothing of her: she is elsewhere.
        """
        for outcome in Outcome:
            self.setUp()
            before = self.counters.snapshot()
            self.join("ann", BOB)
            self.pusher.end(ANN, outcome)
            self.network.advance(600)
            self.assertTold(_GONE)
            self.assertEqual(self.counters.snapshot(), before)
            self.assertIsNone(self.progress()["ann"].failingSince)
            self.say("ci", "1")
            self.assertEqual(self.pusher.texts(BOB), ["ci: 1"])

    def test_form(self) -> None:
        """
        It has the form that was asked for there, and not that of the new registration.
        """
        for number, (options, newOptions) in enumerate(
            (("newline", "json"), ("json", "ack"), ("ack", "newline"))
        ):
            old, new = 9100 + number, 9200 + number
            self.register(f"connect_request|m{number}|{HOST}|{old}|{options}")
            self.register(f"connect_request|m{number}|{HOST}|{new}|{newOptions}")
            (text,) = self.pusher.texts(old)
            said = f"m{number} is registered elsewhere now"
            if options == "json":
                fields = json.loads(text)
                self.assertIsInstance(fields.pop("time"), float)
                self.assertEqual(fields, {"id": None, "name": "server", "text": said})
            else:
                end = "\n" if options == "newline" else ""
                self.assertEqual(text, f"server: {said}{end}")
            self.assertIs(self.pusher.acks[old], options == "ack")

    def test_sameAddress(self) -> None:
        """
        Who registers at the same address, however it is spelt, or takes another name there, has
        not been moved.
        """
        for name, host in (("ann", HOST), ("ann", "localhost"), ("ann", "::1"), ("eve", HOST)):
            self.assertTrue(self.successResultOf(self.room.register(name, host, ANN, HOME)).stored)
        self.assertTold()

    def test_renamedAndMoved(self) -> None:
        """
        Where both have changed by the time that it is noticed, nobody bears the old name elsewhere.
        """
        news = self.successResultOf(self.store.roster(0))
        (state,) = news.members
        for name, told in (("eve", False), ("ann", True)):
            self.setUp()
            member = replace(state.member, name=name, port=BOB)
            changed = replace(state, member=member, registered=state.registered + 1)
            self.broadcaster.rosterChanged(replace(news, members=[changed]))
            self.broadcaster.caughtUp()
            self.assertTold(*[_GONE] * told)

    def test_gone(self) -> None:
        """
        Who leaves knows it.
        """
        self.leave("ann", ANN)
        self.join("ann", BOB)
        self.network.advance(60)
        self.assertTold()

    def test_evicted(self) -> None:
        """
        Who was removed since it could not be reached is not called, even if the name is taken.
        """
        self.successResultOf(self.store.evict(*self.ids("ann")))
        self.join("ann", BOB)
        self.network.advance(60)
        self.assertTold()

    def test_merged(self) -> None:
        """
        Of two that become one, it is told where the name was; where the address stays, nothing is.
        """
        self.meet(("bob", BOB))
        self.join("ann", BOB)
        self.assertTold(_GONE)
        self.assertEqual(self.pusher.texts(BOB), [])

    def test_newcomer(self) -> None:
        """
        A member that takes the address meanwhile gets one connection at a time.
        """
        self.join("ann", BOB)
        self.join("eve", ANN)
        self.say("ci", "1")
        self.assertTold(_GONE)
        self.pusher.end(ANN)
        self.assertTold(_GONE, "ci: 1")

    def test_back(self) -> None:
        """
        So does she if she comes back to it.
        """
        self.join("ann", BOB)
        self.say("ci", "1")
        self.join("ann", ANN)
        self.assertTold(_GONE)
        self.pusher.end(ANN, Outcome.FAILED)
        self.assertTold(_GONE, "ci: 1")

    def test_again(self) -> None:
        """
        Whoever goes to and fro is not told more often than it can hear.
        """
        for port in (BOB, ANN, BOB, ANN, BOB):
            self.join("ann", port)
        self.assertTold(_GONE)

    def test_stopping(self) -> None:
        """
        A stop does not wait for it.
        """
        self.join("ann", BOB)
        self.assertIn(ANN, self.pusher.open)
        self.successResultOf(self.broadcaster.stopService())
        self.assertNotIn(ANN, self.pusher.open)

    def test_stopped(self) -> None:
        """
        Nobody is told while the room is stopping, nor of moves from before a start.
        """
        self.say("ci", "1")
        stopped = self.broadcaster.stopService()
        self.join("ann", BOB)
        self.pusher.end(ANN)
        self.successResultOf(stopped)
        self.broadcaster.startService()
        self.network.settle()
        self.assertTold("ci: 1")


class BoundTests(BroadcasterTestCase):
    """
    Moves without end, of members that may be anywhere.
    """

    def setUp(self) -> None:
        """
        Nobody has moved.
        """
        super().setUp()
        self.store.lease = Lease(_HELD, self.network.seconds)
        here = (ip_network("127.0.0.0/8"),)
        self.room = ChatRoom(self.store, AdmissionPolicy(Callbacks.ANY, here))
        self.start()

    def move(self, host: str, port: int) -> None:
        """
        A member registers somewhere, and then here.
        """
        for where, at in ((host, port), (HOST, port + 20_000)):
            joining = self.room.register(f"m{port}", where, at, Source("10.0.0.5", False))
            self.assertTrue(self.successResultOf(joining).stored)

    @property
    def told(self) -> list[int]:
        """
        The ports that were told since the last look.
        """
        ports = [port for port, _ in self.pusher.sent]
        self.pusher.sent.clear()
        return ports

    def endAll(self) -> None:
        """
        What is under way ends.
        """
        for port in list(self.pusher.open):
            self.pusher.end(port)

    def test_together(self) -> None:
        """
        So many are under way at once; who comes later is not told, and nobody waits.
        """
        for number, port in enumerate(_MANY):
            self.move(f"10.0.1.{number}", port)
        self.assertEqual(self.told, [*_MANY[:MAX_FAREWELLS]])
        self.endAll()
        self.network.advance(60)
        self.assertEqual(self.told, [])
        self.move("10.0.2.1", 30_000)
        self.assertEqual(self.told, [30_000])

    def test_oneSource(self) -> None:
        """
        However often somebody moves away from a third party's addresses, it gets so many
        connections, and one a second.
        """
        for first, told in ((20_000, FAREWELL_BURST), (21_000, 1)):
            for port in range(first, first + 10):
                self.move("10.0.1.1", port)
                self.endAll()
            self.assertEqual(self.told, [*range(first, first + told)])
            self.network.advance(1 / FAREWELL_RATE)

    def test_loopback(self) -> None:
        """
        This machine's own programs have no such limit.
        """
        for port in _MANY:
            self.successResultOf(self.room.register(f"m{port}", HOST, port, HOME))
            self.successResultOf(self.room.register(f"m{port}", HOST, port + 20_000, HOME))
            self.endAll()
        self.assertEqual(self.told, [*_MANY])

    def test_lapsed(self) -> None:
        """
        A node that may not push tells nobody.
        """
        self.network.advance(_HELD)
        self.move("10.0.1.1", 20_000)
        self.assertEqual(self.told, [])
