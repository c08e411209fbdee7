"""
What a room pushes, taken apart.
"""

import json

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.address import IPv4Address
from twisted.trial.unittest import SynchronousTestCase

from tests.test_names import cleanNames, texts
from twisted_messenger.heard import Heard
from twisted_messenger.names import MAX_NAME
from twisted_messenger.text import escape
from twisted_messenger.wire import formatJSONPush, formatPush, parsePush


class PlainTests(SynchronousTestCase):
    """
    Pushes as members get them that asked for nothing else.
    """

    def test_read(self) -> None:
        """
        The name is apart from the text, and from each further line of it.
        """
        for push, name, text in (
            ("ann: hi", "ann", "hi"),
            ("ann: 10: 30", "ann", "10: 30"),
            ("ann: one\nann: two\nann:", "ann", "one\ntwo\n"),
            ("ann: one\r\nann: \r\nann: two", "ann", "one\n\ntwo"),
            ("ann: ann: hi", "ann", "ann: hi"),
            ("ann:", "ann", ""),
            ("a:b: hi", "a:b", "hi"),
            ("{x}: hi", "{x}", "hi"),
        ):
            self.assertEqual(Heard.read(push), Heard(name, text), push)

    def test_nobodySpeaks(self) -> None:
        """
        A friend's raw text, and lines that not one name is in front of, are no push.
        """
        for text in (
            *("", "hello", "hello\nann: hi", ": hi", "a:b", "ann:\nann: hi"),
            *("ann: hi\nbob: forged", "ann: hi\nmore", "ann: hi\nann:more", "al: hi\nalice: hi"),
            "n" * (MAX_NAME + 1) + ": hi",
        ):
            self.assertIsNone(Heard.read(text), text)

    def test_sender(self) -> None:
        """
        Where it came from is kept with it.
        """
        address = IPv4Address("TCP", "10.0.0.7", 47893)
        heard = Heard.read("ann: hi", address)
        assert heard is not None
        self.assertIs(heard.sender, address)
        self.assertEqual((heard.id, heard.time), (None, None))

    @settings(deadline=None)
    @given(cleanNames, texts)
    def test_ourPushes(self, name: str, text: str) -> None:
        """
        Whatever somebody says is read as it was shown, and of nobody else.
        """
        heard = Heard.read(parsePush(formatPush(name, text)))
        assert heard is not None
        self.assertEqual(heard.name, name)
        shown = escape(text.replace("\r\n", "\n"))
        self.assertEqual(heard.text.rstrip(), shown.rstrip())


class JSONTests(SynchronousTestCase):
    """
    Pushes as members get them that asked for JSON.
    """

    def test_read(self) -> None:
        """
        Position and time come with it, and the text is as it was said.
        """
        push = parsePush(formatJSONPush(7, 12.5, "ann", "one\n\x1btwo"))
        self.assertEqual(Heard.read(push), Heard("ann", "one\n\x1btwo", 7, 12.5))

    def test_notice(self) -> None:
        """
        What the room itself says has no position.
        """
        push = parsePush(formatJSONPush(None, 12, "server", "2 messages were dropped"))
        self.assertEqual(Heard.read(push), Heard("server", "2 messages were dropped", None, 12))

    def test_noPush(self) -> None:
        """
        Objects that are none of ours, and what only begins like one.
        """
        good = {"id": 1, "time": 2, "name": "ann", "text": "hi"}
        for wrong in ({"id": True}, {"id": "1"}, {"time": None}, {"name": 7}, {"text": ["hi"]}):
            self.assertIsNone(Heard.read(json.dumps(good | wrong)), wrong)
        for text in ('{"', '{"id": 1', '{"a": ' + "[" * 200_000, json.dumps({"id": 1}) + "x"):
            self.assertIsNone(Heard.read(text), text[:20])
        self.assertIsNone(Heard.read('{"id": 1}'))

    def test_halfCharacter(self) -> None:
        """
        What comes can be printed, whatever it was spelled like.
        """
        heard = Heard.read('{"id": 1, "time": 2, "name": "a\\ud800", "text": "\\udfff!"}')
        self.assertEqual(heard, Heard("a?", "?!", 1, 2))

    @settings(deadline=None)
    @given(cleanNames, texts, st.integers(1), st.floats(0, 1e10))
    def test_ourPushes(self, name: str, text: str, position: int, time: float) -> None:
        """
        Whatever somebody says comes out of it as it went in.
        """
        heard = Heard.read(parsePush(formatJSONPush(position, time, name, text)))
        self.assertEqual(heard, Heard(name, text, position, time))

    @settings(deadline=None)
    @given(cleanNames, texts)
    def test_noDisguise(self, name: str, text: str) -> None:
        """
        No name and no text make a plain push that is read as an object.
        """
        heard = Heard.read(parsePush(formatPush(name, text)))
        assert heard is not None
        self.assertEqual((heard.name, heard.id), (name, None))
