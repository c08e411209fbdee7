"""
Listeners inside the program that has the room.
"""

from collections.abc import Awaitable

from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater
from twisted.trial.unittest import SynchronousTestCase

from tests.stores.stumblingstore import StumblingStore
from twisted_messenger.address import LOCAL, Source
from twisted_messenger.delivery.broadcaster import Broadcaster
from twisted_messenger.entry import Entry, LogLimits
from twisted_messenger.push.creator import PushCreator
from twisted_messenger.refusal import Refusal
from twisted_messenger.room.chatroom import ChatRoom
from twisted_messenger.room.policy import AdmissionPolicy, Senders
from twisted_messenger.roster import Enrolled, RosterLimits
from twisted_messenger.service.assembly import chatService
from twisted_messenger.steering import MemberStatus
from twisted_messenger.stores.memory import MemoryStore
from twisted_messenger.subscription import Subscription
from twisted_messenger.testing import MemoryNetwork, MemoryRoom

_STRANGER = Source("10.0.0.9", sameMachine=False)

_DAY = 86_400


class Ear:
    """
    A listener that hears what the test lets it.
    """

    def __init__(self) -> None:
        #: Every call.
        self.heard: list[str] = []
        #: What it raises.
        self.problem: Exception | None = None
        #: What it returns to wait for.
        self.work: Awaitable[None] | None = None

    def __call__(self, entry: Entry) -> Awaitable[None] | None:
        """
        Hear an entry.
        """
        self.heard.append(entry.text)
        if self.problem is not None:
            raise self.problem
        return self.work


class SubscriptionTestCase(SynchronousTestCase):
    """
    A room in memory, and a listener.
    """

    def setUp(self) -> None:
        """
        Nobody listens yet.
        """
        policy = AdmissionPolicy(senders=Senders.ANY)
        self.memory = MemoryRoom(policy=policy, limits=LogLimits(seconds=0))
        self.room = self.memory.room
        self.ear = Ear()

    def say(self, *texts: str, name: str = "ci") -> None:
        """
        Have somebody say something.
        """
        for text in texts:
            self.assertTrue(self.successResultOf(self.room.post(name, text)).stored)
        self.memory.advance()

    def subscribe(self, name: str = "bot", after: int | None = None) -> Subscription:
        """
        Have the listener hear what is said.
        """
        subscription = self.successResultOf(self.room.subscribe(name, self.ear, after=after))
        self.memory.advance()
        return subscription

    def status(self) -> MemberStatus:
        """
        How the only member is.
        """
        (status,) = self.successResultOf(self.room.members())
        return status

    def assertNoSubscription(self, name: str, why: str) -> None:
        """
        The name cannot be subscribed.
        """
        failed = self.room.subscribe(name, self.ear)
        problem = self.failureResultOf(failed, ValueError)
        self.assertIn(why, problem.getErrorMessage())


class HearingTests(SubscriptionTestCase):
    """
    A listener hears everything but its own words, once, in order.
    """

    def test_hears(self) -> None:
        """
        It hears what is said from now on, announcements too, and not what it says itself.
        """
        self.say("before")
        self.subscribe()
        self.say("one")
        self.say("mine", name="bot")
        self.successResultOf(self.room.announce("two"))
        self.memory.advance()
        self.assertEqual(self.ear.heard, ["one", "two"])
        status = self.status()
        self.assertEqual((status.name, status.host, status.port), ("bot", "", 0))
        self.assertEqual((status.state, status.behind), ("healthy", 0))

    def test_oneAfterTheOther(self) -> None:
        """
        The next message comes when the last is done, however long that takes.
        """
        first = self.ear.work = Deferred()
        self.subscribe()
        self.say("one", "two")
        self.memory.advance(_DAY)
        self.assertEqual(self.ear.heard, ["one"])
        self.assertEqual((self.status().state, self.status().behind), ("hanging", 2))
        self.ear.work = None
        first.callback(None)
        self.memory.advance()
        self.assertEqual(self.ear.heard, ["one", "two"])
        self.assertEqual(self.status().state, "healthy")

    def test_coroutine(self) -> None:
        """
        A listener may be an ``async def``.
        """
        heard: list[str] = []

        async def listener(entry: Entry) -> None:
            await deferLater(self.memory.network, 1)
            heard.append(entry.text)

        self.successResultOf(self.room.subscribe("bot", listener))
        self.say("one", "two")
        self.memory.advance(1)
        self.assertEqual(heard, ["one"])
        self.memory.advance(1)
        self.assertEqual(heard, ["one", "two"])

    def test_answers(self) -> None:
        """
        A listener may speak while it hears.
        """

        def listener(entry: Entry) -> Awaitable[object]:
            self.ear(entry)
            return self.room.post("bot", f"re: {entry.text}")

        self.successResultOf(self.room.subscribe("bot", listener))
        other = Ear()
        self.successResultOf(self.room.subscribe("other", other))
        self.say("one", "two")
        self.assertEqual(self.ear.heard, ["one", "two"])
        self.assertEqual(other.heard, ["one", "two", "re: one", "re: two"])

    def test_many(self) -> None:
        """
        Any number of slow listeners keep no place from members that are pushed to.
        """
        network = self.memory.network
        for number in range(300):
            self.ear.work = Deferred()
            self.subscribe(f"bot {number}")
        self.say("one")
        self.memory.advance(20 * 10)
        self.assertEqual(len(self.ear.heard), 300)
        self.ear = Ear()
        self.subscribe("quick")
        self.say("two")
        self.assertEqual(self.ear.heard, ["two"])
        self.assertEqual(network.rightNow, 20 * 10)


class RaisingTests(SubscriptionTestCase):
    """
    A listener that raises hears the same again, for as long as it takes.
    """

    def test_again(self) -> None:
        """
        The log says why, and so do the members; the listener hears nothing else meanwhile.
        """
        self.subscribe()
        self.ear.problem = ValueError("no\x1bspace")
        self.say("one", "two")
        self.memory.advance(5)
        self.assertEqual(set(self.ear.heard), {"one"})
        status = self.status()
        self.assertEqual((status.state, status.behind), ("failing", 2))
        self.assertEqual(status.lastError, "ValueError: no\\x1bspace")
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)
        self.ear.problem = None
        self.memory.advance(10)
        self.assertEqual(self.ear.heard[-2:], ["one", "two"])
        self.assertEqual((self.status().state, self.status().behind), ("healthy", 0))

    def test_backOff(self) -> None:
        """
        It is called again within 60 seconds, and goes on to be called after days; it is neither
        skipped nor given up.
        """
        self.subscribe()
        self.ear.problem = ValueError("broken")
        self.say("one")
        self.memory.advance(3 * _DAY)
        self.assertEqual(set(self.ear.heard), {"one"})
        self.assertEqual(self.status().state, "failing")
        calls = len(self.ear.heard)
        self.memory.advance(60)
        self.assertGreater(len(self.ear.heard), calls)
        self.ear.problem = None
        self.memory.advance(60)
        self.assertEqual(self.status().behind, 0)
        self.flushLoggedErrors(ValueError)

    def test_later(self) -> None:
        """
        What it returns to wait for may fail as well.
        """
        self.ear.work = Deferred()
        self.subscribe()
        self.say("one")
        failing, self.ear.work = self.ear.work, None
        failing.errback(ValueError("broken"))
        self.memory.advance(1)
        self.assertEqual(self.ear.heard, ["one", "one"])
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)

    def test_dropped(self) -> None:
        """
        What the log drops meanwhile is counted.
        """
        self.memory = MemoryRoom(limits=LogLimits(entries=3))
        self.room = self.memory.room
        subscription = self.subscribe()
        self.ear.problem = ValueError("broken")
        self.say(*"abcdefghij")
        self.memory.advance(30)
        self.ear.problem, self.ear.heard = None, []
        self.memory.advance(60)
        self.assertEqual((subscription.missed, self.ear.heard), (7, ["h", "i", "j"]))
        self.flushLoggedErrors(ValueError)


class NameTests(SubscriptionTestCase):
    """
    The name of a subscription is the program's.
    """

    def test_second(self) -> None:
        """
        A name has one subscription, until that is cancelled.
        """
        subscription = self.subscribe()
        self.assertNoSubscription("bot", "already")
        subscription.cancel()
        self.subscribe()

    def test_bad(self) -> None:
        """
        What is no name is refused as on the wire; a position is a number of the log's.
        """
        self.assertNoSubscription("a\nb", "name")
        self.assertNoSubscription("server", "server")
        self.failureResultOf(self.room.subscribe("bot", self.ear, after=-1), ValueError)

    def test_taken(self) -> None:
        """
        A member's name is not free, whoever registered it; nor is it taken by the attempt.
        """
        self.successResultOf(self.room.register("ann", "", 9001, _STRANGER))
        self.successResultOf(self.room.enrol("bob", "10.0.0.1", 9001))
        for name in ("ann", "bob"):
            self.assertNoSubscription(name, "registered")
            self.successResultOf(self.room.remove(name))
            self.subscribe(name)

    def test_nobodyElses(self) -> None:
        """
        Nobody on the wire takes the name, speaks under it or removes it, however open the room is;
        the program itself cannot register it by mistake.
        """
        self.subscribe()
        here = Source()
        for source in (_STRANGER, here):
            registered = self.successResultOf(self.room.register("bot", "", 9001, source))
            said = self.successResultOf(self.room.post("bot", "it is me", source))
            left = self.successResultOf(self.room.leave("bot", "", 9001, source))
            for result in (registered, said, left):
                self.assertIsInstance(result, Refusal)
        registered = self.successResultOf(self.room.register("bot", "", 9001, LOCAL))
        assert isinstance(registered, Refusal)
        self.assertIn("subscribed", registered.detail)
        self.assertEqual(self.status().host, "")

    def test_fullRoom(self) -> None:
        """
        A room that has all its members has a place for its program.
        """
        policy = AdmissionPolicy(limits=RosterLimits(members=1))
        self.memory = MemoryRoom(policy=policy)
        self.room = self.memory.room
        joined = self.room.register("ann", "", 9001, _STRANGER)
        self.assertIsInstance(self.successResultOf(joined), Enrolled)
        self.subscribe()
        self.say("one")
        self.assertEqual(self.ear.heard, ["one"])


class PlaceTests(SubscriptionTestCase):
    """
    A place in the log lasts longer than who listens there.
    """

    def test_cancelled(self) -> None:
        """
        Who is cancelled hears no more; who subscribes under the name then goes on there.
        """
        subscription = self.subscribe()
        self.say("one")
        subscription.cancel()
        subscription.cancel()
        self.say("two")
        self.memory.advance(3600)
        self.assertEqual(self.ear.heard, ["one"])
        self.assertEqual(self.status().lastError, "nobody is subscribed")
        self.subscribe()
        self.assertEqual(self.ear.heard, ["one", "two"])

    def test_cancelledAtWork(self) -> None:
        """
        What is being done at a cancel counts, and nobody else is called before it is done.
        """
        work = self.ear.work = Deferred()
        subscription = self.subscribe()
        self.say("one", "two")
        subscription.cancel()
        self.ear.work = None
        self.subscribe()
        self.assertEqual(self.ear.heard, ["one"])
        work.callback(None)
        self.memory.advance()
        self.assertEqual(self.ear.heard, ["one", "two"])

    def test_keptForADay(self) -> None:
        """
        The place of who is away is kept for a day, and given up later; a listener that had raised
        before is no further from that.
        """
        subscription = self.subscribe()
        self.ear.problem = ValueError("broken")
        self.say("one")
        self.memory.advance(3 * _DAY)
        subscription.cancel()
        self.memory.advance(_DAY - 100)
        self.assertEqual(self.status().behind, 1)
        self.memory.advance(300)
        self.assertEqual(self.successResultOf(self.room.members()), [])
        self.flushLoggedErrors(ValueError)

    def test_raisedIsNoAbsence(self) -> None:
        """
        What a listener raises is shown, but not remembered with what it heard before: after a
        crash, its absence would count from then on.
        """
        self.subscribe()
        self.say("one")
        self.ear.problem = ValueError("broken")
        self.say("two")
        self.memory.advance(1)
        (stored,) = self.successResultOf(self.memory.service.store.roster(0)).members
        self.assertEqual((stored.progress.cursor, stored.progress.failingSince), (1, None))
        self.assertEqual(stored.progress.attempts, 0)
        self.assertEqual((self.status().state, self.status().failingSince), ("failing", 0.0))
        self.flushLoggedErrors(ValueError)

    def test_removed(self) -> None:
        """
        Who is removed hears no more, and a new one may begin at once: with what is said then.
        """
        subscription = self.subscribe()
        self.say("one")
        removed = self.room.remove("bot")
        self.say("two")
        self.assertTrue(self.successResultOf(removed))
        self.subscribe()
        subscription.cancel()
        self.say("three")
        self.assertEqual(self.ear.heard, ["one", "three"])
        self.assertNoSubscription("bot", "already")

    def test_stopAndStart(self) -> None:
        """
        It goes on when the room is stopped and started again; what it does at a stop is waited
        for, then given up, and comes again.
        """
        self.subscribe()
        self.say("one")
        self.ear.work = Deferred()
        self.say("two")
        stopped = self.memory.stop()
        self.memory.advance(30)
        self.successResultOf(stopped)
        self.ear.work = None
        self.memory.service.startService()
        self.memory.advance()
        self.say("three")
        self.assertEqual(self.ear.heard, ["one", "two", "two", "three"])

    def test_paused(self) -> None:
        """
        An operator may pause it, like any member.
        """
        self.subscribe()
        self.successResultOf(self.room.pause("bot"))
        self.say("one")
        self.assertEqual((self.ear.heard, self.status().state), ([], "paused"))
        self.successResultOf(self.room.resume("bot"))
        self.memory.advance()
        self.assertEqual(self.ear.heard, ["one"])


class AfterTests(SubscriptionTestCase):
    """
    A listener may begin where it likes in what is kept.
    """

    def test_new(self) -> None:
        """
        A new one begins after a position: 0 for all that is kept, and no later than now.
        """
        self.say("one", "two", "three")
        self.subscribe(after=1)
        self.assertEqual(self.ear.heard, ["two", "three"])
        self.ear = Ear()
        self.subscribe("all", after=0)
        self.assertEqual(self.ear.heard, ["one", "two", "three"])
        self.ear = Ear()
        self.subscribe("ahead", after=1000)
        self.say("four")
        self.assertEqual(self.ear.heard, ["four"])

    def test_back(self) -> None:
        """
        One that has come further hears the same again.
        """
        subscription = self.subscribe()
        self.say("one", "two", "three")
        subscription.cancel()
        self.subscribe(after=1)
        self.say("four")
        self.assertEqual(self.ear.heard, ["one", "two", "three", "two", "three", "four"])

    def test_forth(self) -> None:
        """
        One that is behind leaves out what it does not want; that is not missed.
        """
        self.subscribe().cancel()
        self.say("one", "two", "three")
        subscription = self.subscribe(after=2)
        self.assertEqual((self.ear.heard, subscription.missed), (["three"], 0))
        self.assertEqual(self.status().behind, 0)

    def test_backAtWork(self) -> None:
        """
        What was being done when it went back comes again in its turn.
        """
        work = self.ear.work = Deferred()
        subscription = self.subscribe()
        self.say("one", "two")
        subscription.cancel()
        self.ear.work = None
        self.subscribe(after=0)
        work.callback(None)
        self.memory.advance()
        self.assertEqual(self.ear.heard, ["one", "one", "two"])

    def test_paused(self) -> None:
        """
        Going back ends no pause.
        """
        subscription = self.subscribe()
        self.say("one")
        self.successResultOf(self.room.pause("bot"))
        subscription.cancel()
        self.subscribe(after=0)
        self.assertEqual((self.ear.heard, self.status().state), (["one"], "paused"))


class StartTests(SynchronousTestCase):
    """
    A program may subscribe before its room runs.
    """

    def test_beforeTheStart(self) -> None:
        """
        It hears from the start on; a second one under the name is told so at once, and one that
        does not wait for it any more gives the name back.
        """
        network, ear = MemoryNetwork(), Ear()
        service = chatService(network, MemoryStore(network.seconds), ["tcp:8880"])
        given = service.room.subscribe("bot", ear)
        given.cancel()
        self.failureResultOf(given)
        subscribing = service.room.subscribe("bot", ear)
        self.assertNoResult(subscribing)
        self.failureResultOf(service.room.subscribe("bot", ear), ValueError)
        service.startService()
        network.settle()
        self.assertEqual(self.successResultOf(subscribing).name, "bot")
        self.successResultOf(service.room.announce("hello"))
        network.settle()
        self.assertEqual(ear.heard, ["hello"])

    def test_shared(self) -> None:
        """
        In a store that several nodes share, a place that another node has got is asked for again,
        until it can be had.
        """
        network, ear = MemoryNetwork(), Ear()
        store = StumblingStore(network.seconds)
        service = chatService(network, store, ["tcp:8880"])
        subscribing = service.room.subscribe("bot", ear)
        service.startService()
        network.settle()
        self.successResultOf(subscribing)
        (bot,) = self.successResultOf(store.roster(0)).members
        store.tellLeaving(bot.member.id)
        network.settle()
        self.successResultOf(service.room.announce("hello"))
        network.settle()
        self.assertEqual(ear.heard, [])
        network.advance(1)
        self.assertEqual(ear.heard, ["hello"])
        stopped = service.stopService()
        network.advance(1)
        self.successResultOf(stopped)
        self.assertEqual(network.getDelayedCalls(), [])

    def test_handMade(self) -> None:
        """
        In a room that was put together by hand, somebody must push.
        """
        network, ear, store = MemoryNetwork(), Ear(), MemoryStore()
        store.open()
        room = ChatRoom(store)
        self.failureResultOf(room.subscribe("bot", ear), RuntimeError)
        broadcaster = Broadcaster(store, PushCreator(network), network)
        broadcaster.startService()
        self.successResultOf(room.subscribe("bot", ear))
        self.successResultOf(room.post("ci", "hello"))
        network.settle()
        self.assertEqual(ear.heard, ["hello"])
        network.settle()
        self.successResultOf(broadcaster.stopService())
