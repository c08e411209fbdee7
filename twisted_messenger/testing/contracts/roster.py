"""
What every store's roster must do, and what its tests have to hand. See ``store``.
"""

from typing import TYPE_CHECKING

from twisted.internet.task import Clock

from twisted_messenger.address import machineKey
from twisted_messenger.entry import Entry, Post
from twisted_messenger.interfaces import ISharedStore, MessageStore
from twisted_messenger.key import ShownKey
from twisted_messenger.refusal import Reason, Refusal
from twisted_messenger.roster import (
    Change,
    Enrolment,
    Member,
    MemberOptions,
    MemberState,
    Progress,
    RosterLimits,
    RosterNews,
)

HOME = "127.0.0.1"
OFFICE = "10.0.0.7"

if TYPE_CHECKING:
    from twisted.trial.unittest import SynchronousTestCase

    Base = SynchronousTestCase
else:
    # Only the classes that bring a store are tests.
    Base = object


def post(text: str, name: str = "alice", source: str = HOME) -> Post:
    """
    A message as the room hands it over.
    """
    return Post(name, text, source, 1_000_000.25)


def anyone(named: Member | None) -> None:
    """
    An admission that refuses nobody.
    """


def at(
    name: str,
    port: int,
    host: str = HOME,
    owner: str | None = None,
    *,
    options: MemberOptions | None = None,
    key: str | None = None,
    refresh: bool = False,
) -> Enrolment:
    """
    A registration, by default sent from the machine it names.
    """
    shown = None if key is None else ShownKey(key, b"salt")
    return Enrolment(name, host, port, owner or machineKey(host), options, shown, refresh)


class RosterContract(Base):
    """
    The tests of any store's roster; a subclass says how to make a store.
    """

    #: The store of the test, which is open.
    store: MessageStore

    #: The room's time: a store is made with ``steady.seconds``, or ``elapse`` is overridden.
    steady: Clock

    def makeStore(self) -> MessageStore:
        """
        :returns: a new, empty store that is not open yet.
        """
        raise NotImplementedError

    def setUp(self) -> None:
        """
        Open a store.
        """
        super().setUp()
        self.steady = Clock()
        self.store = self.makeStore()
        self.openStore()
        self.addCleanup(lambda: self.successResultOf(self.store.close()))

    def openStore(self) -> None:
        """
        Open it, for the first time or again, and let it serve everybody.
        """
        self.store.open()
        if ISharedStore.providedBy(self.store):
            self.store.serve()

    def elapse(self, seconds: float) -> None:
        """
        Let the room run for some time.
        """
        self.steady.advance(seconds)

    def say(self, *texts: str) -> list[int]:
        """
        Append messages and return their positions.
        """
        positions = [self.successResultOf(self.store.append(post(t), anyone)) for t in texts]
        return [position for position in positions if isinstance(position, int)]

    def refuse(self, message: Post) -> None:
        """
        Append a message that is not admitted.
        """
        no = Refusal(Reason.NOT_OWNER, "no")
        self.assertEqual(self.successResultOf(self.store.append(message, lambda _: no)), no)

    def enrol(
        self, asked: Enrolment, limits: RosterLimits | None = None
    ) -> Change | Refusal | None:
        """
        Register.
        """
        result = self.successResultOf(self.store.enrol(asked, limits or RosterLimits()))
        if isinstance(result, Refusal):
            return result
        self.assertIn(result.position, (0, self.news().head))
        return result.change

    def join(self, name: str, port: int, host: str = HOME) -> MemberState:
        """
        Register somebody new.
        """
        self.assertIs(self.enrol(at(name, port, host)), Change.JOINED)
        return self.state(name)

    def news(self, since: int = 0) -> RosterNews:
        """
        What changed in the roster.
        """
        return self.successResultOf(self.store.roster(since))

    def state(self, name: str) -> MemberState:
        """
        Where a member stands.
        """
        (state,) = [state for state in self.news().members if state.member.name == name]
        return state

    def advance(self, **cursors: int) -> None:
        """
        Note how far members, by name, have come.
        """
        ids = {self.state(name).member.id: Progress(to) for name, to in cursors.items()}
        self.successResultOf(self.store.advance(ids))

    def texts(self, after: int | None = None, limit: int = 100) -> list[str]:
        """
        What is said in the log.

        :param after: a position; ``None`` for all that waits for somebody.
        """
        return [entry.text for entry in self.read(after, limit)]

    def read(
        self, after: int | None = None, limit: int = 100, maxBytes: int = 2**30
    ) -> list[Entry]:
        """
        Read the log.
        """
        if after is None:
            members = self.successResultOf(self.store.everybody())
            cursors = [one.state.progress.cursor for one in members]
            after = min(cursors, default=self.news().head)
        return self.successResultOf(self.store.read(after, limit, maxBytes))

    def assertRefused(self, result: object, reason: Reason) -> None:
        """
        Fail unless the result is a refusal with that reason.
        """
        assert isinstance(result, Refusal), result
        self.assertIs(result.reason, reason)

    def test_joinedAtTheHead(self) -> None:
        """
        A new member gets what is said from now on.
        """
        self.join("bob", 5000)
        (head,) = self.say("before")
        self.assertEqual(self.join("carol", 5001).progress.cursor, head)
        self.assertEqual(self.state("bob").progress.cursor, 0)

    def test_refreshed(self) -> None:
        """
        Registering again changes nothing, but is news: the member is there.
        """
        before = self.join("bob", 5000)
        self.say("missed")
        revision = self.news().revision
        self.assertIs(self.enrol(at("bob", 5000)), Change.REFRESHED)
        (after,) = self.news(revision).members
        self.assertEqual((after.member, after.progress), (before.member, before.progress))

    def test_moved(self) -> None:
        """
        A member that comes back on another port gets what it missed.
        """
        before = self.join("bob", 5000)
        self.say("missed")
        self.assertIs(self.enrol(at("bob", 5001)), Change.MOVED)
        after = self.state("bob")
        self.assertEqual((after.member.id, after.progress), (before.member.id, before.progress))
        self.assertEqual(after.member.port, 5001)
        self.assertEqual(self.texts(after.progress.cursor), ["missed"])

    def test_renamed(self) -> None:
        """
        The last name registered for an address counts; the old one is free.
        """
        before = self.join("bob", 5000)
        self.say("missed")
        self.assertIs(self.enrol(at("robert", 5000)), Change.RENAMED)
        (after,) = self.news().members
        self.assertEqual((after.member.name, after.progress), ("robert", before.progress))
        self.assertEqual(after.member.id, before.member.id)
        self.join("bob", 5001)

    def assertMerges(self, first: str, second: str) -> None:
        """
        Fail unless a member that is behind and one that is not become one that is behind.
        """
        self.join("ahead", 5001)
        self.join("behind", 5000)
        positions = self.say("one", "two", "three")
        self.advance(ahead=positions[1], behind=positions[0])
        old = {state.member.id for state in self.news().members}
        revision = self.news().revision
        port = 5000 if first == "ahead" else 5001
        self.assertIs(self.enrol(at(first, port)), Change.MERGED)
        (merged,) = self.news(revision).members
        self.assertEqual((merged.member.name, merged.member.port), (first, port))
        self.assertEqual(merged.progress.cursor, positions[0])
        self.assertNotIn(merged.member.id, old)
        self.assertEqual(set(self.news(revision).departed), old)
        self.assertEqual(self.texts(merged.progress.cursor), ["two", "three"])
        self.assertEqual(len(self.news().members), 1)

    def test_mergedIntoTheOneAhead(self) -> None:
        """
        Two members become one when the address of the slower takes the name of the other: it
        gets whatever either of them missed.
        """
        self.assertMerges("ahead", "behind")

    def test_mergedIntoTheOneBehind(self) -> None:
        """
        The same the other way round.
        """
        self.assertMerges("behind", "ahead")

    def test_nameTaken(self) -> None:
        """
        Nobody takes over a name from another machine.
        """
        bob = self.join("bob", 5000)
        self.assertRefused(self.enrol(at("bob", 5000, OFFICE)), Reason.NAME_TAKEN)
        self.assertEqual(list(self.news().members), [bob])

    def test_addressTaken(self) -> None:
        """
        Nobody renames a member from another machine.
        """
        bob = self.join("bob", 5000)
        asked = at("mallory", 5000, HOME, owner=OFFICE)
        self.assertRefused(self.enrol(asked), Reason.NOT_OWNER)
        self.assertEqual(list(self.news().members), [bob])

    def test_memberCap(self) -> None:
        """
        A full room takes nobody new, but its members may move.
        """
        limits = RosterLimits(members=1)
        self.join("bob", 5000)
        self.assertRefused(self.enrol(at("carol", 5001), limits), Reason.MEMBER_CAP)
        self.assertIs(self.enrol(at("bob", 5001), limits), Change.MOVED)

    def test_capPerHost(self) -> None:
        """
        One host has a few members at most; this machine has as many as it likes.
        """
        limits = RosterLimits(perHost=1)
        self.assertIs(self.enrol(at("bob", 5000, OFFICE), limits), Change.JOINED)
        self.assertRefused(self.enrol(at("carol", 5001, OFFICE), limits), Reason.MEMBER_CAP)
        self.assertIs(self.enrol(at("carol", 5001, "10.0.0.8"), limits), Change.JOINED)
        self.assertIs(self.enrol(at("dave", 5000), limits), Change.JOINED)
        self.assertIs(self.enrol(at("erin", 5001, "::1"), limits), Change.JOINED)

    def test_loopbackIsOneAddress(self) -> None:
        """
        Who registers by 127.0.0.1 and then by ::1 is still one member.
        """
        self.join("bob", 5000)
        self.assertIs(self.enrol(at("bob", 5000, "::1")), Change.REFRESHED)
        self.assertIs(self.enrol(at("robert", 5000, "::1")), Change.RENAMED)
        self.assertEqual([state.member.name for state in self.news().members], ["robert"])

    def test_leave(self) -> None:
        """
        Who leaves is gone, and its name is free for another machine.
        """
        bob = self.join("bob", 5000)
        revision = self.news().revision
        self.assertIs(self.successResultOf(self.store.leave(at("bob", 5000))), True)
        self.assertEqual(list(self.news(revision).departed), [bob.member.id])
        self.assertEqual(list(self.news().members), [])
        again = self.join("bob", 5000, OFFICE)
        self.assertNotEqual(again.member.id, bob.member.id)

    def test_leaveUnknown(self) -> None:
        """
        Leaving without being there, or from another port than one's own, changes nothing.
        """
        bob = self.join("bob", 5000)
        for asked in (at("carol", 5000), at("bob", 5001)):
            self.assertIs(self.successResultOf(self.store.leave(asked)), False)
        self.assertEqual(list(self.news().members), [bob])

    def test_leaveForeign(self) -> None:
        """
        Nobody removes a member from another machine.
        """
        bob = self.join("bob", 5000)
        asked = at("bob", 5000, HOME, owner=OFFICE)
        self.assertRefused(self.successResultOf(self.store.leave(asked)), Reason.NOT_OWNER)
        self.assertEqual(list(self.news().members), [bob])

    def test_newsIsOnlyWhatChanged(self) -> None:
        """
        Who follows the roster hears of each change once; messages and cursors are none.
        """
        self.join("bob", 5000)
        revision = self.news().revision
        self.say("one")
        self.advance(bob=1)
        unchanged = self.news(revision)
        self.assertEqual((list(unchanged.members), list(unchanged.departed)), ([], []))
        carol = self.join("carol", 5001)
        self.assertEqual(list(self.news(revision).members), [carol])
        self.assertGreater(self.news().revision, revision)
        revision = self.news().revision
        self.successResultOf(self.store.leave(at("carol", 5001)))
        later = self.news(revision)
        self.assertEqual((list(later.members), list(later.departed)), ([], [carol.member.id]))

    def test_newsOfRefusals(self) -> None:
        """
        A registration that was refused is no news.
        """
        self.join("bob", 5000)
        revision = self.news().revision
        self.enrol(at("bob", 5000, OFFICE))
        self.assertEqual(list(self.news(revision).members), [])
