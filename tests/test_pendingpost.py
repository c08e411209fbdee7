"""
Which stores take a message that is told itself.
"""

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from tests.untold import Untold
from twisted_messenger.address import Source
from twisted_messenger.entry import Post
from twisted_messenger.interfaces import Admission
from twisted_messenger.pendingpost import PendingPost, appenderOf
from twisted_messenger.refusal import Refusal
from twisted_messenger.result import Stored
from twisted_messenger.room.chatroom import ChatRoom
from twisted_messenger.room.posting import MAX_UNSTORED
from twisted_messenger.room.verdicts import Callbacks
from twisted_messenger.stores.memory import MemoryStore
from twisted_messenger.testing.contracts.roster import anyone, post
from twisted_messenger.wire import RoomMessage


class Shouting(MemoryStore):
    """
    A store of a program that does something with what is appended.
    """

    def append(self, post: Post, admit: Admission) -> "Deferred[int | Refusal]":
        """
        Append it in capitals.
        """
        return super().append(post._replace(text=post.text.upper()), admit)


class Both(Shouting):
    """
    One that has both ways.
    """

    def appendPending(self, message: PendingPost) -> None:
        """
        As ``append`` does.
        """
        message.post = message.post._replace(text=message.post.text.upper())
        super().appendPending(message)


class Broken(MemoryStore):
    """
    One with a fault.
    """

    def appendPending(self, message: PendingPost) -> None:
        """
        Raise, in place of telling.
        """
        raise ZeroDivisionError


class Proxy:
    """
    A store that hands on what it is asked.
    """

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    def append(self, post: Post, admit: Admission) -> "Deferred[int | Refusal]":
        """
        Append it.
        """
        return self._store.append(post, admit)

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)


class AppenderTests(SynchronousTestCase):
    """
    The way past ``append`` is taken only where nobody is passed over.
    """

    def said(self, store: MemoryStore) -> str:
        """
        Say something in a room with this store.

        :returns: what it holds then.
        """
        store.open()
        self.successResultOf(ChatRoom(store).post("ci", "green"))
        (entry,) = self.successResultOf(store.history(0, 10, 1000))
        return entry.text

    def test_ours(self) -> None:
        """
        A store as it is.
        """
        self.assertIsNotNone(appenderOf(MemoryStore()))
        self.assertEqual(self.said(MemoryStore()), "green")

    def test_overridden(self) -> None:
        """
        A subclass that appends in a way of its own is asked.
        """
        self.assertIsNone(appenderOf(Shouting()))
        self.assertEqual(self.said(Shouting()), "GREEN")

    def test_both(self) -> None:
        """
        One that has overridden both is asked as well.
        """
        self.assertIsNotNone(appenderOf(Both()))
        self.assertEqual(self.said(Both()), "GREEN")

    def test_proxy(self) -> None:
        """
        So is one that only looks as if it had what it stands for.
        """
        self.assertIsNone(appenderOf(Proxy(MemoryStore())))

    def test_nothing(self) -> None:
        """
        What is no store has none.
        """
        self.assertIsNone(appenderOf(object()))


class ToldTests(SynchronousTestCase):
    """
    What becomes of who is told.
    """

    def setUp(self) -> None:
        """
        An open room.
        """
        self.store = MemoryStore()
        self.store.open()
        self.room = ChatRoom(self.store)

    def say(self) -> None:
        """
        Have somebody told who raises.
        """

        def raising(_: object) -> None:
            raise ZeroDivisionError

        told = Callbacks(raising, raising)
        self.room.hear(RoomMessage("ci", "green"), Source(), told)

    def test_stored(self) -> None:
        """
        Who raises hinders nobody: the message is stored, and what was raised is logged.
        """
        self.say()
        self.assertEqual(self.successResultOf(self.room.post("ci", "red")), Stored(2))
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    def test_failed(self) -> None:
        """
        Nor where nobody knows what became of it.
        """
        self.store.close()
        self.say()
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        self.assertEqual(self.room.counters["accepted"], 0)

    def test_broken(self) -> None:
        """
        Who speaks to a store that raises hears of it, and the message is memory no more.
        """
        room = ChatRoom(Broken())
        text = "x" * 250_000
        for _ in range(MAX_UNSTORED // len(text) + 1):
            self.failureResultOf(room.post("ci", text), ZeroDivisionError)
        self.assertEqual(room.counters["accepted"], 0)

    def test_untold(self) -> None:
        """
        A message of which nobody wants to hear is stored like any other.
        """
        self.store.appendPending(Untold(post("x")))
        self.assertEqual(self.successResultOf(self.store.append(post("y"), anyone)), 2)
        self.assertRaises(
            ZeroDivisionError, Untold(post("z")).unknown, Failure(ZeroDivisionError())
        )
