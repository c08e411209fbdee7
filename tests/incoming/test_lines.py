"""
What several lines of one connection mean.
"""

from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.errors import WireError
from twisted_messenger.incoming.lines import Voice, nameIn, readLines
from twisted_messenger.wire import Command, Departure, Registration, RoomMessage

_ANN = Voice("ann", False)
_FREE = Voice("ann", True)


def _read(data: bytes, voice: Voice | None = None) -> list[Command]:
    return readLines(data, voice)[0]


class SpeakingTests(SynchronousTestCase):
    """
    A connection that began with a message: all is said by its name.
    """

    def test_first(self) -> None:
        """
        The lines after the first one are said by the same name, in the same message.
        """
        for second in (b"\ntwo\n", b"\r\ntwo\r\n", b"\nfrom:ann|two\n"):
            data = b"from:ann|one" + second
            self.assertEqual(readLines(data, None), ([RoomMessage("ann", "one\ntwo")], _ANN))

    def test_further(self) -> None:
        """
        So are later ones, with the verb or without.
        """
        for data in (b"one\ntwo\n", b"from:ann|one\ntwo", b"one\nfrom: ann |two\r\n"):
            self.assertEqual(readLines(data, _ANN), ([RoomMessage("ann", "one\ntwo")], _ANN))

    def test_sameName(self) -> None:
        """
        A name is the same in each of its spellings.
        """
        self.assertEqual(_read("from:\uff41nn|hi\n".encode(), _ANN), [RoomMessage("ann", "hi")])

    def test_nobodyElse(self) -> None:
        """
        Any other verb is text: a line in a log cannot register, leave, or speak as somebody else.
        """
        for line in (
            "from:bob|hi",
            "from:ann",
            "from:|hi",
            "from:a\x1bn|hi",
            "connect_request|bob|localhost|9000",
            "leave_request|ann|localhost|9000",
        ):
            for before, voice in ((b"", _ANN), (b"from:ann|x\n", None)):
                text = line if voice else f"x\n{line}"
                read = _read(before + line.encode() + b"\n", voice)
                self.assertEqual(read, [RoomMessage("ann", text)])

    def test_blanks(self) -> None:
        """
        Blanks at the end are dropped, those in front of a line are kept, as are lines without
        anything between others. Nothing but blanks is nothing.
        """
        self.assertEqual(_read(b"  x \n\n y\n \n", _ANN), [RoomMessage("ann", "  x \n\n y")])
        self.assertEqual(_read(b"from:ann|\n", _ANN), [RoomMessage("ann", "")])
        for data in (b"\n", b" \r\n\n"):
            self.assertEqual(_read(data, _ANN), [])

    def test_blanksOfAnyAlphabet(self) -> None:
        """
        What is blank at the end of a message that an end of file ends, is blank here, too.
        """
        for blanks in ("\u3000\n", "\xa0\n \n", "\x85\u2028"):
            lines = f"from:ann|one\n{blanks}".encode()
            self.assertEqual(_read(lines), [RoomMessage("ann", "one")])
            self.assertEqual(_read(f"two\n{blanks}".encode(), _ANN), [RoomMessage("ann", "two")])
            self.assertEqual(_read(blanks.encode(), _ANN), [])
        # Half of such a blank is none.
        self.assertEqual(_read(b"two\n\xe3\x80\n", _ANN), [RoomMessage("ann", "two\n?")])

    def test_nul(self) -> None:
        """
        A NUL at the ends of a line is nothing, as of a program in C that sends it with its text.
        """
        data = b"from:ann|one\n\0two\0\n\0"
        self.assertEqual(_read(data), [RoomMessage("ann", "one\ntwo")])
        self.assertEqual(_read(b"\0three\n\0", _ANN), [RoomMessage("ann", "three")])
        self.assertEqual(_read(b"\0", _ANN), [])

    def test_badUTF8(self) -> None:
        """
        A bad sequence becomes a question mark.
        """
        self.assertEqual(_read(b"\xff\n", _ANN), [RoomMessage("ann", "?")])

    def test_afterLeaving(self) -> None:
        """
        Who has left may still speak, but do nothing else.
        """
        commands = _read(b"leave_request|ann|localhost|9000\nconnect_request|ann||9000\n")
        self.assertEqual(
            commands,
            [Departure("ann", "localhost", 9000), RoomMessage("ann", "connect_request|ann||9000")],
        )

    def test_noCommand(self) -> None:
        """
        The first line must be a command.
        """
        for data in (b"hello\nfrom:ann|hi\n", b"\n\n", b"from:ann\nfrom:ann|hi\n"):
            self.assertRaises(WireError, readLines, data, None)


class RegisteredTests(SynchronousTestCase):
    """
    A connection that began with a registration: each verb is obeyed.
    """

    def test_everyVerb(self) -> None:
        """
        Every line with a verb is a command of its own.
        """
        data = b"connect_request|ann||9000\nfrom:ann|one\nfrom:bob|two\nleave_request|ann||9000\n"
        expected = [
            Registration("ann", "", 9000),
            RoomMessage("ann", "one"),
            RoomMessage("bob", "two"),
            Departure("ann", "", 9000),
        ]
        self.assertEqual(readLines(data, None), (expected, _FREE))
        self.assertEqual(readLines(data, _FREE), (expected, _FREE))

    def test_byteOrderMark(self) -> None:
        """
        So it is after what a message may begin with, such as the mark of a Windows editor.
        """
        for blanks in ("\ufeff", "\u3000", "\0"):
            data = f"{blanks}connect_request|ann||9000\nleave_request|ann||9000\nfrom:bob|hi\n"
            expected = [
                Registration("ann", "", 9000),
                Departure("ann", "", 9000),
                RoomMessage("bob", "hi"),
            ]
            self.assertEqual(_read(data.encode()), expected)

    def test_text(self) -> None:
        """
        Lines without a verb are said by who spoke or registered last.
        """
        commands, voice = readLines(b"one\nfrom:bob|two\nthree\n", _FREE)
        self.assertEqual(commands, [RoomMessage("ann", "one"), RoomMessage("bob", "two\nthree")])
        self.assertEqual(_read(b"four\n", voice), [RoomMessage("bob", "four")])

    def test_malformed(self) -> None:
        """
        A verb that is not followed by what it needs is refused, and with it what came together.
        """
        for line in (b"connect_request|ann", b"from:ann"):
            if line.startswith(b"from"):
                self.assertRaises(WireError, readLines, b"from:ann|x\n" + line + b"\n", _FREE)
            else:
                self.assertRaises(WireError, readLines, line + b"\n", _FREE)


class NameInTests(SynchronousTestCase):
    """
    Whose message half a message is.
    """

    def test_names(self) -> None:
        """
        It is told where the name is whole.
        """
        for data, name in (
            (b"from:ann|hel", "ann"),
            (b"connect_request|ann|local", "ann"),
            (b"\nleave_request|ann|", "ann"),
            (b"from:an", None),
            (b"hello", None),
            (b"", None),
            (b"from:" + b"x" * 1000 + b"|", None),
        ):
            self.assertEqual((data, nameIn(data)), (data, name))
