"""
Text that cannot touch a terminal.
"""

import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.test_names import cleanNames, texts
from twisted_messenger.names import MAX_NAME
from twisted_messenger.text import attributeLines, escape, escapeLine, prefixLines
from twisted_messenger.wire import formatPush, parsePush


class EscapeTests(SynchronousTestCase):
    """
    Control characters are shown, not obeyed.
    """

    def test_everyClass(self) -> None:
        """
        Each control character shows as its code.
        """
        codes = [*range(0x09), *range(0x0B, 0x20), *range(0x7F, 0xA0)]
        self.assertEqual(
            [escape(chr(code)) for code in codes], [f"\\x{code:02x}" for code in codes]
        )
        wide = [0x2028, 0x2029, *range(0x202A, 0x202F)]
        wide += [*range(0x2066, 0x2070), 0xD800, 0xDCFF, 0xDFFF]
        self.assertEqual([escape(chr(code)) for code in wide], [f"\\u{code:04x}" for code in wide])

    def test_innocent(self) -> None:
        """
        Tab, newline and everything that can be seen stay as they are.
        """
        text = "tab\tline\nback\\slash \xa0\xe9 \N{GRINNING FACE} \u200d"
        self.assertEqual(escape(text), text)

    def test_directionMarks(self) -> None:
        """
        The marks that Arabic and Hebrew keyboards insert stay, in a text and in a log line.
        """
        text = "\u200f\u0645\u0631\u062d\u0628\u0627 (a)\u200f! \u05e9\u05dc C++\u200e 1\u061c2"
        self.assertEqual((escape(text), escapeLine(text, 80)), (text, text))

    def test_oneLine(self) -> None:
        """
        In a log or a receipt tab and newline are shown too.
        """
        self.assertEqual(escapeLine("a\tb\nc\x1b\u2028", 20), r"a\x09b\x0ac\x1b\u2028")

    def test_limit(self) -> None:
        """
        A long text is cut and its end shows that it was.
        """
        self.assertEqual(escapeLine("12345", 5), "12345")
        self.assertEqual(escapeLine("123456", 5), "1234\N{HORIZONTAL ELLIPSIS}")

    @settings(deadline=None)
    @given(st.text(st.characters(codec=None)), st.integers(1, 100))
    def test_anything(self, text: str, limit: int) -> None:
        """
        Whatever a peer sent fits on one line that any terminal can show.
        """
        line = escapeLine(text, limit)
        self.assertNotIn("Cc", {unicodedata.category(character) for character in line})
        self.assertLessEqual(len(line.splitlines()), 1)
        line.encode()


class PrefixLinesTests(SynchronousTestCase):
    """
    Every line of a message carries who said it.
    """

    def test_lines(self) -> None:
        """
        Both kinds of line end make a new line; a lone carriage return does not go back in one.
        """
        self.assertEqual(prefixLines("a: ", "x\r\ny\nz\r!"), "a: x\na: y\na: z\\x0d!")
        self.assertEqual(prefixLines("a: ", ""), "a: ")
        self.assertEqual(prefixLines("a: ", "\n"), "a: \na: ")


class AttributeLinesTests(SynchronousTestCase):
    """
    A server that does not mark every line cannot make a receiver show a forged one.
    """

    def test_shown(self) -> None:
        """
        Lines behind the first belong to who said the first.
        """
        shown = {
            "alice: hi": "alice: hi",
            "alice: hi\nbob: forged": "alice: hi\nalice: bob: forged",
            "alice: hi\r\nbob: forged": "alice: hi\nalice: bob: forged",
            "alice: hi\nalice: more": "alice: hi\nalice: more",
            "alice: hi\nalice:": "alice: hi\nalice:",
            "alice: hi\n\nalice": "alice: hi\nalice: \nalice: alice",
            "al: hi\nalice: forged": "al: hi\nal: alice: forged",
            "no name\nbob: forged": "no name\n  bob: forged",
            "a: \x1b[1A\rb\u202e": r"a: \x1b[1A\x0db\u202e",
        }
        self.assertEqual({push: attributeLines(push) for push in shown}, shown)

    def test_longerNameWithColon(self) -> None:
        """
        A name may hold a colon, so "a" cannot speak a second line as "a:b".
        """
        self.assertEqual(attributeLines("a: hi\na:b: forged"), "a: hi\na: a:b: forged")

    def test_noName(self) -> None:
        """
        What is longer than a name can be is none: in front of every line it would be gigabytes.
        """
        longest = "n" * MAX_NAME
        self.assertEqual(attributeLines(f"{longest}: a\nb"), f"{longest}: a\n{longest}: b")
        shown = attributeLines("n" * 100_000 + ": a" + "\nb" * 50_000)
        self.assertLess(len(shown), 400_000)
        self.assertTrue(shown.endswith("\n  b"))

    @settings(deadline=None)
    @given(cleanNames, texts)
    def test_ourPushes(self, name: str, text: str) -> None:
        """
        A push of ours is shown as it came.
        """
        push = parsePush(formatPush(name, text))
        self.assertEqual(attributeLines(push), push)
