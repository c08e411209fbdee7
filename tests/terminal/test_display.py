"""
What a person gets to see, and when it was said.
"""

import json
from datetime import datetime, timedelta

from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.peer.addressbook import AddressBook
from twisted_messenger.peer.arrival import Arrival, fromRoom, names
from twisted_messenger.peer.ownmessage import OwnMessage, State
from twisted_messenger.terminal.display import Display
from twisted_messenger.terminal.timestamps import Timestamps, isoTime
from twisted_messenger.terminal.transcript import Line, plain

NOON = datetime(2024, 5, 1, 12, 0)


def push(text: str, said: float | None = None) -> Arrival:
    """
    Bob says something in a room.
    """
    fields = {"id": 1, "time": NOON.timestamp() if said is None else said}
    whole = json.dumps({**fields, "name": "bob", "text": text})
    return fromRoom(AddressBook(), "127.0.0.1", 47893, whole)


class DisplayTestCase(SynchronousTestCase):
    """
    A terminal at noon.
    """

    def setUp(self) -> None:
        """
        Nothing was shown yet.
        """
        self.now = NOON
        self.make(False)

    def make(self, always: bool, *, cuts: bool = True) -> None:
        """
        Begin anew.
        """
        self.display = Display(Timestamps(lambda: self.now, always), cuts=cuts)

    def shown(self, lines: list[Line]) -> list[str]:
        """
        Lines as texts.
        """
        return [plain(line) for line in lines]

    def heard(self, text: str, said: float | None = None) -> list[str]:
        """
        What is shown when bob says something.
        """
        return self.shown(self.display.heard(push(text, said)))


class TimeTests(DisplayTestCase):
    """
    Times and dates.
    """

    def test_waited(self) -> None:
        """
        A message that waited has the time at which it was said, and the date of another day.
        """
        self.now = NOON + timedelta(seconds=50)
        self.assertEqual(self.heard("hi"), ["bob: hi"])
        self.now = NOON + timedelta(minutes=2)
        self.assertEqual(self.heard("hi"), ["12:00 bob: hi"])
        yesterday = NOON - timedelta(days=1)
        self.assertEqual(self.heard("hi", yesterday.timestamp()), ["2024-04-30 12:00 bob: hi"])

    def test_always(self) -> None:
        """
        With --time each has one; that of a server whose clock is ahead is ours.
        """
        self.make(True)
        self.assertEqual(self.heard("hi", NOON.timestamp() + 3600), ["12:00 bob: hi"])
        own = OwnMessage("hello", "ann", State.SENT)
        self.assertIn("12:00 ann> hello", self.shown(self.display.said(own))[0])

    def test_nonsense(self) -> None:
        """
        A time that is none is not shown.
        """
        for said in (1e300, -1e300, float("inf"), float("nan")):
            self.assertEqual(self.heard("hi", said), ["bob: hi"])
            self.assertIsNone(isoTime(said))

    def test_newDay(self) -> None:
        """
        The date stands between two days, in front of whatever comes first.
        """
        for showing in (
            lambda: self.heard("hi"),
            lambda: self.shown(self.display.said(OwnMessage("hello", "ann", State.SENT))),
            lambda: self.shown(self.display.told("joined as ann")),
        ):
            self.now = NOON
            self.make(False)
            self.assertEqual(len(showing()), 1)
            self.now = NOON + timedelta(hours=13)
            self.assertEqual(showing()[0], "* Thursday, 2024-05-02")
            self.assertEqual(len(showing()), 1)

    def test_pipe(self) -> None:
        """
        A pipe has nothing between its messages.
        """
        self.now = NOON + timedelta(days=1)
        lines = self.shown(self.display.piped(push("hi", self.now.timestamp())))
        self.assertEqual(lines, ["bob: hi"])


class FullTests(DisplayTestCase):
    """
    What is too long.
    """

    def test_inFull(self) -> None:
        """
        Where a message is cut it is said how to get all of it, and that works; the last one needs
        no number.
        """
        for number, text in ((1, "x" * 3000), (2, "y\n" * 100)):
            *_, last = self.heard(text)
            self.assertIn(f"/more {number})", last)
        self.assertEqual(self.shown(self.display.inFull(1)), [f"bob: {'x' * 3000}"])
        for which in (2, None):
            self.assertEqual(self.shown(self.display.inFull(which))[99:], ["bob: y", "bob: "])

    def test_own(self) -> None:
        """
        So is what one said oneself.
        """
        (line,) = self.shown(self.display.said(OwnMessage("x" * 3000, "ann", State.SENT)))
        self.assertIn("1000 more characters; /more 1)", line)
        self.assertTrue(line.endswith("sent"))
        self.assertEqual(self.shown(self.display.inFull(1)), ["x" * 3000])

    def test_bounded(self) -> None:
        """
        The last twenty are kept; short messages are not among them.
        """
        for _ in range(21):
            self.heard("x" * 3000)
            self.heard("x")
        self.assertEqual(self.display.inFull(1), [])
        self.assertEqual(self.display.inFull(22), [])
        self.assertEqual(len(self.display.inFull(2)), 1)
        self.make(False)
        self.assertEqual(self.display.inFull(None), [])

    def test_nobodyCanAsk(self) -> None:
        """
        Where no commands are typed, everything is shown.
        """
        self.make(False, cuts=False)
        self.assertEqual(self.heard("x" * 3000), [f"bob: {'x' * 3000}"])


class NamedTests(SynchronousTestCase):
    """
    Whether a message has somebody's name in it.
    """

    def test_names(self) -> None:
        """
        As a word of its own, however it is written.
        """
        for text in ("ann", "hi ANN!", "one\nann: two", "@ann,"):
            self.assertTrue(names("Ann", push(text)), text)
        for text in ("", "anna", "hannah", "bob"):
            self.assertFalse(names("Ann", push(text)), text)
        self.assertTrue(names("a.b*", push("hello a.b* there")))
