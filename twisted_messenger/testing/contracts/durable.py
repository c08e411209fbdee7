"""
What a store must find again that outlives its process. See ``store``.
"""

from dataclasses import replace

from twisted_messenger.entry import ENTRY_OVERHEAD
from twisted_messenger.interfaces import MessageStore
from twisted_messenger.roster import Change, MemberOptions, MemberState, Progress
from twisted_messenger.steering import Order
from twisted_messenger.testing.contracts.repeats import keyed
from twisted_messenger.testing.contracts.roster import OFFICE, at
from twisted_messenger.testing.contracts.store import StoreContract


class DurableStoreContract(StoreContract):
    """
    The further tests of a store that remembers: they are those of :class:`StoreContract`, and what
    a restart must find. Where the store takes no clock, override ``outage`` too.
    """

    def reopened(self, store: MessageStore) -> MessageStore:
        """
        Go on as a program does that is started again.

        :param store: one of ``makeStore``, which is closed.
        :returns: another one, not open, with what that one has left.
        """
        raise NotImplementedError

    def restart(self, *, outage: bool = False) -> None:
        """
        Go on with what a restart finds.
        """
        self.successResultOf(self.store.close())
        if outage:
            self.outage()
        self.store = self.reopened(self.store)
        self.openStore()

    def known(self) -> list[MemberState]:
        """
        What is known of the members; revisions begin anew at a restart.
        """
        return [replace(state, registered=0) for state in self.news().members]

    def test_restart(self) -> None:
        """
        After a restart everybody is still there and gets what is still missing.
        """
        self.join("bob", 5000)
        self.join("carol", 5001, OFFICE)
        positions = self.say("one", "two", "three")
        self.advance(bob=positions[1], carol=positions[0])
        entries, members = self.read(), self.known()
        self.restart()
        self.assertEqual((self.read(), self.known()), (entries, members))
        self.assertEqual(self.news().head, positions[2])
        self.assertEqual([entry.text for entry in entries], ["two", "three"])

    def test_restartKeepsKeys(self) -> None:
        """
        After a restart, a message that comes again is still known.
        """
        first = self.append(keyed("one"))
        self.restart()
        self.assertEqual(self.append(keyed("one")), first)
        self.assertEqual(self.history(), ["one"])

    def test_restartKeepsPauses(self) -> None:
        """
        After a restart, who was paused still is.
        """
        self.join("bob", 5000)
        self.join("carol", 5001)
        self.steer("bob", Order.PAUSE)
        self.restart()
        self.assertEqual([one.paused for one in self.known()], [True, False])
        self.steer("bob", Order.RESUME)
        self.restart()
        self.assertFalse(self.state("bob").paused)

    def test_restartKeepsProgress(self) -> None:
        """
        After a restart nobody is told twice what it lost, and who was reached is known.
        """
        self.join("bob", 5000)
        self.join("carol", 5001)
        positions = self.say("one", "two", "three", "four")
        self.trim(entries=2)
        there = Progress(positions[2], 3, 2, True)
        self.progressed("bob", there)
        self.restart()
        self.assertEqual(self.state("bob").progress, there)
        self.assertEqual(self.state("carol").progress, Progress(positions[1], due=2))

    def outage(self) -> None:
        """
        Let three days pass in which no program runs.
        """
        self.steady.advance(3 * 86_400)

    def test_restartKeepsAges(self) -> None:
        """
        After a restart messages are as old as before: how long nothing ran makes none older, nor
        younger.
        """
        self.join("bob", 5000)
        self.say("one")
        self.elapse(100)
        self.say("two")
        self.restart()
        before = self.store.running()
        self.restart(outage=True)
        self.assertLess(abs(self.store.running() - before), 20)
        self.elapse(100)
        self.assertEqual(self.trim(seconds=150), 1)
        self.assertEqual(self.texts(), ["two"])

    def test_restartKeepsOptionsAndKey(self) -> None:
        """
        After a restart a member is pushed to as it asked, and can be taken back with its key.
        """
        options = MemberOptions(newline=True, json=True)
        self.enrol(at("bob", 5000, options=options, key="correct-horse"))
        self.progressed("bob", Progress(0, 0, 0, True, 17.5, 3, 1e9))
        before = self.known()
        self.restart()
        self.assertEqual(self.known(), before)
        self.assertEqual(before[0].member.options, options)
        asked = at("bob", 5000, OFFICE, key="correct-horse")
        self.assertIs(self.enrol(asked), Change.MOVED)

    def test_restartKeepsShares(self) -> None:
        """
        After a restart a source has no more room than before.
        """
        self.join("bob", 5000)
        self.assertEqual([self.share("10.0.0.1") for _ in range(3)], [True, True, False])
        self.restart()
        self.assertFalse(self.share("10.0.0.1"))
        self.assertTrue(self.share("10.0.0.2"))

    def test_restartKeepsSizes(self) -> None:
        """
        After a restart the limits count what was there before.
        """
        self.join("bob", 5000)
        self.say("one", "two", "three")
        self.trim(entries=2)
        self.restart()
        self.assertEqual(self.trim(entries=2), 0)
        self.assertSize(2 * ENTRY_OVERHEAD + len("alicetwo" + "alicethree"))
        self.assertEqual(self.texts(), ["three"])

    def test_restartForgetsNoRegistration(self) -> None:
        """
        After a restart a registration is told from what was there before.
        """
        self.join("bob", 5000)
        self.restart()
        before = self.state("bob")
        self.assertLessEqual(before.registered, self.news().revision)
        self.enrol(at("bob", 5000))
        self.assertGreater(self.state("bob").registered, before.registered)

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
        members = [state.member for state in news.members]
        self.assertEqual((members, list(news.departed)), ([carol.member], []))
        self.assertEqual(list(self.news(news.revision).members), [])
        self.assertIs(self.enrol(at("carol", 5001)), Change.REFRESHED)
        members = [state.member for state in self.news(news.revision).members]
        self.assertEqual(members, [carol.member])
