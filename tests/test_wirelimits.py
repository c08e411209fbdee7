"""
What no sender can make the wire format work on for long: long hosts, and bad bytes by the thousand.
"""

import tracemalloc

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.callcount import pythonCalls
from twisted_messenger.errors import WireError
from twisted_messenger.refusal import Reason
from twisted_messenger.wire import (
    MAX_HOST,
    MAX_JSON_PUSH_BYTES,
    MAX_MESSAGE_BYTES,
    MAX_PUSH_BYTES,
    Departure,
    Registration,
    RoomMessage,
    fitsPush,
    formatJSONPush,
    formatPush,
    parse,
    parsePush,
)

#: Whole and broken characters, and bytes that begin, continue or end one.
_PIECES = [b"a", b"\xc3\xab", b"\xe2\x82\xac", b"\xf0\x9f\x98\x80", b"\xc0\xaf", b"\xed\xb3\xbf"]
_PIECES += [b"\xff", b"\x80", b"\xc3", b"\xe2\x82", b"\xe2", b"\xf0\x9f\x98", b"\xf4\x90\x80\x80"]
_bytes = st.lists(st.sampled_from(_PIECES) | st.binary(max_size=3)).map(b"".join)

_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def _model(data: bytes) -> str:
    """
    One bad sequence after the other, each a question mark.
    """
    text = ""
    while True:
        try:
            return text + data.decode()
        except UnicodeDecodeError as error:
            text += data[: error.start].decode() + "?"
            data = data[error.end :]


class HostTests(SynchronousTestCase):
    """
    A host is no longer than a name can be.
    """

    def test_longest(self) -> None:
        """
        A host of 253 characters is taken, whatever it is.
        """
        self.assertEqual(MAX_HOST, 253)
        for character in ("h", "\xeb", "\N{GRINNING FACE}"):
            host = character * 253
            for verb, command in (("connect", Registration), ("leave", Departure)):
                message = f"{verb}_request|ann|{host}|5000".encode()
                self.assertEqual(parse(message), command("ann", host, 5000))

    def test_tooLong(self) -> None:
        """
        One more is malformed, also to leave; the answer does not repeat it.
        """
        for verb in (b"connect_request", b"leave_request"):
            for host in (b"h" * 254, b"1." * 127, b"h" * 60_000, b"\xc3\xab" * 254):
                message = verb + b"|ann|" + host + b"|5000"
                error = self.assertRaises(WireError, parse, message)
                self.assertIs(error.refusal.reason, Reason.MALFORMED)
                self.assertIn("253", error.refusal.detail)
                self.assertLess(len(error.refusal.detail), 100)


class BadBytesTests(SynchronousTestCase):
    """
    Bytes that are not UTF-8.
    """

    @settings(deadline=None)
    @given(_bytes)
    def test_text(self, data: bytes) -> None:
        """
        Each bad sequence becomes one question mark, and nothing else changes.
        """
        expected = _model(data)
        if _REPLACEMENT not in expected:
            self.assertEqual(parsePush(b"<" + data + b">"), f"<{expected}>")
            message = RoomMessage("ci", f"<{expected}>")
            self.assertEqual(parse(b"from:ci|<" + data + b">"), message)

    @settings(deadline=None)
    @given(_bytes)
    def test_name(self, data: bytes) -> None:
        """
        Bad sequences are refused in a name, and anywhere in a registration.
        """
        if b"|" in data:
            return
        try:
            data.decode()
        except UnicodeDecodeError:
            for message in (
                b"from:c" + data + b"i|hello",
                b"connect_request|a" + data + b"n|h|5000",
                b"leave_request|ann|h" + data + b"h|5000",
            ):
                error = self.assertRaises(WireError, parse, message)
                self.assertIs(error.refusal.reason, Reason.BAD_UTF8)

    def test_replacementCharacter(self) -> None:
        """
        A replacement character that was sent as one stays, in a text and in a name.
        """
        sent = f"from:c{_REPLACEMENT}|a{_REPLACEMENT}b?".encode()
        self.assertEqual(parse(sent), RoomMessage(f"c{_REPLACEMENT}", f"a{_REPLACEMENT}b?"))
        self.assertEqual(parsePush(f"a{_REPLACEMENT}b".encode()), f"a{_REPLACEMENT}b")
        registration = f"connect_request|a{_REPLACEMENT}|h|9".encode()
        self.assertEqual(parse(registration), Registration(f"a{_REPLACEMENT}", "h", 9))

    def test_allAtOnce(self) -> None:
        """
        Thousands of bad bytes do not take a call each.
        """
        bad = b"\xff" * (MAX_MESSAGE_BYTES - 8)
        self.assertLess(pythonCalls(lambda: parse(b"from:ci|" + bad)), 100)
        self.assertLess(pythonCalls(lambda: parsePush(bad)), 100)
        self.assertEqual(parse(b"from:ci|" + bad), RoomMessage("ci", "?" * len(bad)))


class FitTests(SynchronousTestCase):
    """
    Whether a push is too long is known without making the short ones.
    """

    @settings(deadline=None)
    @given(
        st.sampled_from(("a", "\N{GRINNING FACE}" * 64, "n" * 64)),
        st.sampled_from(
            ("\n", "\u2028", "\u061c", "\r\n", "x", "\N{GRINNING FACE}", "\x1b", "\x9b")
        ),
        st.integers(-40, 40),
    )
    def test_edge(self, name: str, piece: str, beyond: int) -> None:
        """
        It is so to the byte, whatever the text is made of.
        """
        empty = len(formatPush(name, ""))
        each = len(formatPush(name, piece)) - empty
        text = piece * ((MAX_PUSH_BYTES - empty) // each) + "x" * max(0, beyond)
        text = text[: len(text) + min(0, beyond)]
        self.assertEqual(fitsPush(name, text), len(formatPush(name, text)) <= MAX_PUSH_BYTES)

    @settings(deadline=None)
    @given(
        st.sampled_from(("a", '"' * 64, "\N{GRINNING FACE}" * 64)),
        st.sampled_from(('"', "\\", "\n", "\t", "\x1b", "\x7f", "\x9b", "\u2028", "\u6f22")),
    )
    def test_json(self, name: str, piece: str) -> None:
        """
        What fits as lines is taken by our receivers as JSON too.
        """
        empty = len(formatPush(name, ""))
        each = len(formatPush(name, piece)) - empty
        text = piece * ((MAX_PUSH_BYTES - empty) // each)
        self.assertTrue(fitsPush(name, text))
        push = formatJSONPush(10**18, 1e9 / 3, name, text)
        self.assertLessEqual(len(push), MAX_JSON_PUSH_BYTES)

    def test_short(self) -> None:
        """
        A line of text is not formatted to find out.
        """
        self.assertLess(pythonCalls(lambda: fitsPush("ann", "x" * 1000)), 3)

    def test_manyLines(self) -> None:
        """
        64 KiB of newlines under a long name are refused without making the 13 MB of their push.
        """
        tracemalloc.start()
        self.addCleanup(tracemalloc.stop)
        self.assertFalse(fitsPush("\u6f22" * 64, "\n" * MAX_MESSAGE_BYTES))
        self.assertLess(tracemalloc.get_traced_memory()[1], 4 * MAX_MESSAGE_BYTES)
