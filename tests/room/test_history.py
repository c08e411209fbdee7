"""
What was said can be read later.
"""

from tests.roomtestcase import GUEST, RoomTestCase
from twisted_messenger.errors import StoreError
from twisted_messenger.room.chatroom import MAX_HISTORY_BYTES

_LONG = MAX_HISTORY_BYTES // 30


class HistoryTests(RoomTestCase):
    """
    A program shows who comes later what was said.
    """

    def hear(self, *texts: str) -> None:
        """
        Say something, while nobody is there.
        """
        for text in texts:
            self.successResultOf(self.room.post("ann", text, GUEST))

    def history(self, after: int = 0, limit: int = 100, last: int | None = None) -> list[str]:
        """
        The texts of what is read.
        """
        entries = self.successResultOf(self.room.history(after, limit, last=last))
        return [entry.text for entry in entries]

    def test_pages(self) -> None:
        """
        It is read oldest first, so many at once, and the next page begins after the last one.
        """
        self.hear("one", "two", "three")
        (one, two) = self.successResultOf(self.room.history(limit=2))
        self.assertEqual((one.name, one.text, two.text), ("ann", "one", "two"))
        self.assertEqual(self.history(after=two.position), ["three"])
        self.assertEqual(self.history(after=two.position + 1), [])

    def test_last(self) -> None:
        """
        Or only the newest.
        """
        self.hear("one", "two", "three")
        self.assertEqual(self.history(last=2), ["two", "three"])
        self.assertEqual(self.history(last=9), ["one", "two", "three"])

    def test_bytes(self) -> None:
        """
        However many are asked for, memory is spared; the rest is the next page.
        """
        for letter in "abcdefghijklmnopqrstuvwxyzabcdefgh":
            self.hear(letter * _LONG)
        for texts in (self.history(), self.history(last=100)):
            self.assertTrue(28 <= len(texts) <= 30, len(texts))
        self.assertEqual(self.history(last=100)[-1][0], "h")

    def test_mistakes(self) -> None:
        """
        Numbers that have no meaning are told at once.
        """
        for wrong in ({"after": -1}, {"limit": 0}, {"last": 0}, {"last": -1}):
            self.assertRaises(ValueError, self.room.history, **wrong)

    def test_storeFails(self) -> None:
        """
        Where the store does not answer, the program is told so, and not that there is nothing.
        """
        self.successResultOf(self.store.close())
        self.failureResultOf(self.room.history(last=1), StoreError)
