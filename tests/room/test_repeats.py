"""
Messages that come again, as a program sees them.
"""

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.address import Source
from twisted_messenger.entry import Entry
from twisted_messenger.refusal import Refusal
from twisted_messenger.result import Stored
from twisted_messenger.room.chatroom import ChatRoom
from twisted_messenger.stores.memory import MemoryStore
from twisted_messenger.wire import RoomMessage


class RepeatTests(SynchronousTestCase):
    """
    ``post`` and ``announce`` with a key.
    """

    def setUp(self) -> None:
        """
        A room that tells what it stored, and numbers each text that comes in.
        """
        self.accepted: list[Entry] = []
        self.admitted = 0
        self.store = MemoryStore()
        self.store.open()
        self.room = ChatRoom(self.store, admit=self.admit, accepted=self.accepted.append)

    def admit(self, message: RoomMessage, source: Source) -> RoomMessage:
        """
        Another text each time.
        """
        self.admitted += 1
        return RoomMessage(message.name, f"{self.admitted}: {message.text}")

    def result(self, posting: "Deferred[Stored | Refusal]") -> Stored | Refusal:
        """
        What became of it.
        """
        return self.successResultOf(posting)

    def test_toldOnce(self) -> None:
        """
        A program is told of it once, and it is counted once, though it came twice; what it is known
        by is the text that was sent, whatever the program has made of it.
        """
        for _ in range(2):
            self.assertEqual(self.result(self.room.post("ci", "green", key="7")), Stored(1))
        self.assertEqual([one.text for one in self.accepted], ["1: green"])
        counted = self.room.counters["accepted"], self.room.counters["repeated"]
        self.assertEqual(counted, (1, 1))

    def test_reused(self) -> None:
        """
        Another text under its key is refused, and counted as that.
        """
        self.room.post("ci", "green", key="7")
        result = self.result(self.room.post("ci", "red", key="7"))
        assert isinstance(result, Refusal)
        self.assertEqual(result.code, "key_reused")
        self.assertEqual(self.room.counters["refused.key_reused"], 1)

    def test_announced(self) -> None:
        """
        So it is with announcements.
        """
        for _ in range(2):
            self.assertEqual(self.result(self.room.announce("hello", key="k")), Stored(1))

    def test_badKeys(self) -> None:
        """
        What can be no key is a mistake in the program.
        """
        for key in ("", "k" * 256):
            self.assertRaises(ValueError, self.room.post, "ci", "green", key=key)
            self.assertRaises(ValueError, self.room.announce, "green", key=key)
