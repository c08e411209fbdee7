"""
What every store must do, written once: a store is finished when it passes.

``StoreContract`` is for every store, ``DurableStoreContract`` for one that outlives its process.
"""

from hypothesis import given, settings, strategies
from zope.interface.verify import verifyObject

from tests.rostercontract import OFFICE, RosterContract, anyone, at, post
from twisted_messenger.interfaces import IMessageStore
from twisted_messenger.refusal import Reason, Refusal
from twisted_messenger.roster import Change, Member


class StoreContract(RosterContract):
    """
    The tests of any store; a subclass gives ``makeStore``.
    """

    def test_interface(self) -> None:
        """
        A program may use it wherever it may use any other store.
        """
        self.assertTrue(verifyObject(IMessageStore, self.store))

    def test_emptyAtFirst(self) -> None:
        """
        A new room has no message and no member.
        """
        self.assertEqual((self.texts(), self.news().head), ([], 0))
        self.assertEqual((list(self.news().members), list(self.news().departed)), ([], []))

    def test_appendOrder(self) -> None:
        """
        Messages are read in the order in which they were said, with all that belongs to them.
        """
        self.join("bob", 5000)
        positions = self.say("one", "two", "three")
        entries = self.successResultOf(self.store.read(0, 10))
        self.assertEqual([entry.text for entry in entries], ["one", "two", "three"])
        self.assertEqual([entry.position for entry in entries], positions)
        self.assertEqual({entry.name for entry in entries}, {"alice"})
        self.assertEqual({entry.time for entry in entries}, {1_000_000.25})
        self.assertEqual(sorted(set(positions)), positions)
        self.assertGreater(positions[0], 0)

    def test_paging(self) -> None:
        """
        A long log can be read piece by piece, from any position.
        """
        self.join("bob", 5000)
        positions = self.say("one", "two", "three", "four")
        self.assertEqual(self.texts(0, 2), ["one", "two"])
        self.assertEqual(self.texts(positions[1], 1), ["three"])
        self.assertEqual(self.texts(positions[1], 9), ["three", "four"])
        self.assertEqual(self.texts(positions[3]), [])
        self.assertEqual(self.texts(positions[3] + 1000), [])

    def test_positionsAreNeverUsedAgain(self) -> None:
        """
        When everything was delivered and forgotten, the next message still comes after it.
        """
        last = self.say("one", "two")[-1]
        self.assertEqual(self.texts(), [])
        self.join("bob", 5000)
        following = self.say("three")[0]
        self.assertGreater(following, last)
        self.assertEqual(self.news().head, following)
        self.assertEqual(self.texts(last), ["three"])

    def test_refusedPost(self) -> None:
        """
        A message that is not admitted leaves nothing behind.
        """
        self.join("bob", 5000)
        (before,) = self.say("one")
        no = Refusal(Reason.NOT_OWNER, "no")
        self.assertEqual(self.successResultOf(self.store.append(post("x"), lambda _: no)), no)
        self.assertEqual((self.texts(), self.news().head), (["one"], before))

    def test_admissionSeesTheOwner(self) -> None:
        """
        Who may speak is judged by who is registered under the name at that moment.
        """
        seen: list[Member | None] = []
        self.successResultOf(self.store.append(post("x"), seen.append))
        alice = self.join("alice", 5000)
        self.successResultOf(self.store.append(post("x"), seen.append))
        self.assertEqual(seen, [None, alice.member])

    def test_owned(self) -> None:
        """
        A message tells whether the registered owner of its name said it.
        """
        self.join("bob", 5000)
        self.join("alice", 5001)
        for message in (post("a"), post("b", source=OFFICE), post("c", name="stranger")):
            self.successResultOf(self.store.append(message, anyone))
        entries = self.successResultOf(self.store.read(0, 10))
        self.assertEqual([entry.owned for entry in entries], [True, False, False])

    def test_anyText(self) -> None:
        """
        Whatever Unicode text was said is what is read.
        """
        self.join("bob", 5000)

        @settings(deadline=None, max_examples=60, database=None)
        @given(strategies.text())
        def check(text: str) -> None:
            (position,) = self.say(text)
            self.assertEqual(self.texts(position - 1), [text])

        check()

    def test_cursorsOnlyAdvance(self) -> None:
        """
        A late report of how far a member has come never repeats what it has.
        """
        self.join("bob", 5000)
        positions = self.say("one", "two", "three")
        self.advance(bob=positions[1])
        self.assertEqual(self.state("bob").cursor, positions[1])
        self.advance(bob=positions[0])
        self.assertEqual(self.state("bob").cursor, positions[1])

    def test_cursorOfNobody(self) -> None:
        """
        A report about somebody who left harms nobody.
        """
        bob = self.join("bob", 5000)
        (position,) = self.say("one")
        cursors = {bob.member.id + 1000: position}
        self.assertIsNone(self.successResultOf(self.store.advance(cursors)))
        self.assertEqual(list(self.news().members), [bob])
        self.assertEqual(self.texts(), ["one"])

    def test_trimmedToTheSlowest(self) -> None:
        """
        What every member has is forgotten, and only that.
        """
        self.join("bob", 5000)
        self.join("carol", 5001)
        positions = self.say("one", "two", "three")
        self.advance(bob=positions[2])
        self.assertEqual(self.texts(), ["one", "two", "three"])
        self.advance(carol=positions[1])
        self.assertEqual(self.texts(), ["three"])
        self.advance(carol=positions[2])
        self.assertEqual(self.texts(), [])

    def test_trimmedWhenTheSlowestLeaves(self) -> None:
        """
        Nothing is kept for somebody who left.
        """
        self.join("bob", 5000)
        self.join("carol", 5001)
        positions = self.say("one", "two")
        self.advance(bob=positions[0])
        self.successResultOf(self.store.leave(at("carol", 5001)))
        self.assertEqual(self.texts(), ["two"])

    def test_nothingIsKeptForNobody(self) -> None:
        """
        A room without members remembers no message.
        """
        self.say("one")
        self.assertEqual(self.texts(), [])
        self.join("bob", 5000)
        self.say("two")
        self.successResultOf(self.store.leave(at("bob", 5000)))
        self.assertEqual(self.texts(), [])

    def test_followersAreWoken(self) -> None:
        """
        Who follows the store is woken by every change, and finds it already there.
        """
        seen: list[tuple[list[str], int]] = []

        def woken() -> None:
            seen.append((self.texts(), len(self.news().members)))

        self.store.follow(woken)
        changes = [
            (lambda: self.enrol(at("bob", 5000)), ([], 1)),
            (lambda: self.say("one"), (["one"], 1)),
            (lambda: self.enrol(at("carol", 5001)), (["one"], 2)),
            (lambda: self.successResultOf(self.store.leave(at("bob", 5000))), ([], 1)),
        ]
        for change, there in changes:
            seen.clear()
            change()
            self.assertEqual(seen[-1:], [there])

    def test_unfollow(self) -> None:
        """
        Who follows no longer is not woken; the others are.
        """
        woken: list[str] = []

        def first() -> None:
            woken.append("first")

        def second() -> None:
            woken.append("second")

        self.store.follow(first)
        self.store.follow(second)
        self.store.unfollow(first)
        self.say("one")
        self.assertEqual(set(woken), {"second"})


class DurableStoreContract(StoreContract):
    """
    The further tests of a store that remembers; a subclass gives ``reopened`` too.
    """

    def reopened(self, store: IMessageStore) -> IMessageStore:
        """
        Close a store.

        :returns: an open one, as the next start of the program finds it.
        """
        raise NotImplementedError

    def restart(self) -> None:
        """
        Go on with what a restart finds.
        """
        self.store = self.reopened(self.store)

    def test_restart(self) -> None:
        """
        After a restart everybody is still there and gets what is still missing.
        """
        self.join("bob", 5000)
        self.join("carol", 5001, OFFICE)
        positions = self.say("one", "two", "three")
        self.advance(bob=positions[1], carol=positions[0])
        entries = self.successResultOf(self.store.read(0, 10))
        members = list(self.news().members)
        self.restart()
        self.assertEqual(self.successResultOf(self.store.read(0, 10)), entries)
        self.assertEqual(list(self.news().members), members)
        self.assertEqual(self.news().head, positions[2])
        self.assertEqual([entry.text for entry in entries], ["two", "three"])

    def test_restartKeepsCounting(self) -> None:
        """
        Positions and ids are never used again, even where nothing was left of the old ones.
        """
        bob = self.join("bob", 5000)
        last = self.say("one", "two")[-1]
        self.successResultOf(self.store.leave(at("bob", 5000)))
        self.assertEqual(self.texts(), [])
        self.restart()
        self.assertEqual(self.news().head, last)
        again = self.join("bob", 5000)
        self.assertGreater(again.member.id, bob.member.id)
        self.assertGreater(self.say("three")[0], last)

    def test_restartForgetsWhoLeft(self) -> None:
        """
        After a restart everything is news, but only about those who are there.
        """
        self.join("bob", 5000)
        carol = self.join("carol", 5001)
        self.successResultOf(self.store.leave(at("bob", 5000)))
        self.restart()
        news = self.news()
        self.assertEqual((list(news.members), list(news.departed)), ([carol], []))
        self.assertEqual(list(self.news(news.revision).members), [])
        self.assertIs(self.enrol(at("carol", 5001)), Change.REFRESHED)
        self.assertEqual(list(self.news(news.revision).members), [carol])
