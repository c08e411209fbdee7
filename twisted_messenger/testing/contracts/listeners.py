"""
What every store must do for listeners inside the program. See ``store``.
"""

from twisted_messenger.address import PROGRAM
from twisted_messenger.entry import LogLimits
from twisted_messenger.refusal import Refusal
from twisted_messenger.roster import Change, Enrolled, Enrolment, MemberState, RosterLimits
from twisted_messenger.steering import Order
from twisted_messenger.testing.contracts.repeats import RepeatsContract
from twisted_messenger.testing.contracts.roster import at


def listener(name: str, after: int | None = None) -> Enrolment:
    """
    A listener that the program subscribes.
    """
    return Enrolment(name, "", 0, PROGRAM, after=after)


class ListenersContract(RepeatsContract):
    """
    The tests of how any store keeps the places of listeners.
    """

    def subscribe(self, name: str, after: int | None = None) -> MemberState:
        """
        Give a listener its place.
        """
        enrolled = self.successResultOf(self.store.enrol(listener(name, after), RosterLimits()))
        assert isinstance(enrolled, Enrolled), enrolled
        state = self.state(name)
        self.assertEqual(enrolled.id, state.member.id)
        return state

    def test_listeners(self) -> None:
        """
        Any number of listeners have places, at no address; each is there, and begins now.
        """
        (last,) = self.say("one")
        for name in ("bot", "archive"):
            state = self.subscribe(name)
            member, progress = state.member, state.progress
            self.assertEqual((member.host, member.port, member.owner), ("", 0, PROGRAM))
            self.assertEqual((progress.cursor, progress.reached), (last, True))

    def test_listenerGoesOn(self) -> None:
        """
        One that subscribes again goes on where it was.
        """
        before = self.subscribe("bot")
        self.say("one", "two")
        self.assertIs(self.enrol(listener("bot")), Change.REFRESHED)
        after = self.state("bot")
        self.assertEqual(after.member, before.member)
        self.assertEqual(after.progress.cursor, before.progress.cursor)

    def test_listenerAfter(self) -> None:
        """
        A new one begins after a position, and what follows that is there for it.
        """
        positions = self.say("one", "two", "three")
        self.subscribe("bot", positions[0])
        self.keep(entries=0)
        self.assertEqual(self.texts(positions[0]), ["two", "three"])

    def test_listenerGoesBack(self) -> None:
        """
        So does one that is there: it begins anew, and those who push to it are told.
        """
        before = self.subscribe("bot")
        positions = self.say("one", "two", "three")
        self.advance(bot=positions[2])
        seen = self.news().revision
        self.assertIs(self.enrol(listener("bot", positions[0])), Change.JOINED)
        news = self.news(seen)
        self.assertEqual(list(news.departed), [before.member.id])
        (state,) = news.members
        self.assertEqual((state.member.name, state.progress.cursor), ("bot", positions[0]))
        self.assertEqual(state.progress.missed, 0)
        self.keep(entries=0)
        self.assertEqual(self.texts(positions[0]), ["two", "three"])

    def test_listenerGoesForth(self) -> None:
        """
        What one leaves out waits for nobody any more.
        """
        self.subscribe("bot")
        positions = self.say("one", "two", "three")
        self.subscribe("bot", positions[1])
        self.keep(entries=0)
        self.assertEqual(self.history(), ["three"])

    def test_listenerBetween(self) -> None:
        """
        Where the log does not have what follows any more, one begins with the oldest that it has;
        and never beyond its end.
        """
        positions = self.say("one", "two", "three")
        self.keep(entries=2)
        self.subscribe("bot", 0)
        self.assertEqual(self.texts(self.state("bot").progress.cursor), ["two", "three"])
        self.subscribe("ahead", positions[2] + 1000)
        self.assertEqual(self.state("ahead").progress.cursor, positions[2])
        self.advance(bot=positions[2], ahead=positions[2])
        self.keep(entries=0)
        self.subscribe("bot", 0)
        self.assertEqual(self.state("bot").progress.cursor, positions[2])

    def test_listenerAfterALoss(self) -> None:
        """
        What somebody else has lost, a listener can still begin with.
        """
        self.join("bob", 5000)
        self.say("one", "two", "three")
        self.successResultOf(self.store.trim(LogLimits(entries=1)))
        cursor = self.subscribe("bot", 0).progress.cursor
        self.assertEqual(self.texts(cursor), ["one", "two", "three"])

    def test_listenerStaysPaused(self) -> None:
        """
        A pause lasts until it is resumed, wherever the listener begins.
        """
        self.subscribe("bot")
        self.successResultOf(self.store.steer("bot", Order.PAUSE))
        self.assertTrue(self.subscribe("bot", 0).paused)

    def test_listenersName(self) -> None:
        """
        It becomes no member at an address, nor such a member a listener, whoever asks.
        """
        self.subscribe("bot")
        self.join("bob", 5000)
        for owner in (PROGRAM, None):
            self.assertIsInstance(self.enrol(at("bot", 5001, owner=owner)), Refusal)
        self.assertIsInstance(self.enrol(listener("bob")), Refusal)
        self.assertEqual([self.state(name).member.port for name in ("bot", "bob")], [0, 5000])

    def test_listenersOverAClose(self) -> None:
        """
        Places outlast a close.
        """
        (first, *_) = self.say("one", "two")
        self.subscribe("bot", first)
        self.successResultOf(self.store.close())
        self.openStore()
        self.assertIs(self.enrol(listener("bot")), Change.REFRESHED)
        self.assertEqual(self.state("bot").progress.cursor, first)
