"""
What a sender's bytes mean, and what a receiver gets.
"""

import re
import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.test_names import cleanNames, texts
from twisted_messenger.errors import WireError
from twisted_messenger.refusal import Reason
from twisted_messenger.wire import (
    MAX_MESSAGE_BYTES,
    MAX_PUSH_BYTES,
    MIN_MAX_MESSAGE_BYTES,
    Command,
    Departure,
    Registration,
    RoomMessage,
    formatPush,
    formatRegistration,
    formatRoomMessage,
    parse,
    parsePush,
    tooBig,
)

_ALICE = Registration("alice", "127.0.0.1", 47893)

_COMMANDS: dict[bytes, Command] = {
    b"connect_request|alice|127.0.0.1|47893": _ALICE,
    b"connect_request|alice|127.0.0.1|47893\n": _ALICE,
    b"connect_request|alice|127.0.0.1|47893\r\n": _ALICE,
    b" \t\r\nconnect_request|alice|127.0.0.1|47893  ": _ALICE,
    b"\xef\xbb\xbfconnect_request|alice|127.0.0.1|47893": _ALICE,
    b"\xef\xbb\xbf \nconnect_request|alice|127.0.0.1|47893": _ALICE,
    b"connect_request|alice| 127.0.0.1 |47893": _ALICE,
    b"connect_request| alice |127.0.0.1|1": Registration("alice", "127.0.0.1", 1),
    b"connect_request|alice||65535": Registration("alice", "", 65535),
    b"connect_request|alice|::1|10000": Registration("alice", "::1", 10000),
    b"connect_request||h|9": Registration("", "h", 9),
    b"connect_request|from:bob|h|9": Registration("from:bob", "h", 9),
    b"connect_request|Zo\xc3\xab|h|9": Registration("Zo\xeb", "h", 9),
    b"leave_request|alice|127.0.0.1|47893": Departure("alice", "127.0.0.1", 47893),
    b"leave_request|alice| |47893\n": Departure("alice", "", 47893),
    b"from:alice|hello": RoomMessage("alice", "hello"),
    b"from:alice|hello\r\n": RoomMessage("alice", "hello"),
    b"\xef\xbb\xbffrom:alice|hello": RoomMessage("alice", "hello"),
    b"from:alice|": RoomMessage("alice", ""),
    b"from:alice|\n": RoomMessage("alice", ""),
    b"from:|hello": RoomMessage("", "hello"),
    b"from: alice |  hello": RoomMessage("alice", "  hello"),
    b"from:alice|a|b||c": RoomMessage("alice", "a|b||c"),
    b"from:alice|connect_request|x|h|9": RoomMessage("alice", "connect_request|x|h|9"),
    b"from:alice|from:bob|no": RoomMessage("alice", "from:bob|no"),
    b"from:alice|one\r\ntwo\n\nthree\n": RoomMessage("alice", "one\r\ntwo\n\nthree"),
    b"from:alice|\x1b[2J\x00.": RoomMessage("alice", "\x1b[2J\x00."),
    b"from:alice|hello\0": RoomMessage("alice", "hello"),
    b"\0\0from:alice\0\0|\0\0  hel\0lo\r\n\0 \0": RoomMessage("alice", "  hel\0lo"),
    b"from:alice|\0": RoomMessage("alice", ""),
    b"connect_request|alice\0\0\0|127.0.0.1\0 |47893\0\0\n": _ALICE,
    b"leave_request|\0alice|\0|47893": Departure("alice", "", 47893),
    b"from:alice|\xff a \xc0\xaf \xe2\x82": RoomMessage("alice", "? a ?? ?"),
    b"from:alice|\xed\xb3\xbf.": RoomMessage("alice", "???."),
    b"from:alice|\xf0\x9f\x98\x80": RoomMessage("alice", "\N{GRINNING FACE}"),
}

_NO_PREFIX = [b"hello", b"alice: hello", b"From:alice|hello", b"xfrom:alice|hello", b"from :a|b"]
_NO_PREFIX += [b"say from:a|b", b"\xfffrom:a|b", b"fr\xffom:a|b", b"a: connect_request|x|h|9"]
_NO_PREFIX += [b"CONNECT_REQUEST|a|h|9", b"connect_request:a|h|9", b"unregister_request|a|h|9"]
_NO_PREFIX += [b"", b"\n", b" \r\n\t", b"\xef\xbb\xbf", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"]
_NO_PREFIX += [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"connect_request", b"from"]

_WRONG_FIELDS = [b"from:", b"from:alice", b"from:alice hello"]
_WRONG_FIELDS += [
    verb + fields
    for verb in (b"connect_request", b"leave_request")
    for fields in (b"|", b"|a", b"|a|h", b"|a|9", b"|a|h|9|ttl=1", b"|a|h|9|json|ack", b"|a|b|h|9")
]

_NO_NUMBERS = ("", " 9", "9 9", "-1", "+80", "9.0", "9e3", "1_0", "0x50", "http", "9\n9", "9\x009")
_OTHER_DIGITS = ("\N{ARABIC-INDIC DIGIT NINE}", "\N{FULLWIDTH DIGIT NINE}", "\N{SUPERSCRIPT TWO}")
_OUT_OF_RANGE = ("0", "00", "080", "65536", "99999", "100000", "9" * 5000)

_BAD_UTF8 = (
    b"connect_request|al\xffice|h|9",
    b"connect_request|alice|h\xc3|9",
    b"connect_request|alice|h|9\x80",
    b"connect_request|\xc0\xafetc|h|9",
    b"connect_request|\xed\xa0\x80|h|9",
    b"leave_request|al\xffice|h|9",
    b"leave_request|alice|\xf5|9",
    b"leave_request|alice|h|\xfe9",
    b"from:al\xffice|hello",
    b"from:\xf0\x9f\x98|hello",
)


def _reason(data: bytes, maxBytes: int = MAX_MESSAGE_BYTES) -> Reason | str | None:
    """
    Why the bytes are refused; ``None`` where they are a message.
    """
    try:
        parse(data, maxBytes)
    except WireError as error:
        return error.refusal.reason
    return None


class ParseTests(SynchronousTestCase):
    """
    A message is what its sender meant, or it is refused with a reason.
    """

    def test_commands(self) -> None:
        """
        Messages of people, netcat and the tutorial's programs are understood.
        """
        self.assertEqual({data: parse(data) for data in _COMMANDS}, _COMMANDS)

    def test_malformed(self) -> None:
        """
        What is no message is refused, and nothing is relayed that has no known prefix.
        """
        messages = _NO_PREFIX + _WRONG_FIELDS
        expected = dict.fromkeys(messages, Reason.MALFORMED)
        self.assertEqual({data: _reason(data) for data in messages}, expected)

    def test_ports(self) -> None:
        """
        A port is said in one way only, for registering and for leaving.
        """
        ports = _NO_NUMBERS + _OTHER_DIGITS + _OUT_OF_RANGE
        for verb in ("connect_request", "leave_request"):
            reasons = {port: _reason(f"{verb}|alice|h|{port}".encode()) for port in ports}
            self.assertEqual(reasons, dict.fromkeys(ports, Reason.MALFORMED))

    def test_badSequences(self) -> None:
        """
        A name or an address that is not UTF-8 is refused, not guessed.
        """
        expected = dict.fromkeys(_BAD_UTF8, Reason.BAD_UTF8)
        self.assertEqual({data: _reason(data) for data in _BAD_UTF8}, expected)

    def test_utf16(self) -> None:
        """
        PowerShell and Java write UTF-16, which their users cannot see; the refusal tells them.
        """
        for said in (
            "from:ps|hi\r\n",
            "connect_request|a|h|9",
            "\n from:a|b",
            "hello",
            "from:早|早",
        ):
            for encoding, mark in (
                ("utf-16-le", b"\xff\xfe"),
                ("utf-16-be", b"\xfe\xff"),
                ("utf-16-le", b""),
                ("utf-16-be", b""),
            ):
                error = self.assertRaises(WireError, parse, mark + said.encode(encoding))
                self.assertIs(error.refusal.reason, Reason.BAD_UTF8)
                self.assertIn("UTF-16", error.refusal.detail)
        for data in (
            b"",
            b"\0",
            b"\0\0",
            b"\0" * 9,
            b"h\0",
            b"hello\0\0\0",
            b"a\0b\0cdef",
            b"from\0",
        ):
            self.assertIs(_reason(data), Reason.MALFORMED, data)

    def test_refusalSaysHow(self) -> None:
        """
        Somebody who types by hand reads what to type instead.
        """
        for data, hint in {
            b"hello": "from:NAME|TEXT",
            b"from:alice": "from:NAME|TEXT",
            b"connect_request|a": "connect_request|NAME|HOST|PORT",
            b"leave_request|a": "leave_request|NAME|HOST|PORT",
            b"connect_request|a|h|http": "http",
        }.items():
            error = self.assertRaises(WireError, parse, data)
            self.assertIn(hint, error.refusal.detail)
            self.assertEqual(str(error), error.refusal.detail)

    def test_secret(self) -> None:
        """
        Where a field was left out, a key stands in place of the port; it is not told, and so not
        logged.
        """
        for port in ("key=correct-horse", "key=correct-horse|json", "9000 key=correct-horse"):
            for verb in ("connect_request", "leave_request"):
                error = self.assertRaises(WireError, parse, f"{verb}|a|h|{port}".encode())
                self.assertIs(error.refusal.reason, Reason.MALFORMED)
                self.assertNotIn("horse", error.refusal.detail)

    def test_cutAnywhere(self) -> None:
        """
        A message that lost its end is a shorter one of its kind or a refusal, never a failure.
        """
        for data, whole in _COMMANDS.items():
            for length in range(len(data)):
                cut = data[:length]
                if _reason(cut) is None:
                    self.assertIs(type(parse(cut)), type(whole), cut)

    @settings(deadline=None)
    @given(
        st.sampled_from([b"", b"from:", b"connect_request|", b"leave_request|a|", b"\xef\xbb\xbf"]),
        st.binary(max_size=200) | texts.map(lambda text: text.encode()),
    )
    def test_anyBytes(self, start: bytes, rest: bytes) -> None:
        """
        Whatever bytes come in, the answer is a message or a refusal.
        """
        try:
            command = parse(start + rest)
        except WireError:
            return
        self.assertIsInstance(command, Command)


class SizeTests(SynchronousTestCase):
    """
    A message has a longest size, and a line end does not count.
    """

    def test_limit(self) -> None:
        """
        64 KiB pass, with netcat's line end or without; one byte more does not.
        """
        self.assertEqual(MAX_MESSAGE_BYTES, 65536)
        full = b"from:alice|".ljust(MAX_MESSAGE_BYTES, b"x")
        for end in (b"", b"\n", b"\r\n"):
            self.assertIsNone(_reason(full + end))
            self.assertIs(_reason(full + b"x" + end), Reason.TOO_BIG)
        self.assertIs(_reason(full + b"\n\n"), Reason.TOO_BIG)

    def test_otherLimit(self) -> None:
        """
        An operator's own limit holds, and the refusal tells it.
        """
        self.assertIsNone(_reason(b"from:a|bc\n", 9))
        self.assertIs(_reason(b"from:a|bcd", 9), Reason.TOO_BIG)
        self.assertIn("9 bytes", tooBig(9).refusal.detail)

    def test_theOtherSizes(self) -> None:
        """
        32 KiB always pass, and receivers take at least 256 KiB.
        """
        self.assertEqual((MIN_MAX_MESSAGE_BYTES, MAX_PUSH_BYTES), (32768, 262144))


class PushTests(SynchronousTestCase):
    """
    A member sees who said each line, and nothing that moves the cursor.
    """

    def test_format(self) -> None:
        """
        Every line begins with the name; control characters are shown.
        """
        for text, push in {
            "hi": b"alice: hi",
            "": b"alice: ",
            "  hi": b"alice:   hi",
            "a|b": b"alice: a|b",
            "one\r\ntwo\nthree": b"alice: one\nalice: two\nalice: three",
            "hi\nbob: no": b"alice: hi\nalice: bob: no",
            "\x1b[2J\r\t\x9b": b"alice: \\x1b[2J\\x0d\t\\x9b",
            "\u2028\u202e": b"alice: \\u2028\\u202e",
            "\xeb": b"alice: \xc3\xab",
        }.items():
            self.assertEqual(formatPush("alice", text), push)

    @settings(deadline=None)
    @given(cleanNames, texts | st.text(st.characters(codec=None), max_size=80))
    def test_everyLine(self, name: str, text: str) -> None:
        """
        However a receiver splits a push into lines, each carries the name and shows plainly.
        """
        push = formatPush(name, text).decode()
        self.assertEqual([x for x in push.splitlines() if not x.startswith(f"{name}: ")], [])
        controls = {c for c in push if unicodedata.category(c) in ("Cc", "Zl", "Zp")}
        self.assertLessEqual(controls, {"\t", "\n"})

    def test_received(self) -> None:
        """
        A receiver drops the blanks around a text and shows each bad sequence as one mark.
        """
        for data, text in {
            b"alice: hi\n": "alice: hi",
            b" \r\n raw \t": "raw",
            b"": "",
            b"a\xff\xe2\x82b\xc3": "a??b?",
            b"\x1b[0m": "\x1b[0m",
            b"\0 alice: h\0i\0\n\0": "alice: h\0i",
        }.items():
            self.assertEqual(parsePush(data), text)


class RoundTripTests(SynchronousTestCase):
    """
    What our peers send is what our server reads.
    """

    @settings(deadline=None)
    @given(cleanNames, texts)
    def test_roomMessage(self, name: str, text: str) -> None:
        """
        A text arrives as it was said, but for blanks at its end, and NULs at its ends.
        """
        expected = re.sub(r"[\s\0]+\Z|\A\0+", "", text)
        self.assertEqual(parse(formatRoomMessage(name, text)), RoomMessage(name, expected))

    @settings(deadline=None)
    @given(st.text("a\0", min_size=1, max_size=3), texts)
    def test_nul(self, ends: str, text: str) -> None:
        """
        Blanks and NULs around a message are dropped in any order.
        """
        blanks = "".join(chr(code) for code in range(0x10000) if chr(code).isspace())
        padded = f"\0{blanks}\0from:ci|{ends}{text}.{blanks}\0 \0"
        self.assertEqual(parse(padded.encode()), RoomMessage("ci", f"{ends}{text}.".lstrip("\0")))

    @settings(deadline=None)
    @given(cleanNames, st.ip_addresses().map(str), st.integers(1, 65535))
    def test_registration(self, name: str, host: str, port: int) -> None:
        """
        A callback address arrives as it was given.
        """
        self.assertEqual(
            parse(formatRegistration(name, host, port)), Registration(name, host, port)
        )
