"""
``twisted-messenger say``: its command line, and what it reads.
"""

from errno import EISDIR
from io import BytesIO

from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.errors import StartError
from twisted_messenger.programs.sayhelp import SayOptions
from twisted_messenger.programs.saying import linesOf, wholeText
from twisted_messenger.programs.sayoptions import Wish, readCommandLine, readWish
from twisted_messenger.wire import MAX_PUSH_BYTES

_WHO = ("--server", "localhost:8880", "--name", "ci")


def wish(*arguments: str) -> Wish:
    """
    What a command line asks for.
    """
    return readWish(*readCommandLine(arguments))


class CommandLineTests(SynchronousTestCase):
    """
    What is said, and where.
    """

    def test_words(self) -> None:
        """
        Words are joined by blanks, wherever the options stand.
        """
        expected = Wish("localhost:8880", "ci", "build 7 is green", False, 30)
        for arguments in (
            [*_WHO, "build", "7", "is green"],
            ["build", *_WHO, "7", "is", "green"],
            ["-s", "localhost:8880", "--name=ci", "build 7 is green"],
        ):
            self.assertEqual(wish(*arguments), expected)

    def test_dashes(self) -> None:
        """
        After two dashes nothing is an option.
        """
        self.assertEqual(wish(*_WHO, "--", "--help", "--", "-x").text, "--help -- -x")

    def test_standardInput(self) -> None:
        """
        Without words it is standard input that is said, as one message or line by line.
        """
        self.assertEqual(wish(*_WHO), Wish("localhost:8880", "ci", None, False, 30))
        given = wish(*_WHO, "--lines", "--timeout", "0.5")
        self.assertEqual(given, Wish("localhost:8880", "ci", None, True, 0.5))

    def test_refused(self) -> None:
        """
        What is wrong is named, and nothing is said.
        """
        for arguments, named in (
            (["hello"], "--server"),
            (["--server=localhost:8880", "hello"], "--name"),
            (["--server=localhost:8880", "--name=", "hello"], "--name"),
            (["--server=localhost", "--name=ci", "hello"], "--server localhost: give HOST:PORT"),
            ([*_WHO, "--lines", "hello"], "--lines"),
            ([*_WHO, "-x", "hello"], "-x"),
            ([*_WHO, "--name"], "--name"),
            ([*_WHO, "\udcff"], "TEXT"),
            *(
                ([*_WHO, f"--timeout={text}", "x"], "--timeout")
                for text in ("0", "nan", "1e9", "-1")
            ),
        ):
            problem = self.assertRaises(StartError, wish, *arguments)
            self.assertIn(named, str(problem))

    def test_help(self) -> None:
        """
        It shows the options that there are, and its own name.
        """
        text = str(SayOptions())
        for option in ("--server=", "--name=", "--timeout=", "--lines", "twisted-messenger say"):
            self.assertIn(option, text)


class _Unreadable(BytesIO):
    """
    A folder, as standard input.
    """

    def read(self, size: int | None = -1) -> bytes:
        """
        Fail.
        """
        raise IsADirectoryError(EISDIR, "Is a directory")

    def readline(self, size: int | None = -1) -> bytes:
        """
        Fail.
        """
        return self.read(size)


class InputTests(SynchronousTestCase):
    """
    What is read from standard input.
    """

    def test_whole(self) -> None:
        """
        All of it is one message, without the mark that Windows puts in front.
        """
        self.assertEqual(wholeText(BytesIO("\ufeffa\n\nb\n".encode())), "a\n\nb\n")

    def test_wholeRefused(self) -> None:
        """
        What cannot be a message is not said in part.
        """
        self.assertEqual(len(wholeText(BytesIO(b"x" * MAX_PUSH_BYTES))), MAX_PUSH_BYTES)
        for data, named in ((b"caf\xe9", "UTF-8"), (b"x" * (MAX_PUSH_BYTES + 1), "at most")):
            problem = self.assertRaises(StartError, wholeText, BytesIO(data))
            self.assertIn(named, str(problem))

    def test_lines(self) -> None:
        """
        Each line has its number; empty ones count, and are left out.
        """
        found = list(linesOf(BytesIO(b"one\r\n\n  \n two \nthree")))
        self.assertEqual(found, [(1, "one"), (4, " two "), (5, "three")])

    def test_badLines(self) -> None:
        """
        A line that cannot be said has a reason, and those after it are read.
        """
        long = b"x" * (3 * MAX_PUSH_BYTES)
        (_, bad), (_, much), last = linesOf(BytesIO(b"\xff\n" + long + b"\nlast\n"))
        self.assertIn("UTF-8", str(bad))
        self.assertIn("at most", str(much))
        self.assertTrue(isinstance(bad, StartError) and isinstance(much, StartError))
        self.assertEqual(last, (3, "last"))

    def test_unreadable(self) -> None:
        """
        An input that cannot be read is told, not taken for an empty one.
        """
        for read in (wholeText, lambda source: list(linesOf(source))):
            problem = self.assertRaises(StartError, read, _Unreadable())
            self.assertEqual(str(problem), "standard input: Is a directory")
