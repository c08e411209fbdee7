"""
The lines that are shown.
"""

import json

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.peer.addressbook import AddressBook, Friend
from twisted_messenger.peer.arrival import Arrival, fromFriend, fromRoom
from twisted_messenger.peer.ownmessage import Fate, OwnMessage, State, pendingLines
from twisted_messenger.terminal.transcript import (
    MAX_SHOWN,
    MAX_SHOWN_LINES,
    Line,
    asJSON,
    cut,
    cutLines,
    noticeLine,
    own,
    ownLines,
    ownNotice,
    ownWaiting,
    plain,
    prefix,
    whole,
)

HOST, PORT = "127.0.0.1", 47893
NOBODY = AddressBook()


def texts(lines: list[Line]) -> list[str]:
    """
    Lines without their roles.
    """
    return [plain(line) for line in lines]


def friendly(text: str, book: AddressBook = NOBODY) -> list[str]:
    """
    A friend's text as a pipe gets it.
    """
    return texts(whole(fromFriend(book, HOST, PORT, text)))


def pushed(text: str) -> list[str]:
    """
    A push as a pipe gets it.
    """
    return texts(whole(fromRoom(NOBODY, HOST, PORT, text)))


class ArrivalTests(SynchronousTestCase):
    """
    What came from the network.
    """

    def test_friend(self) -> None:
        """
        A friend's lines have the tutorial's address in front, each of them, and can do nothing.
        """
        self.assertEqual(
            friendly("hi\r\n\x1b[2J\u202e"),
            ["('127.0.0.1', 47893): hi", "('127.0.0.1', 47893): \\x1b[2J\\u202e"],
        )
        self.assertEqual(friendly(""), ["('127.0.0.1', 47893): "])

    def test_friendInTheBook(self) -> None:
        """
        A friend whose address is in the book has the name beside it.
        """
        book = AddressBook()
        book.add(Friend(HOST, 8881, "bob"))
        self.assertEqual(friendly("hi", book), ["bob ('127.0.0.1', 47893): hi"])

    def test_json(self) -> None:
        """
        A push in JSON is shown as any other, each line under the name, and can do nothing either;
        what is no push has its address.
        """
        push = {"id": 7, "time": 1.5, "name": "bob", "text": "hi\r\n\x1b[2J"}
        self.assertEqual(pushed(json.dumps(push)), ["bob: hi", "bob: \\x1b[2J"])
        self.assertEqual(fromRoom(NOBODY, HOST, PORT, json.dumps(push)).said, 1.5)
        evil = json.dumps({**push, "name": "bob\n\x1b* joined", "text": ""})
        self.assertEqual(pushed(evil), ["bob\\x0a\\x1b* joined: "])
        for other in ('{"id": 7', json.dumps({**push, "name": ""}), json.dumps({"text": "hi"})):
            self.assertEqual(pushed(other), [f"('127.0.0.1', 47893): {other}"])

    def test_room(self) -> None:
        """
        A push is shown as it came, its second line under its own name.
        """
        for push, shown in (
            ("ann: hi", ["ann: hi"]),
            ("ann: hi\nbob: no", ["ann: hi", "ann: bob: no"]),
            ("ann: hi\nann: more\nann:", ["ann: hi", "ann: more", "ann: "]),
            ("ann:", ["ann: "]),
            ("ann: a: b", ["ann: a: b"]),
            ("ann: \x1b[2J", ["ann: \\x1b[2J"]),
        ):
            self.assertEqual(pushed(push), shown)

    def test_noPush(self) -> None:
        """
        What has no name in front, or one that cannot be any, did not come from a server: it shows
        where it came from.
        """
        for text in ("hello", "* joined as ann", "a\nbob: b", "x" * 65 + ": hi", ": hi", "a:\nb"):
            for line in pushed(text):
                self.assertTrue(line.startswith("('127.0.0.1', 47893): "), line)

    @settings(deadline=None)
    @given(st.text(max_size=200))
    def test_nothingForged(self, text: str) -> None:
        """
        Whatever comes, every line has the same front, and can be written.
        """
        for read in (fromRoom, fromFriend):
            arrival = read(NOBODY, HOST, PORT, text)
            front = plain(prefix(arrival))
            for line in texts(whole(arrival)):
                self.assertTrue(line.startswith(front))
                self.assertNotIn("\n", line)
                self.assertNotIn("\x1b", line)
                line.encode()

    def test_roles(self) -> None:
        """
        A name has its colour's role, an address a quiet one, the text none.
        """
        (line,) = whole(fromRoom(NOBODY, HOST, PORT, "ann: hi"), "12:34")
        self.assertEqual(line, [("time", "12:34 "), ("name3", "ann"), ("", ": "), ("", "hi")])
        (line,) = whole(fromFriend(NOBODY, HOST, PORT, "hi"))
        self.assertEqual(line[0], ("address", "('127.0.0.1', 47893)"))


class CutTests(SynchronousTestCase):
    """
    What a terminal gets of a very long message.
    """

    def test_short(self) -> None:
        """
        What fits is whole.
        """
        for lines in (["one"], ["x" * MAX_SHOWN], ["x"] * MAX_SHOWN_LINES, [""]):
            self.assertEqual(cutLines(lines), lines)

    def test_longLine(self) -> None:
        """
        A long line ends in an ellipsis, and says how much is missing.
        """
        (line,) = cutLines(["x" * (MAX_SHOWN + 7)])
        self.assertEqual(line, "x" * MAX_SHOWN + "\u2026 (7 more characters)")
        *_, last = cutLines(["x" * (MAX_SHOWN - 1), "yy", "zzz"])
        self.assertEqual(last, "y\u2026 (4 more characters)")

    def test_manyLines(self) -> None:
        """
        Many lines end in a line that says how many are missing.
        """
        lines = cutLines(["x"] * (MAX_SHOWN_LINES + 3))
        self.assertEqual(len(lines), MAX_SHOWN_LINES + 1)
        self.assertEqual(lines[-1], "\u2026 (3 more lines)")

    def test_pipe(self) -> None:
        """
        A pipe gets all of it.
        """
        self.assertEqual(len(friendly("x" * 100_000)[0]), 100_000 + len("('127.0.0.1', 47893): "))
        (shown,) = texts(cut(fromFriend(NOBODY, HOST, PORT, "x" * 100_000)))
        self.assertLess(len(shown), MAX_SHOWN + 100)

    def test_marks(self) -> None:
        """
        On a terminal, where notices stand among messages, no name passes for a notice.
        """
        for name in ("* joined", "*", "> x"):
            (shown,) = texts(cut(fromRoom(NOBODY, HOST, PORT, f"{name}: hi")))
            self.assertFalse(shown.startswith(("* ", "> ")), shown)
        self.assertEqual(texts(cut(fromRoom(NOBODY, HOST, PORT, "ann: hi"))), ["ann: hi"])


class JSONTests(SynchronousTestCase):
    """
    ``--json``
    """

    def test_fields(self) -> None:
        """
        One object on one line, of characters that can be searched for.
        """
        line = asJSON(fromRoom(NOBODY, HOST, PORT, "ann: gr\u00fcezi\nann: two\u202e"), "then")
        self.assertNotIn("\n", line)
        self.assertIn("gr\u00fcezi", line)
        self.assertNotIn("\u202e", line)
        self.assertEqual(
            json.loads(line),
            {
                "time": "then",
                "said": None,
                "name": "ann",
                "text": "gr\u00fcezi\ntwo\\u202e",
                "host": HOST,
                "port": PORT,
            },
        )

    def test_nobody(self) -> None:
        """
        A stranger has no name.
        """
        self.assertIsNone(json.loads(asJSON(fromFriend(NOBODY, HOST, PORT, "x"), ""))["name"])


class OwnTests(SynchronousTestCase):
    """
    What the person said.
    """

    def message(self, state: State, detail: str = "", text: str = "hello") -> OwnMessage:
        """
        A message that ended so.
        """
        message = OwnMessage(text, "ann")
        message.settle(Fate(state, detail))
        return message

    def test_states(self) -> None:
        """
        Every state is a word, and a mark.
        """
        for state, detail, shown in (
            (State.SENT, "", "ann> hello  \u2713 sent"),
            (State.WAITING, "bob is away", "ann> hello  \u2026 waiting: bob is away"),
            (State.REFUSED, "rate: no", "ann> hello  \u2717 refused: rate: no"),
            (State.UNKNOWN, "broke", "ann> hello  ? unknown: broke"),
        ):
            message = self.message(state, detail)
            self.assertEqual(texts(own(message, ["hello"])), [shown])
            self.assertEqual(plain(ownWaiting(message)), shown)
            self.assertIn(f"{state.value}", ownNotice(message))
            self.assertIn("[hello]", ownNotice(message))

    def test_lines(self) -> None:
        """
        The state stands behind the last of several lines, the time in front of the first.
        """
        message = self.message(State.SENT, text="one\ntwo\x1b")
        self.assertEqual(
            texts(own(message, ownLines(message), "12:34")),
            ["12:34 ann> one", "> two\\x1b  \u2713 sent"],
        )
        self.assertEqual(plain(ownWaiting(message)), "ann> one\\x0atwo\\x1b  \u2713 sent")

    def test_hostileDetail(self) -> None:
        """
        The other side's words can do nothing.
        """
        message = self.message(State.REFUSED, "no\n\x1b[2J")
        for shown in (*texts(own(message, ["hello"])), ownNotice(message)):
            self.assertIn("no\\x0a\\x1b[2J", shown)

    def test_pending(self) -> None:
        """
        What waits is listed; many are counted.
        """
        self.assertEqual(pendingLines([], 0), ["nothing waits"])
        waiting = [OwnMessage("one", "to bob"), OwnMessage("t\nwo", "to bob")]
        self.assertEqual(
            pendingLines(waiting, 2), ["waiting: to bob> one", "waiting: to bob> t\\x0awo"]
        )
        self.assertEqual(pendingLines(waiting, 9)[-1], "and 7 more wait")


class NoticeTests(SynchronousTestCase):
    """
    What is not a message.
    """

    def test_oneLine(self) -> None:
        """
        A notice is one line, whatever the other side's words in it are.
        """
        line = noticeLine("bob answered: thanks\nbob: forged\x1b[2J")
        self.assertEqual(line, "* bob answered: thanks\\x0abob: forged\\x1b[2J")

    def test_shape(self) -> None:
        """
        An arrival's parts are as they were given.
        """
        arrival = Arrival(HOST, PORT, "", ("a",), False)
        self.assertEqual(plain(prefix(arrival)), "('127.0.0.1', 47893): ")
