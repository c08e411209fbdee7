"""
Names that nobody can mistake.
"""

import hashlib
import sys
import unicodedata
from functools import partial
from itertools import chain

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.callcount import pythonCalls
from twisted_messenger.errors import WireError
from twisted_messenger.names import MAX_NAME, BadName, cleanName
from twisted_messenger.refusal import Reason
from twisted_messenger.wire import formatPush, parse

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
    "\N{LEFT-TO-RIGHT MARK}",
    "\N{ZERO WIDTH JOINER}",
    "\N{ZERO WIDTH NON-JOINER}",
    "\N{VARIATION SELECTOR-16}",
    "\N{COMBINING ENCLOSING KEYCAP}",
    "7",
    "\N{HEAVY BLACK HEART}",
    "\N{ARABIC LETTER BEH}",
    "\N{MALAYALAM LETTER NA}\N{MALAYALAM SIGN VIRAMA}",
    "\N{CYRILLIC SMALL LETTER ER}",
    "\N{RATIO}",
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
    "observer": "observer",
    "se rver": "se rver",
    # Keyboards leave these behind.
    "\u200falice\u200e ": "alice",
    " \u061c\u200falice\u200c": "alice",
    "\N{GRINNING FACE}": "\N{GRINNING FACE}",
    "x" * MAX_NAME: "x" * MAX_NAME,
    " " + "x" * MAX_NAME + " ": "x" * MAX_NAME,
}

#: Names with what would be refused elsewhere: joiners, selectors, tags.
_WORLD = {
    "Persian": "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
    "Persian, with a mark": "\u0645\u064e\u200c\u062e",
    "Arabic, half a letter": "\u0647\u200d",
    "Malayalam": "\u0d2e\u0d4b\u0d39\u0d28\u0d4d\u200d",
    "Malayalam, two words": "\u0d28\u0d4d\u200d \u0d28",
    "Sinhala": "\u0dc1\u0dca\u200d\u0dbb\u0dd3",
    "Marathi": "\u0926\u0930\u094d\u200d\u092f\u093e",
    "Bengali": "\u09b0\u200d\u09cd\u09af\u09be\u09ac",
    "Hindi": "\u0938\u0940\u0924\u093e",
    "heart": "ann \u2764\ufe0f",
    "heart, as text": "ann \u2764\ufe0e",
    "keycap": "7\ufe0f\u20e3",
    "family": "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "rainbow flag": "\U0001f3f3\ufe0f\u200d\U0001f308",
    "skin tones": "\U0001f469\U0001f3fd\u200d\U0001f4bb \U0001f44d\U0001f3ff",
    "shrug": "\U0001f937\U0001f3fd\u200d\u2640\ufe0f",
    "flag": "\U0001f1e7\U0001f1f7",
    "Scotland": "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
    # Of 2021, 2022 and 2024: some Pythons do not know them.
    "new emoji": "\U0001fae0\U0001fae8\U0001fae9",
}

#: Joiners, selectors and tags that nobody can see where they stand.
_LOOSE = (
    "a\u200db",
    "a\u200cb",
    "\u200dalice",
    "alice\u200d",
    "\u0645\u200c\u200c\u062e",
    "\u0645\u200d\u200d\u062e",
    "\u0645\u200ca",
    "a\u200c\u0645",
    "\u0645 \u200c\u0645",
    "\U0001f468\u200da",
    "\U0001f468\u200c\U0001f469",
    "\u2764\ufe0f\ufe0f",
    "7\ufe0f",
    "7\ufe0e\u20e3",
    "a\ufe0f\u20e3",
    "a\ufe0f",
    "\ufe0f",
    "\U0001f600\ufe0f",
    "\U0001f3f4\U000e0067\U000e0062\U000e007f",
    "\U000e0067",
)

_LIKE_THE_SERVER = (
    "s\u0435rver",
    "\u0455erver",
    "\u0405ERVER",
    "\u13da\u13acR\u13d9\u13acR",
    "\u10bdse\u0433ver"[1:],
    "\u0455\u0435\u0433v\u0435\u0433",
    "\uff33\u0395R\u0474ER",
    "\U0001d42cerver",
    "\u200fserver\u200f",
)

_LIKE_A_COLON = (
    *(f"ann{colon} yes" for colon in "\u2236\u02d0\ua789\u05c3\u0589\u205a\u1361\u0903\ufe13"),
    "ann\u2236\u0301 yes",
    "ann:\u0301\u3000yes",
)

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
    '{"id"',
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
    *_LIKE_THE_SERVER,
    *_LIKE_A_COLON,
    *_LOOSE,
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
    "format": "\xad\u200b\u200d\u2060\ufeff\u06dd\U000e0041",
    "bidi": "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u206f",
    "surrogates": "\ud800\udbff\udc00\udcff\udfff",
    "unassigned": "\u0378\uffff\U0010ffff",
    "line ends": "\u2028\u2029",
    "zero width": "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180f\u2800\u3164\ufe00\ufe0f\uffa0",
    "zero width, beyond": "\U00013441\U00013442\U00016fe4\U0001d159\U000e0100\U000e0fff",
}


#: Of what becomes of each character: a table that is made anew changes it, nothing else may.
_DIGEST = "3865fc013da069d0"


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

    def test_world(self) -> None:
        """
        People get the names that they have, and emoji, as their keyboards write them.
        """
        names = dict(zip(_WORLD.values(), _WORLD))
        self.assertEqual([names[name] for name in names if not _accepted(name)], [])
        self.assertEqual({cleanName(name): kind for name, kind in names.items()}, names)

    def test_directionMarks(self) -> None:
        """
        They are no part of a name, and within one they are refused.
        """
        for mark in "\u200e\u200f\u061c\u200c":
            self.assertFalse(_accepted(mark))
            error = self.assertRaises(BadName, cleanName, f"al{mark}ice")
            self.assertIn(f"U+{ord(mark):04X}", str(error))

    def test_colonWithin(self) -> None:
        """
        What looks like a colon is part of a name where no blank follows.
        """
        for name in ("build\u22367", "\u0926\u0941\u0903\u0916", "ann\u2236", "\u12a0\u1361\u1260"):
            self.assertEqual(cleanName(name), name)

    def test_likeAnotherServer(self) -> None:
        """
        Nobody looks like a server whose name is not the usual one, in whatever alphabet it is.
        """
        for server, names in {
            "Admin 10": (
                "\u0430dm\u0456n 10",
                "ADMIN lO",
                "adrnin 1\u041e",
                "Admin\u3000\u0661\u0665",
            ),
            "\u0421\u0435\u0440\u0432\u0435\u0440": (
                "ce\u0440\u0432ep",
                "C\u0415\u0420\u0412\u0415\u0420",
            ),
            "\u0645\u06cc\u200c\u062e": ("\u0645\u06cc\u062e", "\u0645\u06cc\u200d\u062e"),
        }.items():
            for name in names:
                self.assertRaises(BadName, cleanName, name, server)
            self.assertEqual(cleanName("server", server), "server")

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

    def test_plain(self) -> None:
        """
        A room takes many newcomers at once: a long name costs no more calls than a short one, where
        it is in ASCII.
        """
        short, long = (pythonCalls(partial(cleanName, name)) for name in ("Xq", "Xq" * 32))
        self.assertEqual(short, long)


class TableTests(SynchronousTestCase):
    """
    Every node judges alike, whatever its Python knows of Unicode.
    """

    def test_alike(self) -> None:
        """
        What becomes of each character between two letters is the same as ever.
        """
        digest = hashlib.sha256()
        for code in chain(range(0x20000), range(0xE0000, 0xE0200)):
            name = f"a{chr(code)}b"
            digest.update((cleanName(name) if _accepted(name) else "!").encode() + b"\n")
        self.assertEqual(digest.hexdigest()[:16], _DIGEST)

    def test_hidesNothing(self) -> None:
        """
        What the tables let pass is visible, as far as this Python knows.
        """
        wrong = [
            f"{code:04x}"
            for code in range(sys.maxunicode + 1)
            if unicodedata.category(chr(code)) in ("Cc", "Cf", "Cs", "Zl", "Zp")
            and _accepted(f"a{chr(code)}b")
        ]
        self.assertEqual(wrong, [])

    def test_newest(self) -> None:
        """
        Letters that some Pythons cannot normalise are not for names yet.
        """
        for letter in ("\u0c5d", "\U0001e290", "\U00010570", "\u1c89"):
            self.assertFalse(_accepted(letter))
