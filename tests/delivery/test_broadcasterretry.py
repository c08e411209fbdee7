"""
The broadcaster, and members that are not reached.
"""

from typing import Any

from tests.delivery.broadcasterrig import ANN, BOB, BroadcasterTestCase
from twisted_messenger.address import Source
from twisted_messenger.push.interfaces import Outcome
from twisted_messenger.room.chatroom import ChatRoom
from twisted_messenger.room.policy import AdmissionPolicy, Senders


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

    def test_registeredMeanwhile(self) -> None:
        """
        What failed before a registration is forgiven, also where a word of it reaches the store
        after that.
        """
        self.failing()
        self.network.advance(0.2)
        failing = self.progress()["ann"]
        self.assertIsNotNone(failing.failingSince)
        self.join("ann", ANN)
        self.store.advance({self.ids("ann")[0]: failing})
        self.network.advance(0.2)
        self.assertIsNone(self.progress()["ann"].failingSince)

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

    def test_spokeElsewhere(self) -> None:
        """
        A word under the member's name from another machine is not the member's.
        """
        self.failing()
        anybody = ChatRoom(self.store, AdmissionPolicy(senders=Senders.ANY))
        said = self.successResultOf(anybody.post("ann", "hi", Source("10.0.0.9")))
        self.assertTrue(said.stored)
        self.assertEqual(self.pusher.texts(ANN), ["ci: 1"])

    def test_spokeInFlight(self) -> None:
        """
        A member that speaks while it is tried is soon tried again, as after a first failure.
        """
        self.start()
        self.join("ann", ANN)
        self.say("ci", "1")
        self.fails(ANN, 5)
        self.say("ann", "hello")
        self.say("ann", "hello?")
        self.pusher.end(ANN, Outcome.FAILED)
        self.network.advance(1)
        self.assertEqual(set(self.pusher.open), {ANN})

    def test_movedAway(self) -> None:
        """
        A member that moves is tried at once at its new address, and starts anew there.
        """
        self.failing()
        self.join("ann", BOB)
        self.assertEqual(self.pusher.texts(BOB), ["ci: 1"])
        self.pusher.end(BOB, Outcome.FAILED)
        self.network.advance(1)
        self.assertEqual(self.pusher.texts(BOB), ["ci: 1", "ci: 1"])
        self.assertEqual(self.pusher.texts(ANN)[:-1], ["ci: 1"])


class TimerTests(BroadcasterTestCase):
    """
    Members wait for their next attempts, and for nothing else.
    """

    def setUp(self) -> None:
        """
        Twenty members, known to be there.
        """
        super().setUp()
        self.broadcaster = self.start()
        self.ports = range(ANN, ANN + 20)
        self.meet(*((f"m{port}", port) for port in self.ports))
        self.network.advance(1)

    def test_nothingWaits(self) -> None:
        """
        While nobody waits for anything no timer runs.
        """
        self.assertEqual(self.timers, 0)

    def test_oneEach(self) -> None:
        """
        Members that fail at different times are all tried again in time, and each waits once.
        """
        self.say("ci", "1")
        for count, port in enumerate(self.ports, 1):
            self.network.advance(0.03)
            self.pusher.end(port, Outcome.FAILED)
            # One more writes down since when.
            self.assertLessEqual(self.timers, count + 1)
        self.network.advance(1)
        self.assertEqual(set(self.pusher.open), set(self.ports))
        self.assertEqual(self.timers, 0)

    def test_earlierOne(self) -> None:
        """
        One that is due earlier than those who wait already does not wait for them.
        """
        first, second = self.ports[:2]
        self.say("ci", "1")
        self.fails(first, 6)
        self.pusher.end(second, Outcome.FAILED)
        self.network.advance(1)
        self.assertEqual(self.pusher.texts(second), ["ci: 1", "ci: 1"])
        self.assertNotIn(first, self.pusher.open)

    def test_over(self) -> None:
        """
        Who has been reached, or has left, waits no more.
        """
        first, second = self.ports[:2]
        self.say("ci", "1")
        for port in self.ports[2:]:
            self.pusher.end(port)
        for port in (first, second):
            self.pusher.end(port, Outcome.FAILED)
        self.leave(f"m{second}", second)
        self.network.advance(1)
        self.pusher.end(first)
        self.network.advance(1)
        self.assertEqual((self.pusher.open, self.timers), ({}, 0))

    def test_stopped(self) -> None:
        """
        A stop takes all of them along.
        """
        self.say("ci", "1")
        for port in self.ports:
            self.pusher.end(port, Outcome.FAILED)
        self.successResultOf(self.broadcaster.stopService())
        self.assertEqual(self.network.getDelayedCalls(), [])
