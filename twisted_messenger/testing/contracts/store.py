"""
The whole contract of every store; ``durable`` has what one adds to it that outlives its process.
"""

from zope.interface.verify import verifyObject

from twisted_messenger.entry import LogLimits
from twisted_messenger.errors import StoreClosed
from twisted_messenger.interfaces import IMessageStore
from twisted_messenger.roster import Progress, RosterLimits
from twisted_messenger.testing.contracts.pending import PendingContract
from twisted_messenger.testing.contracts.roster import anyone, at, post


class StoreContract(PendingContract):
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
