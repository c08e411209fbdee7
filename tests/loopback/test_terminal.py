"""
chatpeer on a terminal, as a person sees it.
"""

import signal
import socket
from itertools import count
from pathlib import Path

import pytest

from tests.loopback.rig import Receiver, chatserver, eventually, say
from tests.loopback.terminalrig import (
    BACKSPACE,
    CTRL_A,
    CTRL_C,
    CTRL_D,
    CTRL_E,
    CTRL_LEFT,
    CTRL_W,
    ENTER,
    ESCAPE,
    HOME,
    LEFT,
    TAB,
    UP,
    Terminal,
    pasted,
)
from tests.ports import freePort
from twisted_messenger.operate.doorclient import DoorClient

# What makes a terminal use one of 256 colours.
_COLOURED = b"\x1b[0;38;5;"


class Friends:
    """
    A peer on a terminal, and a friend who listens.

    :param directory: where it runs.
    :param options: more of them.
    :param environ: variables that differ.
    """

    def __init__(
        self, directory: Path, *options: str, environ: dict[str, str] | None = None
    ) -> None:
        self.friend = Receiver()
        self.port = freePort()
        self.terminal = Terminal(
            directory,
            *("-n", "chatpeer", "--port", str(self.port)),
            *("--friend", f"bob=localhost:{self.friend.port}", *options),
            environ=environ,
        )

    def hears(self, text: str) -> None:
        """
        The friend says something.
        """
        assert say(self.port, text.encode()) == b""

    def __enter__(self) -> "Friends":
        """
        :returns: both, ready.
        """
        self.friend.__enter__()
        self.terminal.__enter__()
        self.terminal.prompts("to bob>")
        return self

    def __exit__(self, *details: object) -> None:
        self.terminal.__exit__(*details)
        self.friend.__exit__(*details)


def test_typedLineSurvives(tmp_path: Path) -> None:
    """
    Half a line stays below ten messages that arrive, and can be finished.
    """
    with Friends(tmp_path) as both:
        both.terminal.types("half a l")
        both.terminal.prompts("to bob> half a l")
        for number in range(10):
            both.hears(f"message {number}")
            both.terminal.shows(f"message {number}")
        both.terminal.prompts("to bob> half a l")
        both.terminal.types("ine" + ENTER)
        both.friend.gets(["half a line"])
        both.terminal.shows("to bob> half a line  \u2713 sent")
        both.terminal.prompts("to bob>")
        # A paste in the midst of it would not be taken for typed lines.
        assert b"\x1b[?2004h" in both.terminal.output
        assert b"\x1b[?2004l" not in both.terminal.output
        heard = [line for line in both.terminal.lines() if "message" in line]
        assert [line[-1] for line in heard] == list("0123456789")
        assert heard[0].startswith("bob ('127.0.0.1', ")
        assert _COLOURED in both.terminal.output


def test_editing(tmp_path: Path) -> None:
    """
    Wide characters, marks and emoji are edited as they look; the cursor is where it should be.
    """
    with Friends(tmp_path) as both:
        terminal = both.terminal
        terminal.types("caf\u00e9 \u6f22\u5b57 \U0001f600 e\u0301!")
        # The emulator shows a letter and its mark as one character.
        terminal.prompts("to bob> caf\u00e9 \u6f22\u5b57 \U0001f600 \u00e9!")
        prompt = len("to bob> ")
        # Two columns for each Chinese character and the emoji, none for the mark.
        terminal.until(lambda: terminal.cursor[1] == prompt + 15, "the cursor at the end")
        terminal.types(BACKSPACE + LEFT * 3)
        terminal.until(lambda: terminal.cursor[1] == prompt + 12, "the cursor behind the emoji")
        terminal.types(CTRL_LEFT + CTRL_LEFT + "x" + CTRL_A + "y" + CTRL_E + "z")
        terminal.prompts("to bob> ycaf\u00e9 x\u6f22\u5b57 \U0001f600 \u00e9z")
        terminal.types(ENTER)
        # Bytes that are no characters do not break anything.
        terminal.types("a\udcffb" + ENTER)
        both.friend.gets(["ycaf\u00e9 x\u6f22\u5b57 \U0001f600 e\u0301z", "a?b"])


def test_history(tmp_path: Path) -> None:
    """
    Earlier lines come back with the arrows, across starts too.
    """
    with Friends(tmp_path) as both:
        for line in ("first \u6f22\u5b57", "second"):
            both.terminal.enters(line)
            both.terminal.shows(f"{line}  \u2713 sent")
        both.terminal.types(UP + UP)
        both.terminal.prompts("to bob> first \u6f22\u5b57")
        both.terminal.types(CTRL_C + CTRL_D)
        assert both.terminal.ended() == 0
    with Friends(tmp_path) as both:
        both.terminal.types(UP + UP)
        both.terminal.prompts("to bob> first \u6f22\u5b57")
        both.terminal.types(CTRL_W + "x")
        both.terminal.prompts("to bob> first x")


def test_absentFriend(tmp_path: Path) -> None:
    """
    What is said to a friend who is away waits in sight, and is sent when the friend comes.
    """
    away = freePort()
    arguments = ("--port", str(freePort()), "--friend", f"bob=localhost:{away}")
    with Terminal(tmp_path, "-n", "chatpeer", *arguments) as terminal:
        terminal.prompts("to bob>")
        terminal.enters("one")
        terminal.shows("bob is not there (Connection refused)", "to bob> one  \u2026 waiting")
        terminal.enters("two")
        terminal.enters("/pending")
        terminal.shows("* waiting: to bob> one", "* waiting: to bob> two")
        terminal.types("three")
        with Receiver(away) as friend:
            friend.gets(["one", "two"])
            terminal.shows("bob is there again", "to bob> two  \u2713 sent")
        terminal.prompts("to bob> three")
        assert not any("\u2026 waiting" in line for line in terminal.lines())


def test_leavingWithUnsent(tmp_path: Path) -> None:
    """
    Who would lose lines is told, and goes at the second wish, with status 1.
    """
    arguments = ("--port", str(freePort()), "--friend", f"bob=localhost:{freePort()}")
    with Terminal(tmp_path, "-n", "chatpeer", *arguments) as terminal:
        terminal.prompts("to bob>")
        terminal.enters("one")
        terminal.shows("\u2026 waiting")
        terminal.enters("/quit")
        terminal.shows("unsent: 1")
        terminal.types(CTRL_D)
        assert terminal.ended() == 1
        terminal.shows("* not delivered: 1")
        assert terminal.settled() == terminal.before


class Member(Terminal):
    """
    A peer in a room.

    :param port: of the server.
    """

    def __init__(self, directory: Path, port: int, name: str) -> None:
        #: Where it listens.
        self.port = freePort()
        super().__init__(
            directory,
            *("-n", "chatpeer", "--port", str(self.port)),
            *("--server", f"localhost:{port}", "--name", name),
        )

    def __enter__(self) -> "Member":
        """
        :returns: the running peer.
        """
        return self


def _joined(directory: Path, port: int, name: str) -> Member:
    member = Member(directory, port, name)
    member.shows(f"* joined as {name}")
    return member


def test_serverRestarts(tmp_path: Path) -> None:
    """
    A server that is killed under a joined peer and starts again gets what was said meanwhile,
    and pushes to the peer as before: even if it has forgotten everybody.
    """
    port = freePort()
    server = chatserver(tmp_path, port, "--store", "memory:")
    with _joined(tmp_path, port, "ann") as terminal:
        server.kill()
        server.__exit__()
        terminal.enters("are you there?")
        terminal.shows("is not there", "ann> are you there?  \u2026 waiting")
        with chatserver(tmp_path, port, "--store", "memory:") as server:
            terminal.shows("is there again", "ann> are you there?  \u2713 sent")
            server.prints("ann at localhost")
            assert say(port, b"from:ci|build 8 is green") == b""
            terminal.shows("ci: build 8 is green")
            terminal.prompts("ann>")


def test_room(tmp_path: Path) -> None:
    """
    Names, what one does, and leaving.
    """
    port = freePort()
    with (
        chatserver(tmp_path, port),
        _joined(tmp_path, port, "bob") as bob,
        _joined(tmp_path, port, "ann") as ann,
    ):
        ann.enters("/me waves")
        bob.shows("ann: *waves*")
        ann.enters("/nick anna")
        ann.prompts("anna>")
        ann.enters("hello")
        bob.shows("anna: hello")
        ann.enters("/foo")
        ann.shows("* not sent: there is no /foo")
        ann.enters("//foo")
        bob.shows("anna: /foo")
        bob.enters("/who")
        bob.shows("* in the room: bob, anna", "heard since you started: ann, anna")
        ann.enters("/leave")
        ann.shows("* you left the room")
        ann.prompts(">")
        bob.enters("are you gone?")
        bob.shows("bob> are you gone?  \u2713 sent")
        ann.enters("/join")
        ann.shows("* joined as anna")
        bob.enters("bye")
        ann.shows("bob: bye")
        assert not any("gone?" in line for line in ann.lines())
        ann.enters("/history 2")
        ann.shows("* the last 2 messages of others", "bob: are you gone?")
        ann.enters("/quit")
        assert ann.ended() == 0


def test_forgotten(tmp_path: Path) -> None:
    """
    Whom the server has forgotten, and whose name another window has taken, is told of it: at the
    next line, or a few seconds later while it goes on talking.
    """
    port = freePort()
    with chatserver(tmp_path, port), _joined(tmp_path, port, "ann") as ann:
        # It has asked what kind of server it is, and told its wishes: until then it may be a new
        # member again without anybody noticing.
        door = DoorClient(str(tmp_path / f"chatserver-{port}.sqlite.control"))
        eventually(
            lambda: (
                {"registered.stands", "registered.refreshed"}
                <= door.ask("/counters")["counters"].keys()
            ),
            "it is known to the server",
        )
        place = f"ann|localhost|{ann.port}"
        assert say(port, f"leave_request|{place}".encode()) == b""

        _talksUntil(ann, "one", "the server had forgotten you")
        assert say(port, b"from:ci|build 8 is green") == b""
        ann.shows("ci: build 8 is green")
        with _joined(tmp_path, port, "ann") as other:
            _talksUntil(ann, "two", "what is said may not reach you any more")
            assert say(port, b"from:ci|build 9 is green") == b""
            other.shows("ci: build 9 is green")
            assert "build 9" not in str(ann)
            ann.enters("/join")
            ann.shows("* joined as ann")
            other.shows("server: ann is registered elsewhere now")


def _talksUntil(member: Member, word: str, notice: str) -> None:
    """
    Say one line after the other, until something is told.
    """
    numbers = count()

    def isTold() -> bool:
        line = f"{word} {next(numbers)}"
        member.enters(line)
        member.shows(f"> {line}  \u2713 sent")
        return notice in str(member)

    eventually(isTold, lambda: f"{notice!r} in\n{member}")


def test_completion(tmp_path: Path) -> None:
    """
    Tab completes commands and names; several are listed. A wish to go that is no command is asked
    about.
    """
    with Friends(tmp_path, "--friend", "bobby=localhost:1") as both:
        terminal = both.terminal
        terminal.types("/pen" + TAB + ENTER)
        terminal.shows("* nothing waits")
        terminal.types("/to b" + TAB + TAB)
        terminal.shows("* bob, bobby")
        terminal.prompts("to bob> /to bob")
        terminal.types(" hi" + ENTER)
        both.friend.gets(["hi"])
        terminal.enters("exit")
        terminal.shows("* not sent: exit. /quit or Ctrl-D ends")
        terminal.enters("exit")
        both.friend.gets(["hi", "exit"])


BLOCK = "\n".join(f"line {number}" for number in range(1, 31))


def test_paste(tmp_path: Path) -> None:
    """
    A pasted block is one message after a question, with what was typed around it; or a message
    for each line, none of them a command; or nothing, and what was typed before it stays.
    """
    with Friends(tmp_path) as both:
        terminal = both.terminal
        terminal.types("look: " + pasted(BLOCK))
        terminal.shows("send these 30 lines? [look: line 1]")
        # Slips do nothing, and what arrives is shown meanwhile.
        terminal.types("xyz" + UP)
        both.hears("go on")
        terminal.shows("go on")
        terminal.prompts("to bob> look:")
        assert both.friend.texts == []
        terminal.types(ENTER)
        whole = f"look: {BLOCK}"
        both.friend.gets([whole])
        terminal.shows("> line 30  \u2713 sent")
        terminal.prompts("to bob>")

        terminal.types(pasted("one\n/quit\n\nthree\n"))
        terminal.shows("send these 4 lines?")
        terminal.types("l")
        both.friend.gets([whole, "one", "/quit", "three"])
        terminal.shows("to bob> three  \u2713 sent")

        terminal.types("b c" + HOME + pasted(BLOCK))
        terminal.shows("send these 30 lines? [line 1]")
        terminal.types(ESCAPE)
        terminal.until(lambda: "send these 30" not in str(terminal), "the question goes")
        # One line asks nothing.
        terminal.types(pasted("a \n"))
        terminal.prompts("to bob> a b c")
        assert len(both.friend.texts) == 4


def test_resize(tmp_path: Path) -> None:
    """
    A window that changes its size in the middle of a line leaves the line whole.
    """
    with Friends(tmp_path) as both:
        terminal = both.terminal
        line = "a line that is long enough to need a second row on a narrow window"
        terminal.types(line)
        terminal.prompts(f"to bob> {line}")
        terminal.resize(20, 50)
        shown = f"to bob> {line}"
        terminal.until(
            lambda: terminal.lines()[-2:] == [shown[:50], shown[50:]], "the line on two rows"
        )
        both.hears("hello")
        terminal.shows("hello")
        terminal.types("s")
        terminal.prompts(shown[50:] + "s")
        terminal.resize(40, 100)
        terminal.prompts(f"{shown}s")
        terminal.types(ENTER)
        both.friend.gets([f"{line}s"])


def test_hostileText(tmp_path: Path) -> None:
    """
    Nothing from the network moves the cursor, forges a line, or floods the screen.
    """
    with Friends(tmp_path) as both:
        terminal = both.terminal
        terminal.types("half")
        both.hears("\x1b[2J\x1b]0;title\x07\u202eevil\n* joined as bob\rx")
        terminal.shows("): \\x1b[2J\\x1b]0;title\\x07\\u202eevil", "): * joined as bob\\x0dx")
        both.hears("x" * 10_000)
        terminal.shows("\u2026 (8000 more characters; /more 1)")
        terminal.prompts("to bob> half")
        terminal.types(CTRL_C)
        terminal.enters("/more")
        terminal.until(lambda: str(terminal).count("x" * 80) > 120, "all of it")
        for sequence in (b"\x1b[2J", b"\x1b]0;", b"\x07", "\u202e".encode()):
            assert sequence not in terminal.output


def test_interrupt(tmp_path: Path) -> None:
    """
    Ctrl-C clears the line; on an empty one it says how to leave, and again it leaves.
    """
    with Friends(tmp_path) as both:
        terminal = both.terminal
        terminal.types("oops")
        terminal.prompts("to bob> oops")
        terminal.types(CTRL_C)
        terminal.prompts("to bob>")
        assert "Ctrl-D" not in str(terminal)
        terminal.types(CTRL_C)
        terminal.shows("* Ctrl-D, /quit, or Ctrl-C again leaves")
        terminal.types(CTRL_C)
        assert terminal.ended() == 0
        assert terminal.settled() == terminal.before
        assert both.friend.texts == []


@pytest.mark.parametrize(
    ("signalNumber", "status"), [(signal.SIGTERM, -signal.SIGTERM), (signal.SIGINT, -signal.SIGINT)]
)
def test_signals(tmp_path: Path, signalNumber: int, status: int) -> None:
    """
    A signal in the middle of a line leaves the terminal as it was.
    """
    with Friends(tmp_path) as both:
        both.terminal.types("half a line")
        both.terminal.prompts("to bob> half a line")
        assert both.terminal.settled() != both.terminal.before
        both.terminal.process.send_signal(signalNumber)
        assert both.terminal.ended() == status
        assert both.terminal.settled() == both.terminal.before
        eventually(lambda: both.terminal.output.rfind(b"\x1b[?2004l") > 0, "paste marks are off")


def test_stuckTerminal(tmp_path: Path) -> None:
    """
    A terminal that takes no output holds up nobody but itself: the peer still stops when told.
    """
    with Friends(tmp_path) as both:
        both.terminal.stall()
        senders = [both.terminal.process.pid]
        for _ in range(40):
            if not _hurl(both.port, b"x" * 60_000 + b"\n" * 2000):
                break
        both.terminal.process.send_signal(signal.SIGTERM)
        assert both.terminal.ended() in (-signal.SIGTERM, 128 + signal.SIGTERM), senders
        assert both.terminal.settled() == both.terminal.before


def _hurl(port: int, data: bytes) -> bool:
    """
    Send without waiting for long for the receipt.

    :returns: whether it came.
    """
    with socket.create_connection(("127.0.0.1", port), 10) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        connection.settimeout(1)
        try:
            return connection.recv(100) == b""
        except TimeoutError:
            return False


def test_hangUp(tmp_path: Path) -> None:
    """
    A window that is closed ends the program.
    """
    with Friends(tmp_path) as both:
        both.terminal.hangUp()
        assert both.terminal.ended() != 0


def test_bellTimeAndNoColours(tmp_path: Path) -> None:
    """
    A message may ring, and have its time in front; with NO_COLOR it has no colours.
    """
    with Friends(tmp_path, "--bell", "all", "--time", environ={"NO_COLOR": "1"}) as both:
        assert b"\x07" not in both.terminal.output
        both.hears("ring")
        both.terminal.shows("): ring")
        both.terminal.until(lambda: b"\x07" in both.terminal.output, "the bell")
        (line,) = [line for line in both.terminal.lines() if "ring" in line]
        assert line[2] == ":" and line[6:].startswith("bob (")
        assert _COLOURED not in both.terminal.output


def test_plain(tmp_path: Path) -> None:
    """
    The mode for screen readers only appends: not one escape sequence, words for what becomes of
    each line, and all commands.
    """
    with (
        Receiver() as friend,
        Terminal(
            tmp_path,
            *("-n", "chatpeer", "--plain", "--port", str(port := freePort())),
            *("--friend", f"bob=localhost:{friend.port}"),
        ) as terminal,
    ):
        eventually(lambda: _listens(port), "it listens")
        terminal.enters("hello")
        friend.gets(["hello"])
        terminal.shows("* sent [hello]")
        terminal.enters("/pending")
        terminal.shows("* nothing waits")
        assert say(port, b"hi") == b""
        terminal.shows("): hi")
        terminal.types(CTRL_D)
        assert terminal.ended() == 0
        assert b"\x1b" not in terminal.output
        assert terminal.settled() == terminal.before


def _listens(port: int) -> bool:
    try:
        return say(port, b"are you there?") == b""
    except OSError:
        return False


def test_withoutPromptToolkit(tmp_path: Path) -> None:
    """
    Who installed the package alone gets the plain manner, and one line on how to get more.
    """
    with Terminal(
        tmp_path,
        *("-n", "chatpeer", "--port", str(freePort()), "--friend", "bob=localhost:1"),
        before="import sys; sys.modules['prompt_toolkit'] = None",
    ) as terminal:
        terminal.shows("pip install prompt_toolkit")
        terminal.enters("/pending")
        terminal.shows("* nothing waits")
        terminal.types(CTRL_D)
        assert terminal.ended() == 0
        assert str(terminal).count("pip install") == 1


def test_questions(tmp_path: Path) -> None:
    """
    Started with nothing it asks the tutorial's questions, and then has its prompt.
    """
    with Receiver() as friend, Terminal(tmp_path, "-n", "chatpeer") as terminal:
        port = str(freePort())
        for question, answer in (
            ("which is my host? ", "localhost"),
            ("which is my port? ", port),
            ("what is your friend's host? ", "localhost"),
            ("what is your friend's port?", str(friend.port)),
        ):
            terminal.shows(question.strip())
            terminal.enters(answer)
        terminal.prompts(f"to localhost:{friend.port}>")
        terminal.enters("hi")
        friend.gets(["hi"])


def test_asyncioReactor(tmp_path: Path) -> None:
    """
    It works on another reactor.
    """
    with (
        Receiver() as friend,
        Terminal(
            tmp_path,
            *("-n", "--reactor=asyncio", "chatpeer", "--port", str(port := freePort())),
            *("--friend", f"bob=localhost:{friend.port}"),
        ) as terminal,
    ):
        terminal.prompts("to bob>")
        terminal.enters("hello")
        friend.gets(["hello"])
        assert say(port, b"hi") == b""
        terminal.shows("): hi")
        terminal.types(CTRL_D)
        assert terminal.ended() == 0


def test_portTaken(tmp_path: Path) -> None:
    """
    A taken port is one sentence; the terminal was not touched.
    """
    friend = ("--friend", "localhost:1")
    with (
        Receiver() as other,
        Terminal(
            tmp_path, "-n", "chatpeer", "--port", str(port := other.port), *friend
        ) as terminal,
    ):
        assert terminal.ended() == 1
        terminal.shows(f"chatpeer: --port {port}: Address already in use; choose another")
        assert len(terminal.lines()) == 1
        assert terminal.settled() == terminal.before
