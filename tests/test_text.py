"""
Names that nobody can mistake, and text that cannot touch a terminal.
"""

import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.errors import WireError
from twisted_messenger.refusal import Reason
from twisted_messenger.text import (
    MAX_NAME,
    BadName,
    attributeLines,
    cleanName,
    escape,
    escapeLine,
    prefixLines,
)
from twisted_messenger.wire import formatPush, parse, parsePush

#: Pieces that, put together, come close to a command or to somebody else's line.
_PIECES = (
    "from",
    ":",
    "\N{FULLWIDTH COLON}",
    "connect_request",
    "leave_request",
    "|",
    "\N{FULLWIDTH VERTICAL LINE}",
    " ",
    "\N{NO-BREAK SPACE}",
    "\N{IDEOGRAPHIC SPACE}",
    "\N{FULLWIDTH LATIN SMALL LETTER F}rom",
    "\n",
    "\r",
    "alice",
    "127.0.0.1|5000",
    "\N{COMBINING DIAERESIS}",
    "\N{DIAERESIS}",
)
_closeToCommands = st.lists(st.sampled_from(_PIECES), max_size=8).map("".join)


def _accepted(name: str) -> bool:
    try:
        cleanName(name)
    except BadName:
        return False
    return True


#: Anything a peer may send where a name or a text is expected.
texts = st.text(max_size=80) | _closeToCommands
#: Names as the roster keeps them.
cleanNames = texts.filter(_accepted).map(cleanName)

_SPELLINGS = {
    "alice": "alice",
    "  alice ": "alice",
    "alice \N{NO-BREAK SPACE}\N{EM SPACE}\N{IDEOGRAPHIC SPACE}smith": "alice smith",
    "\N{OGHAM SPACE MARK}alice\N{OGHAM SPACE MARK}": "alice",
    "\N{FULLWIDTH LATIN SMALL LETTER A}lice": "alice",
    "Zoe\N{COMBINING DIAERESIS}": "Zo\N{LATIN SMALL LETTER E WITH DIAERESIS}",
    "Alice": "Alice",
    "build:42": "build:42",
    "fromage": "fromage",
    "my connect_request": "my connect_request",
    "servers": "servers",
    "\N{GRINNING FACE}": "\N{GRINNING FACE}",
    "x" * MAX_NAME: "x" * MAX_NAME,
    " " + "x" * MAX_NAME + " ": "x" * MAX_NAME,
}

_NO_NAMES = (
    "",
    " ",
    "\N{NO-BREAK SPACE}",
    "x" * (MAX_NAME + 1),
    # One character that NFKC makes eighteen.
    "\N{ARABIC LIGATURE SALLALLAHOU ALAYHE WASALLAM}" * 4,
    "a|b",
    "a\N{FULLWIDTH VERTICAL LINE}b",
    "alice: yes",
    "alice\N{FULLWIDTH COLON} yes",
    "alice:\N{NO-BREAK SPACE}yes",
    "alice\N{FULLWIDTH COLON}\N{IDEOGRAPHIC SPACE}yes",
    "from",
    " from ",
    "from:bob",
    "from\N{FULLWIDTH COLON}bob",
    "\N{FULLWIDTH LATIN SMALL LETTER F}rom",
    "connect_request",
    "connect_request7",
    "connect\N{FULLWIDTH LOW LINE}request",
    "leave_request",
    "leave_requests",
    "server",
    "Server",
    "SERVER",
    " \N{LATIN SMALL LETTER LONG S}erver",
    # Shown behind somebody else's text, these would change its last letter.
    "\N{COMBINING DIAERESIS}",
    "\N{COMBINING DIAERESIS}alice",
    " \N{COMBINING ACUTE ACCENT}alice",
    "\N{DEVANAGARI VOWEL SIGN AA}alice",
    "\N{COMBINING ENCLOSING CIRCLE}alice",
    # NFKC makes it a blank and a mark.
    "\N{DIAERESIS}alice",
)

#: One or more characters of every class that may not be in a name.
_HIDDEN = {
    "controls": "\x00\x07\t\n\x0b\r\x1b\x1c\x1f\x7f\x80\x85\x9b\x9f",
    "format": "\xad\u200b\u200c\u200d\u2060\ufeff\u06dd\U000e0041",
    "bidi": "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u206f",
    "surrogates": "\ud800\udbff\udc00\udcff\udfff",
    "unassigned": "\u0378\uffff\U0010ffff",
    "line ends": "\u2028\u2029",
    "zero width": "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180f\u2800\u3164\ufe00\ufe0f\uffa0",
    "zero width, beyond": "\U00013441\U00013442\U00016fe4\U0001d159\U000e0100\U000e0fff",
}


class CleanNameTests(SynchronousTestCase):
    """
    A name has one spelling and shows what it is.
    """

    def test_oneSpelling(self) -> None:
        """
        Spellings that look the same become the same name; an ordinary name stays as it is.
        """
        self.assertEqual({name: cleanName(name) for name in _SPELLINGS}, _SPELLINGS)

    def test_refused(self) -> None:
        """
        Nobody gets a name that is empty, too long, or part of the protocol, in any disguise.
        """
        self.assertEqual([name for name in _NO_NAMES if _accepted(name)], [])

    def test_hiddenCharacters(self) -> None:
        """
        A character that cannot be seen is refused wherever it stands, and the reason names it.
        """
        for kind, characters in _HIDDEN.items():
            for character in characters:
                for name in (character, character + "ab", f"a{character}b", "ab" + character):
                    with self.assertRaises(BadName, msg=f"{kind}: {name!a}") as caught:
                        cleanName(name)
                    self.assertIn(f"U+{ord(character):04X}", str(caught.exception))

    def test_serversOwnName(self) -> None:
        """
        A server that is called otherwise keeps that name for itself and gives away "server".
        """
        self.assertEqual(cleanName("server", "Room 1"), "server")
        self.assertRaises(BadName, cleanName, "room  1", "Room 1")

    @settings(deadline=None)
    @given(texts)
    def test_cleaningTwice(self, name: str) -> None:
        """
        A clean name stays as it is when it is cleaned again, and has 1 to 64 visible characters.
        """
        if _accepted(name):
            cleaned = cleanName(name)
            self.assertEqual(cleanName(cleaned), cleaned)
            self.assertIn(len(cleaned), range(1, MAX_NAME + 1))

    @settings(deadline=None)
    @given(cleanNames, texts)
    def test_pushIsNoCommand(self, name: str, text: str) -> None:
        """
        Whatever somebody says, a push that reaches another server does nothing there.
        """
        with self.assertRaises(WireError) as caught:
            parse(formatPush(name, text))
        self.assertIs(caught.exception.refusal.reason, Reason.MALFORMED)


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


class HugeNameTests(SynchronousTestCase):
    """
    Names that take long to look at.
    """

    def test_notLookedAt(self) -> None:
        """
        A name far too long is refused before anything is done with it; this one takes seconds.
        """
        with self.assertRaises(BadName):
            cleanName("\u0344\u0f73\u0f75" * 20_000)
