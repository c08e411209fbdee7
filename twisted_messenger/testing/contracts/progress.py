"""
What every store must remember of how far its members have come. See ``store``.
"""

from twisted_messenger.roster import Change, Progress
from twisted_messenger.testing.contracts.roster import OFFICE, RosterContract, at


class ProgressContract(RosterContract):
    """
    The tests of any store's cursors, and of what they let it forget.
    """

    def progressed(self, name: str, progress: Progress) -> Progress:
        """
        Note how far a member has come.

        :returns: how far it is then known to have come.
        """
        memberId = self.state(name).member.id
        self.assertIsNone(self.successResultOf(self.store.advance({memberId: progress})))
        return self.state(name).progress

    def evict(self, memberId: int) -> bool:
        """
        Give a member up.
        """
        return self.successResultOf(self.store.evict(memberId))

    def test_newMember(self) -> None:
        """
        A new member has missed nothing and was never reached.
        """
        bob = self.join("bob", 5000)
        self.assertEqual(bob.progress, Progress(0))

    def test_everyFieldIsKept(self) -> None:
        """
        Whatever is known of a member's way is remembered, each part by itself.
        """
        self.join("bob", 5000)
        position = self.say("one", "two")[0]
        for asked, known in (
            (Progress(position), Progress(position)),
            (Progress(position, due=3), Progress(position, 3)),
            (Progress(0, settled=2), Progress(position, 3, 2)),
            (Progress(0, reached=True), Progress(position, 3, 2, True)),
        ):
            self.assertEqual(self.progressed("bob", asked), known)

    def test_nothingMovesBackwards(self) -> None:
        """
        A late report of how far a member has come never repeats what it has, part by part.
        """
        self.join("bob", 5000)
        low, high, _ = self.say("one", "two", "three")
        there = Progress(high, 3, 2, True)
        self.assertEqual(self.progressed("bob", there), there)
        for late in (Progress(low, 2, 2, True), Progress(high, 3, 1, False), Progress(0)):
            self.assertEqual(self.progressed("bob", late), there)
        self.assertEqual(self.progressed("bob", Progress(low, 1, 3)), Progress(high, 3, 3, True))

    def test_manyAtOnce(self) -> None:
        """
        Each member's own way is remembered, however many are written together.
        """
        bob, carol, dave = (self.join(name, 5000 + i) for i, name in enumerate(("b", "c", "d")))
        positions = self.say("one", "two", "three")
        asked = {
            bob.member.id: Progress(positions[1], settled=1),
            carol.member.id: Progress(positions[0], reached=True),
        }
        self.successResultOf(self.store.advance(asked))
        self.assertEqual(
            [state.progress for state in self.news().members], [*asked.values(), dave.progress]
        )

    def test_cursorOfNobody(self) -> None:
        """
        A report about somebody who left harms nobody, nor the report about others with it.
        """
        bob = self.join("bob", 5000)
        first, second = self.say("one", "two")
        unknown = bob.member.id + 1000
        self.successResultOf(self.store.advance({unknown: Progress(second)}))
        self.assertEqual((list(self.news().members), self.texts()), ([bob], ["one", "two"]))
        both = {unknown: Progress(second), bob.member.id: Progress(first)}
        self.successResultOf(self.store.advance(both))
        self.assertEqual(self.state("bob").progress, Progress(first))
        self.assertEqual(len(self.news().members), 1)

    def test_progressIsNoNews(self) -> None:
        """
        Who follows the roster does not hear how far members have come.
        """
        self.join("bob", 5000)
        (position,) = self.say("one")
        revision = self.news().revision
        self.progressed("bob", Progress(position, 3, 2, True))
        news = self.news(revision)
        self.assertEqual((list(news.members), news.revision), ([], revision))

    def test_registeredMoves(self) -> None:
        """
        Whether a member itself registered again can be told; progress is not that.
        """
        before = self.join("bob", 5000)
        (position,) = self.say("one")
        self.progressed("bob", Progress(position, reached=True))
        self.assertEqual(self.state("bob").registered, before.registered)
        for asked, change in (
            (at("bob", 5000), Change.REFRESHED),
            (at("bob", 5001), Change.MOVED),
            (at("rob", 5001), Change.RENAMED),
        ):
            revision = self.news().revision
            self.assertIs(self.enrol(asked), change)
            (after,) = self.news(revision).members
            self.assertGreater(after.registered, revision)
            self.assertLessEqual(after.registered, self.news().revision)

    def test_registeredOfOthers(self) -> None:
        """
        Somebody else's registration is not taken for a member's own.
        """
        bob = self.join("bob", 5000)
        carol = self.join("carol", 5001)
        self.assertGreater(carol.registered, bob.registered)
        self.enrol(at("carol", 5001))
        self.assertEqual(self.state("bob"), bob)

    def test_registeringKeepsProgress(self) -> None:
        """
        A member that comes back, by whatever change, keeps what is known of its way.
        """
        self.join("bob", 5000)
        position = self.say("one", "two")[0]
        there = Progress(position, 3, 2, True)
        self.progressed("bob", there)
        for asked in (at("bob", 5000), at("bob", 5001), at("rob", 5001)):
            self.enrol(asked)
            self.assertEqual([state.progress for state in self.news().members], [there])

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

    def test_evicted(self) -> None:
        """
        A member that is given up is gone, and its name is free for another machine.
        """
        bob = self.join("bob", 5000)
        carol = self.join("carol", 5001)
        revision = self.news().revision
        self.assertIs(self.evict(bob.member.id), True)
        news = self.news(revision)
        self.assertEqual((list(news.members), list(news.departed)), ([], [bob.member.id]))
        self.assertGreater(news.revision, revision)
        self.assertEqual(list(self.news().members), [carol])
        again = self.join("bob", 5000, OFFICE)
        self.assertNotIn(again.member.id, (bob.member.id, carol.member.id))

    def test_evictSpared(self) -> None:
        """
        Who has registered again since it was given up stays.
        """
        bob = self.join("bob", 5000)
        self.enrol(at("bob", 5000))
        again = self.state("bob")
        since = bob.registered
        self.assertGreater(again.registered, since)
        evicting = self.store.evict(bob.member.id, since)
        self.assertIs(self.successResultOf(evicting), False)
        self.assertEqual(list(self.news().members), [again])
        evicting = self.store.evict(bob.member.id, again.registered)
        self.assertIs(self.successResultOf(evicting), True)

    def test_evictUnknown(self) -> None:
        """
        Giving up somebody who is not there changes nothing, nor does doing it twice.
        """
        bob = self.join("bob", 5000)
        carol = self.join("carol", 5001)
        self.assertIs(self.evict(carol.member.id + 1000), False)
        self.assertEqual(list(self.news().members), [bob, carol])
        self.assertIs(self.evict(carol.member.id), True)
        revision = self.news().revision
        self.assertIs(self.evict(carol.member.id), False)
        self.assertEqual((list(self.news().members), self.news().revision), ([bob], revision))

    def test_trimmedWhenTheSlowestIsEvicted(self) -> None:
        """
        Nothing is kept for somebody who was given up.
        """
        bob = self.join("bob", 5000)
        carol = self.join("carol", 5001)
        positions = self.say("one", "two")
        self.advance(bob=positions[0])
        self.evict(carol.member.id)
        self.assertEqual(self.texts(), ["two"])
        self.evict(bob.member.id)
        self.assertEqual(self.texts(), [])

    def test_evictionWakes(self) -> None:
        """
        Who follows the store learns at once that a member was given up.
        """
        bob = self.join("bob", 5000)
        seen: list[int] = []
        self.store.follow(lambda: seen.append(len(self.news().members)))
        self.evict(bob.member.id)
        self.assertEqual(seen[-1:], [0])
