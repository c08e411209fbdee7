"""
What every store's log must do: keep messages whole and in order, and give them page by page. See
``store``.
"""

from twisted_messenger.roster import Member
from twisted_messenger.testing.contracts.listeners import ListenersContract
from twisted_messenger.testing.contracts.roster import OFFICE, anyone, post

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


class LogContract(ListenersContract):
    """
    The tests of any store's log.
    """

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
