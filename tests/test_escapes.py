"""
Every character that a terminal could obey is shown, and no other.
"""

import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.callcount import pythonCalls
from twisted_messenger.text import escape, escapeLine

# Embeddings, overrides, isolates and their ends; not the marks LRM, RLM and ALM.
_BIDI = {*range(0x202A, 0x202F), *range(0x2066, 0x2070)}

_BMP = "".join(map(chr, range(0x10000)))


def _shown(text: str, kept: str = "") -> str:
    """
    One character after the other.

    :param kept: controls that stay.
    """
    return "".join(one if one in kept else _one(one) for one in text)


def _one(character: str) -> str:
    code = ord(character)
    unsafe = unicodedata.category(character) in ("Cc", "Zl", "Zp", "Cs") or code in _BIDI
    if not unsafe:
        return character
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


class EscapeTests(SynchronousTestCase):
    """
    Compared with a model that looks at one character at a time.
    """

    def test_eachAlone(self) -> None:
        """
        So it is for each character of the basic plane alone.
        """
        for character in _BMP:
            expected = _shown(character, "\t\n"), _shown(character)
            self.assertEqual((escape(character), escapeLine(character, 9)), expected)

    def test_allTogether(self) -> None:
        """
        So it is for all of them in one text.
        """
        self.assertEqual(escape(_BMP), _shown(_BMP, "\t\n"))
        self.assertEqual(escapeLine(_BMP, len(_BMP)), _shown(_BMP))

    @settings(deadline=None, max_examples=50)
    @given(st.text(max_size=40), st.integers(1, 30))
    def test_texts(self, text: str, limit: int) -> None:
        """
        So it is for any text, beyond the basic plane too; a long line is cut before it is escaped.
        """
        self.assertEqual(escape(text), _shown(text, "\t\n"))
        cut = text if len(text) <= limit else text[: limit - 1] + "\N{HORIZONTAL ELLIPSIS}"
        self.assertEqual(escapeLine(text, limit), _shown(cut))

    def test_allAtOnce(self) -> None:
        """
        Thousands of control characters do not take a call each.
        """
        controls = "\x1b\u2028\x00" * 20_000
        # What is made at the first use is no cost of the text.
        escape("\x00"), escapeLine("\x00", 1)
        self.assertLess(pythonCalls(lambda: escape(controls)), 100)
        self.assertLess(pythonCalls(lambda: escapeLine(controls, len(controls))), 100)
