"""
What an operator sees of the members, and does with one.
"""

from twisted.internet.defer import Deferred

from tests.delivery.broadcasterrig import ANN, BOB, CYD, HOST, BroadcasterTestCase
from tests.roomtestcase import HOME
from twisted_messenger.entry import LogLimits
from twisted_messenger.push.interfaces import Outcome
from twisted_messenger.room.chatroom import ChatRoom
from twisted_messenger.steering import MemberStatus

DAY = 86_400.0


class SteeringTestCase(BroadcasterTestCase):
    """
    A room with a clock.
    """

    def setUp(self) -> None:
        """
        Times are the network's.
        """
        super().setUp()
        self.network.advance(1000.0)
        self.room = ChatRoom(self.store, self.room.policy, clock=self.network.seconds)

    def members(self) -> dict[str, MemberStatus]:
        """
        How everybody is.
        """
        return {one.name: one for one in self.successResultOf(self.room.members())}

    def state(self, name: str) -> str:
        """
        How somebody is, in a word.
        """
        return self.members()[name].state

    def done(self, steered: "Deferred[bool]") -> None:
        """
        Fail unless it is done; let what follows happen.
        """
        self.assertIs(self.successResultOf(steered), True)
        self.network.settle()


class MembersTests(SteeringTestCase):
    """
    How the members are.
    """

    def test_new(self) -> None:
        """
        Of a member that was never reached, nothing is known but where it is.
        """
        self.start()
        self.join("ann", ANN)
        expected = MemberStatus("ann", HOST, ANN, "new", 0, None, 0, None, None, None, "")
        self.assertEqual(self.members(), {"ann": expected})

    def test_healthy(self) -> None:
        """
        A healthy member was reached, and is behind by what is under way, without its own words.
        """
        self.start()
        self.meet(("ann", ANN), ("bob", BOB))
        self.network.advance(1)
        self.say("ci", "1", "2")
        self.say("bob", "3")
        members = self.members()
        self.assertEqual([one.state for one in members.values()], ["healthy"] * 2)
        self.assertEqual([one.behind for one in members.values()], [3, 2])
        self.pusher.end(ANN)
        # Before that is written, too.
        self.assertEqual(self.members()["ann"].behind, 2)
        self.assertAlmostEqual(members["ann"].lastReached or 0, 1000.1)

    def test_failing(self) -> None:
        """
        A member that fails says since when, how often, why, and when it is tried again.
        """
        self.start()
        self.meet(("ann", ANN))
        self.network.advance(1)
        self.say("ci", "1")
        self.fails(ANN, 2)
        ann = self.members()["ann"]
        self.assertEqual((ann.state, ann.attempts, ann.behind), ("failing", 2, 1))
        self.assertAlmostEqual(ann.failingSince or 0, 1001.0)
        self.assertAlmostEqual(ann.nextTry or 0, self.network.seconds() + 2)
        self.assertEqual(ann.lastError, "failed")
        self.network.advance(2)
        self.assertIsNone(self.members()["ann"].nextTry)
        self.pusher.end(ANN)
        ann = self.members()["ann"]
        self.assertEqual((ann.state, ann.attempts, ann.lastError), ("healthy", 0, None))
        self.assertIsNone(ann.failingSince)

    def test_saidWhy(self) -> None:
        """
        The last error is in the member's own words, where it had some.
        """
        self.start()
        self.meet(("ann", ANN))
        self.say("ci", "1")
        self.pusher.end(ANN, Outcome.DEFERRED, reply=b"~ disk full\n")
        self.assertEqual(self.members()["ann"].lastError, "disk full")

    def test_hanging(self) -> None:
        """
        A member that has everything and does not close is said to hang, until it closes.
        """
        self.start()
        self.meet(("ann", ANN), ("bob", BOB))
        self.say("ci", "1")
        self.pusher.end(ANN, Outcome.HUNG)
        self.pusher.hold(BOB)
        self.assertEqual([one.state for one in self.members().values()], ["hanging"] * 2)
        self.pusher.end(BOB)
        self.assertEqual(self.state("bob"), "healthy")

    def test_anotherNodes(self) -> None:
        """
        Of members that nobody here pushes to, what is stored is told.
        """
        broadcaster = self.start()
        self.meet(("ann", ANN))
        self.network.advance(1)
        self.store.leaving = self.ids("ann")
        self.say("ci", "1")
        self.network.settle()
        self.assertIsNone(broadcaster.serving(*self.ids("ann")))
        ann = self.members()["ann"]
        self.assertEqual((ann.state, ann.behind, ann.nextTry), ("healthy", 1, None))

    def test_withoutABroadcaster(self) -> None:
        """
        Where nothing pushes, a program hears so at once; a name can be removed all the same.
        """
        self.join("ann", ANN)
        for asked in (self.room.members(), self.room.pause("ann"), self.room.retry("ann")):
            self.failureResultOf(asked, RuntimeError)
        self.done(self.room.remove("ann"))


class OrderTests(SteeringTestCase):
    """
    What is done with a member.
    """

    def test_nobody(self) -> None:
        """
        There is nobody of that name, or nobody can have it.
        """
        self.start()
        for name in ("ann", "server", "a:b", ""):
            self.assertIs(self.successResultOf(self.room.pause(name)), False)

    def test_pause(self) -> None:
        """
        What is under way ends, and nothing follows, whatever the member says or registers, until it
        is resumed; others go on.
        """
        self.start()
        self.meet(("ann", ANN), ("bob", BOB))
        self.say("ci", "1", "2")
        self.done(self.room.pause("ann"))
        self.pusher.end(ANN)
        self.pusher.end(BOB)
        self.say("ann", "3")
        self.join("ann", CYD)
        # Where she was, she is told that she has moved.
        self.pusher.end(ANN)
        self.network.advance(60)
        self.assertEqual((set(self.pusher.open), self.state("ann")), ({BOB}, "paused"))
        self.done(self.room.resume("ann"))
        self.assertEqual(self.pusher.texts(CYD), ["ci: 2"])
        self.assertEqual(self.state("ann"), "healthy")

    def test_pauseWhileWaiting(self) -> None:
        """
        A member that is paused while it fails is neither tried nor given up, however long, and has
        all its time again when it is resumed.
        """
        self.start(retryPolicy=lambda _: 3600.0, limits=LogLimits(seconds=0))
        self.meet(("ann", ANN))
        self.say("ci", "1")
        self.fails(ANN)
        self.done(self.room.pause("ann"))
        self.assertEqual((self.timers, self.members()["ann"].nextTry), (1, None))
        self.network.advance(30 * DAY)
        self.assertEqual((self.pusher.open, self.state("ann")), ({}, "paused"))
        self.done(self.room.resume("ann"))
        self.assertEqual(self.pusher.texts(ANN), ["ci: 1"] * 2)
        self.fails(ANN)
        self.assertEqual(self.members()["ann"].attempts, 1)

    def test_pausedAtTheStart(self) -> None:
        """
        A pause outlasts the broadcaster.
        """
        first = self.start()
        self.meet(("ann", ANN))
        self.done(self.room.pause("ann"))
        self.successResultOf(first.stopService())
        self.start()
        self.say("ci", "1")
        self.assertEqual(self.pusher.open, {})
        self.done(self.room.resume("ann"))
        self.assertEqual(self.pusher.texts(ANN), ["ci: 1"])

    def test_pauseWhileAPageIsRead(self) -> None:
        """
        A member that is paused while its messages are read gets none of them.
        """
        self.join("ann", ANN)
        self.say("ci", "1")
        self.store.slow = True
        self.start()
        self.done(self.room.pause("ann"))
        self.store.release()
        self.network.settle()
        self.assertEqual(self.pusher.open, {})
        self.done(self.room.resume("ann"))
        self.store.release()
        self.network.settle()
        self.assertEqual(self.pusher.texts(ANN), ["ci: 1"])

    def test_retry(self) -> None:
        """
        A member that waits is tried at once, and for how long it has failed still counts.
        """
        self.start(retryPolicy=lambda _: 3600.0)
        self.meet(("ann", ANN))
        self.say("ci", "1")
        self.fails(ANN)
        since = self.members()["ann"].failingSince
        self.network.advance(10)
        self.assertEqual(self.pusher.open, {})
        for attempts in (2, 3):
            self.done(self.room.retry("ann"))
            self.fails(ANN)
            ann = self.members()["ann"]
            self.assertEqual((ann.attempts, ann.failingSince), (attempts, since))

    def test_remove(self) -> None:
        """
        A member that fails is removed, and nothing waits for it any more.
        """
        self.start()
        self.meet(("ann", ANN), ("bob", BOB))
        self.say("ci", "1")
        self.fails(ANN)
        self.done(self.room.remove("ann"))
        self.network.advance(60)
        self.assertEqual((set(self.pusher.open), set(self.members())), ({BOB}, {"bob"}))
        self.assertIs(self.successResultOf(self.room.remove("ann")), False)
        self.assertIs(self.successResultOf(self.room.leave("bob", HOST, BOB, HOME)).stored, True)
