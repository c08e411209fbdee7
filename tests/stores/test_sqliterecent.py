"""
What those who follow a room in a file learn of each transaction without a look at the file: the
same as the file says, and nothing that is not in it.
"""

from tests.stores.sqliterig import PumpedTestCase
from tests.stores.test_sqlitestore import NO_TIME
from twisted_messenger.entry import Entry, LogLimits
from twisted_messenger.errors import StoreError
from twisted_messenger.roster import Progress, RosterLimits, RosterNews
from twisted_messenger.stores.sqlite.recent import Recent
from twisted_messenger.testing.contracts.roster import at, post

_MANY = 2**30


class RecentTests(PumpedTestCase):
    """
    A store whose disk works when the test says so: what fires before that, was not read from it.
    """

    def known(self) -> RosterNews:
        """
        The roster as the file has it.
        """
        return self.done(self.store.roster(0))

    def together(self) -> None:
        """
        Let what comes next share one transaction: the disk is busy with another one.
        """
        self.store.advance({})

    def readNow(self, after: int, limit: int = 100, maxBytes: int = _MANY) -> list[str] | None:
        """
        What follows a position, if the disk need not work for that.
        """
        reading = self.store.read(after, limit, maxBytes)
        if self.worker.calls:
            self.worker.finish()
            self.successResultOf(reading)
            return None
        return [entry.text for entry in self.successResultOf(reading)]

    def test_added(self) -> None:
        """
        Who follows the room has new messages as soon as they are stored, from any of them on.
        """
        news = self.known()
        self.together()
        for text in ("a", "b", "c"):
            self.say(post(text))
        self.worker.finish()
        now = self.successResultOf(self.store.roster(news.revision))
        self.assertEqual((now.head, now.members, now.departed), (news.head + 3, (), ()))
        self.assertEqual(self.readNow(news.head + 1), ["b", "c"])
        self.assertEqual(self.readNow(news.head, limit=2), ["a", "b"])
        self.assertEqual(self.readNow(news.head, maxBytes=2), ["a", "b"])
        self.assertEqual(self.readNow(news.head, maxBytes=0), ["a"])

    def test_same(self) -> None:
        """
        What is told so is what lies in the file.
        """
        head = self.known().head
        self.together()
        self.say(post("a", "alice"))
        self.say(post("b", "bob"))
        self.worker.finish()
        told = self.successResultOf(self.store.read(head, 2, _MANY))
        self.assertEqual(told, self.file.read(head, 2, _MANY))

    def test_notYet(self) -> None:
        """
        What is not stored yet is not told.
        """
        news = self.known()
        self.say(post("a"))
        self.worker.finish()
        self.say(post("b"))
        self.assertEqual(self.successResultOf(self.store.roster(news.revision)).head, news.head + 1)
        reading = self.successResultOf(self.store.read(news.head, 100, _MANY))
        self.assertEqual([entry.text for entry in reading], ["a"])

    def test_older(self) -> None:
        """
        What came before the last transaction is read from the file, so that nothing is left out.
        """
        head = self.known().head
        for text in ("a", "b"):
            self.say(post(text))
            self.worker.finish()
        self.assertIsNone(self.readNow(head))
        self.assertEqual(self.readNow(head + 1), ["b"])

    def test_rosterChanged(self) -> None:
        """
        Who comes in the same transaction as a message is not overlooked.
        """
        news = self.known()
        self.together()
        self.say(post("a"))
        self.store.enrol(at("carol", 5001), RosterLimits())
        self.worker.finish()
        now = self.done(self.store.roster(news.revision))
        self.assertEqual([state.member.name for state in now.members], ["carol"])
        self.assertEqual(self.readNow(news.head), ["a"])

    def test_failed(self) -> None:
        """
        A transaction that fails leaves nothing, and its halves what each of them stores.
        """
        news = self.known()
        self.together()
        self.say(post("a"))
        refused = self.say(NO_TIME)
        self.say(post("b"))
        self.worker.finish()
        self.failureResultOf(refused, StoreError)
        self.assertEqual(self.fired, ["a stored", "never failed", "b stored"])
        now = self.successResultOf(self.store.roster(news.revision))
        self.assertEqual(now.head, news.head + 2)
        self.assertEqual(self.readNow(news.head + 1), ["b"])

    def test_dropped(self) -> None:
        """
        What is dropped with the transaction that brought it is told as a loss, before anything that
        follows it.
        """
        news = self.known()
        self.together()
        for text in ("a", "b"):
            self.say(post(text))
        self.store.trim(LogLimits(entries=1))
        self.worker.finish()
        now = self.done(self.store.roster(news.revision))
        self.assertEqual(now.floor, news.head + 1)
        self.assertEqual(now.members[0].progress.missed, 1)
        self.assertEqual(self.readNow(now.floor), ["b"])

    def test_nobody(self) -> None:
        """
        Without members nothing is kept at hand, and the first one to come hears the head.
        """
        member = self.members()["bob"].member
        self.store.evict(member.id)
        news = self.known()
        self.say(post("a"))
        self.worker.finish()
        self.assertIsNone(self.readNow(news.head))
        self.assertEqual(self.successResultOf(self.store.roster(news.revision)).head, news.head + 1)

    def test_cursors(self) -> None:
        """
        Noting how far members have come is no news, and costs those who follow no look at the file.
        """
        news = self.known()
        self.store.advance({news.members[0].member.id: Progress(news.head)})
        self.worker.finish()
        self.assertEqual(self.successResultOf(self.store.roster(news.revision)).members, ())

    def test_reopened(self) -> None:
        """
        A room that was closed and opened again tells nothing of before.
        """
        self.say(post("a"))
        self.worker.finish()
        before = self.known()
        closing = self.store.close()
        self.worker.finish()
        self.successResultOf(closing)
        self.store.open()
        self.assertIsNone(self.readNow(before.head - 1))
        self.assertEqual(self.done(self.store.roster(before.revision)).revision, 1)

    def test_closed(self) -> None:
        """
        A closed room tells nothing at all.
        """
        self.say(post("a"))
        self.worker.finish()
        self.store.close()
        self.failureResultOf(self.store.read(0, 1, _MANY), StoreError)
        self.failureResultOf(self.store.roster(1), StoreError)
        self.worker.finish()


class RecentValueTests(PumpedTestCase):
    """
    The value by itself.
    """

    def test_ends(self) -> None:
        """
        It answers from its first entry to its last, and neither before nor after them.
        """
        added = [Entry(position, "a", "x", False, 0.0) for position in (7, 8, 9)]
        recent = Recent(RosterNews(3, 9, (), ()), added)
        found = [recent.read(after, 100, _MANY) for after in range(5, 11)]
        counts = [None if entries is None else len(entries) for entries in found]
        self.assertEqual(counts, [None, 3, 2, 1, None, None])
        self.assertEqual([recent.roster(since) for since in (2, 3, 4)], [None, recent.news, None])
