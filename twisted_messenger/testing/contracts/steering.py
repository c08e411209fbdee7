"""
What every store must tell an operator of its members, and do with one. See ``store``.
"""

from twisted_messenger.entry import LogLimits
from twisted_messenger.roster import Change, Progress
from twisted_messenger.steering import ListedMember, Order
from twisted_messenger.testing.contracts.options import OptionsContract
from twisted_messenger.testing.contracts.roster import OFFICE, anyone, at, post


class SteeringContract(OptionsContract):
    """
    The tests of how any store lists and steers its members.
    """

    def listed(self) -> list[ListedMember]:
        """
        Everybody.
        """
        return self.successResultOf(self.store.everybody())

    def waiting(self) -> dict[str, int]:
        """
        What waits for each member, by its name.
        """
        return {one.state.member.name: one.waiting for one in self.listed()}

    def steer(self, name: str, order: Order) -> bool:
        """
        Have something done with a member.
        """
        return self.successResultOf(self.store.steer(name, order))

    def fails(self, name: str) -> None:
        """
        Somebody could not be reached twice.
        """
        state = self.state(name)
        failing = Progress(state.progress.cursor, failingSince=5.0, attempts=2)
        self.successResultOf(self.store.advance({state.member.id: failing}))

    def test_everybody(self) -> None:
        """
        All members are listed as they are stored, in the order in which they joined.
        """
        self.assertEqual(self.listed(), [])
        self.join("bob", 5000)
        self.join("ann", 5001)
        self.fails("bob")
        found = [(one.state.member.name, one.state.progress) for one in self.listed()]
        states = [self.state("bob"), self.state("ann")]
        self.assertEqual(found, [(one.member.name, one.progress) for one in states])

    def test_waiting(self) -> None:
        """
        What waits for a member is what it does not have, without its own words, whatever the
        positions are.
        """
        self.join("slow", 5000)
        first, *_ = self.say("1", "2", "3")
        self.join("late", 5001)
        for name in ("slow", "late", "ci", "slow"):
            self.successResultOf(self.store.append(post("x", name), anyone))
        self.join("new", 5002)
        self.assertEqual(self.waiting(), {"slow": 5, "late": 3, "new": 0})
        self.advance(slow=first)
        self.assertEqual(self.waiting(), {"slow": 4, "late": 3, "new": 0})

    def test_waitingUnderANewName(self) -> None:
        """
        What was said under a name before a member had it waits for that member like all else.
        """
        self.join("bob", 5000)
        self.successResultOf(self.store.append(post("x", "robert"), anyone))
        self.enrol(at("robert", 5000))
        self.successResultOf(self.store.append(post("y", "robert"), anyone))
        self.assertEqual(self.waiting(), {"robert": 1})

    def test_lostDoesNotWait(self) -> None:
        """
        What the log has dropped waits for nobody; who it was for can tell from what was due.
        """
        self.join("slow", 5000)
        self.say("1", "2", "3")
        self.successResultOf(self.store.trim(LogLimits(entries=1)))
        (slow,) = self.listed()
        self.assertEqual((slow.waiting, slow.state.progress.due), (1, 2))

    def test_nobody(self) -> None:
        """
        Who is not there cannot be steered, and that is no news.
        """
        self.join("bob", 5000)
        revision = self.news().revision
        self.assertEqual([self.steer("ann", order) for order in Order], [False] * 4)
        self.assertEqual(self.news().revision, revision)

    def test_remove(self) -> None:
        """
        A member is removed, even if it registered from elsewhere, and its name is free.
        """
        self.enrol(at("bob", 5000, OFFICE))
        bob = self.state("bob")
        self.steer("bob", Order.PAUSE)
        revision = self.news().revision
        self.assertTrue(self.steer("bob", Order.REMOVE))
        self.assertEqual(list(self.news(revision).departed), [bob.member.id])
        self.assertFalse(self.join("bob", 5001).paused)

    def test_pause(self) -> None:
        """
        A pause is news, and outlasts whatever the member does: speak, register again, move, take
        another name, and become one with another member.
        """
        self.join("bob", 5000)
        revision = self.news().revision
        self.assertTrue(self.steer("bob", Order.PAUSE))
        self.assertEqual([one.paused for one in self.news(revision).members], [True])
        self.successResultOf(self.store.append(post("x", "bob"), anyone))
        for asked in (at("bob", 5000), at("bob", 5001), at("rob", 5001)):
            self.enrol(asked)
            self.assertTrue(self.state(asked.name).paused)
        self.join("ann", 5002)
        self.assertIs(self.enrol(at("ann", 5001)), Change.MERGED)
        self.assertTrue(self.state("ann").paused)

    def test_pausedIsNotGivenUp(self) -> None:
        """
        A member that was paused just before it was to be given up stays.
        """
        bob = self.join("bob", 5000)
        self.steer("bob", Order.PAUSE)
        evicted = self.store.evict(bob.member.id, bob.registered)
        self.assertIs(self.successResultOf(evicted), False)
        self.assertTrue(self.state("bob").paused)

    def test_resume(self) -> None:
        """
        A member goes on where it was, and what failed before its pause does not count any more.
        """
        self.join("bob", 5000)
        self.fails("bob")
        self.steer("bob", Order.PAUSE)
        paused = self.state("bob")
        self.assertEqual(paused.progress.attempts, 2)
        self.assertTrue(self.steer("bob", Order.RESUME))
        resumed = self.state("bob")
        self.assertEqual((resumed.paused, resumed.registered), (False, paused.registered))
        self.assertEqual(resumed.progress, Progress(paused.progress.cursor))

    def test_retry(self) -> None:
        """
        Each retry is news of the member, and changes nothing else.
        """
        self.join("bob", 5000)
        self.fails("bob")
        before = self.state("bob")
        revisions = [before.retried]
        for _ in range(2):
            self.assertTrue(self.steer("bob", Order.RETRY))
            (after,) = self.news(self.news().revision - 1).members
            self.assertNotIn(after.retried, revisions)
            revisions.append(after.retried)
        self.assertEqual((after.progress, after.registered), (before.progress, before.registered))
