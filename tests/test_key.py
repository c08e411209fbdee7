"""
The key that takes a name back.
"""

from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.key import MAX_KEY, MIN_KEY, ShownKey, isKey

_SECRET = "correct-horse"


class KeyTests(SynchronousTestCase):
    """
    What is kept of a key is enough to know it again, and no more.
    """

    def test_opens(self) -> None:
        """
        The same key opens, whatever salt it is shown with; no other does.
        """
        kept = ShownKey(_SECRET, b"one").kept()
        self.assertTrue(ShownKey(_SECRET, b"another").opens(kept))
        for other in (_SECRET + " ", _SECRET.upper(), "x" * 128):
            self.assertFalse(ShownKey(other, b"one").opens(kept))

    def test_salted(self) -> None:
        """
        Two members with the same key cannot be told by what is kept.
        """
        hashes = {ShownKey(_SECRET, salt).kept().hash for salt in (b"one", b"two")}
        self.assertEqual(len(hashes), 2)

    def test_hidden(self) -> None:
        """
        Whatever is logged of a key, neither it nor what is kept of it is there.
        """
        shown = ShownKey(_SECRET, b"salty")
        for text in (repr(shown), repr(shown.kept()), str(shown)):
            self.assertNotIn(_SECRET, text)
            self.assertNotIn("salty", text)
            self.assertNotIn("hash=", text)

    def test_whatIsAKey(self) -> None:
        """
        It has some length, nothing that cannot be seen, and nothing that would end it on the wire,
        where its holder shows it.
        """
        for text, good in (
            ("x" * MIN_KEY, True),
            ("x" * (MIN_KEY - 1), False),
            ("x" * MAX_KEY, True),
            ("x" * (MAX_KEY + 1), False),
            ("with a blank", True),
            ("mit Ümlaut", True),
            ("line\nbreak", False),
            ("one,another", False),
            ("one|another", False),
            (" and-blanks", False),
            ("and-blanks ", False),
        ):
            self.assertEqual((text, isKey(text)), (text, good))
