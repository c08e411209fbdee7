"""
The whole contract: ``StoreContract`` is for every store, ``DurableStoreContract`` for one that
outlives its process.
"""

from dataclasses import replace

from zope.interface.verify import verifyObject

from twisted_messenger.entry import ENTRY_OVERHEAD, LogLimits
from twisted_messenger.errors import StoreClosed
from twisted_messenger.interfaces import IMessageStore, MessageStore
from twisted_messenger.roster import (
    Change,
    Member,
    MemberOptions,
    MemberState,
    Progress,
    RosterLimits,
)
from twisted_messenger.steering import Order
from twisted_messenger.testing.contracts.listeners import ListenersContract
from twisted_messenger.testing.contracts.repeats import keyed
from twisted_messenger.testing.contracts.roster import OFFICE, anyone, at, post

# All characters of every kind: controls, lines, quotes, marks, pairs, and those that are none.
_TEXTS = [
    "",
    " \t ",
    "\x00",
    "a\x00b\x00",
    *("".join(map(chr, range(start, start + 0x100))) for start in (0, 0x100, 0x300, 0x2000)),
    "".join(map(chr, (*range(0xD700, 0xD800), *range(0xE000, 0xE100), *range(0xFE00, 0x10000)))),
    "".join(map(chr, (*range(0x1F300, 0x1F400), *range(0x10FF00, 0x110000)))),
    "'; DROP TABLE members; --",
    "\\x41 %s {} \\",
]


class StoreContract(ListenersContract):
    """
    The tests of any store, to be mixed into a test case::

        class MyStoreTests(StoreContract, SynchronousTestCase):
            def makeStore(self):
                return MyStore(self.steady.seconds)

    ``makeStore`` gives a new, empty store, which is not open. Where it takes no clock, override
    ``elapse(seconds)``. Every Deferred of the store must have fired when it is returned.
    """

    def test_interface(self) -> None:
        """
        A program may use it wherever it may use any other store.
        """
        self.assertTrue(verifyObject(IMessageStore, self.store))

    def test_neverOpened(self) -> None:
        """
        A program that has forgotten to open it is told so at once.
        """
        self.assertRaises(RuntimeError, self.makeStore().append, post("lost"), anyone)

    def test_closed(self) -> None:
        """
        A store that is closed takes nothing, gives nothing, and may be closed again.
        """
        self.join("bob", 5000)
        for _ in range(2):
            self.successResultOf(self.store.close())
            for asked in (
                self.store.append(post("late"), anyone),
                self.store.enrol(at("ann", 5001), RosterLimits()),
                self.store.leave(at("bob", 5000)),
                self.store.read(0, 1, 1),
                self.store.history(0, 1, 1),
                self.store.newest(1, 1),
                self.store.extent(),
                self.store.roster(0),
                self.store.names(1),
                self.store.advance({1: Progress(1)}),
                self.store.evict(1),
                self.store.trim(LogLimits()),
            ):
                self.failureResultOf(asked, StoreClosed)

    def test_openedAgain(self) -> None:
        """
        A program may open it again, and finds all that was there.
        """
        self.join("bob", 5000)
        self.say("one")
        self.successResultOf(self.store.close())
        self.openStore()
        self.say("two")
        self.assertEqual(self.texts(), ["one", "two"])
        self.assertEqual([one.member.name for one in self.news().members], ["bob"])

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
        entries = self.read()
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

    def sizes(self, after: int, limit: int, maxBytes: int) -> list[int]:
        """
        The bytes of what is read at once.
        """
        return [len(entry.text.encode()) for entry in self.read(after, limit, maxBytes)]

    def test_pagesOfBytes(self) -> None:
        """
        A page has no more bytes than asked for, however many messages that are.
        """
        self.join("bob", 5000)
        first, second, _ = self.say("x" * 10_000, "\u20ac" * 10_000, "y" * 10_000)
        self.assertEqual(self.sizes(0, 100, 39_000), [10_000])
        self.assertEqual(self.sizes(0, 100, 42_000), [10_000, 30_000])
        self.assertEqual(self.sizes(0, 100, 60_000), [10_000, 30_000, 10_000])
        self.assertEqual(self.sizes(first, 1, 60_000), [30_000])
        self.assertEqual(self.sizes(second, 100, 60_000), [10_000])

    def test_pageOfOne(self) -> None:
        """
        The next message is read however long it is, so that nobody is stuck before it.
        """
        self.join("bob", 5000)
        first, second = self.say("x" * 10_000, "y" * 10_000)
        for maxBytes in (0, 1, 9_999):
            self.assertEqual(self.sizes(0, 100, maxBytes), [10_000])
            self.assertEqual(self.sizes(first, 100, maxBytes), [10_000])
            self.assertEqual(self.sizes(second, 100, maxBytes), [])

    def test_pagesMissNothing(self) -> None:
        """
        Read in pages of any number of bytes, the log is all there, each message once.
        """
        self.join("bob", 5000)
        sizes = [0, 500, 1, 1000, 0, 0, 999, 3]
        self.say(*("x" * size for size in sizes))
        for maxBytes in (1, 500, 1001, 5000):
            after, found = 0, []
            while page := self.read(after, 3, maxBytes):
                after = page[-1].position
                found += [len(entry.text) for entry in page]
                size = sum(len(entry.text) for entry in page)
                self.assertTrue(size <= maxBytes or len(page) == 1, page)
            self.assertEqual(found, sizes)

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
        self.refuse(post("x"))
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
        entries = self.read()
        self.assertEqual([entry.owned for entry in entries], [True, False, False])

    def test_anyText(self) -> None:
        """
        Whatever Unicode text was said is what is read.
        """
        self.join("bob", 5000)

        for text in _TEXTS:
            (position,) = self.say(text)
            self.assertEqual(self.texts(position - 1), [text])

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
