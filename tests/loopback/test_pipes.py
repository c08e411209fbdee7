"""
chatpeer in a pipe: lines in, lines out, and nothing else.
"""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from tests.loopback.rig import PATIENCE, Receiver, chatserver, eventually, say
from tests.ports import freePort
from twisted_messenger.programs.script import COMMANDS, OPERATING

_ROOT = Path(__file__).parents[2]
_TWISTD = "from twisted.scripts.twistd import run; run()"
_SCRIPT = "from twisted_messenger.programs.script import main; main()"


class Pipe:
    """
    A peer whose three ends are pipes.

    :param directory: where it runs.
    :param arguments: behind the program.
    :param code: the program.
    :param source: its input, in place of a pipe.
    """

    def __init__(
        self,
        directory: Path,
        *arguments: str,
        code: str = _TWISTD,
        source: int = subprocess.PIPE,
    ) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", code, *arguments],
            cwd=directory,
            env={**os.environ, "PYTHONPATH": str(_ROOT), "HOME": str(directory)},
            stdin=source,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def ended(self, given: bytes | None = None) -> tuple[int, str, str]:
        """
        Give it its input, and wait for its end.

        :returns: status, standard output, standard error.
        """
        output, errors = self.process.communicate(given, PATIENCE)
        return self.process.returncode, (output or b"").decode(), errors.decode()


@contextmanager
def peer(
    directory: Path,
    *options: str,
    twistd: tuple[str, ...] = (),
    source: int = subprocess.PIPE,
) -> Iterator[Pipe]:
    """
    A running chatpeer, whose end is not left to chance.
    """
    running = Pipe(directory, "-n", *twistd, "chatpeer", *options, source=source)
    try:
        yield running
    finally:
        running.process.kill()
        running.process.communicate()


def _listening(port: int) -> None:
    def listens() -> bool:
        try:
            return say(port, b"ping") == b""
        except OSError:
            return False

    eventually(listens, "it listens")


LINES = ["one", "", "/quit", "//x", "caf\u00e9 \u6f22\u5b57", "  blanks"]


def test_pipedInput(tmp_path: Path) -> None:
    """
    Every line is a message, commands or not; at the end it exits, with nothing to say.
    """
    with Receiver() as friend:
        where = ("--port", str(freePort()), "--friend", f"localhost:{friend.port}")
        with peer(tmp_path, *where) as pipe:
            given = "\n".join(LINES).encode()
            assert pipe.ended(given) == (0, "", "")
        friend.gets(LINES)


@pytest.mark.parametrize("twistd", [(), ("--reactor=asyncio",)])
def test_file(tmp_path: Path, twistd: tuple[str, ...]) -> None:
    """
    So it is with a file, which some reactors cannot watch.
    """
    (tmp_path / "lines").write_text("one\ntwo\n")
    with Receiver() as friend, open(tmp_path / "lines") as file:
        where = ("--port", str(freePort()), "--friend", f"localhost:{friend.port}")
        with peer(tmp_path, *where, twistd=twistd, source=file.fileno()) as pipe:
            assert pipe.ended() == (0, "", "")
        friend.gets(["one", "two"])


def test_manyLines(tmp_path: Path) -> None:
    """
    More lines than may wait at once all arrive, in order.
    """
    lines = [str(number) for number in range(12_000)]
    with Receiver() as friend:
        where = ("--port", str(freePort()), "--friend", f"127.0.0.1:{friend.port}")
        with peer(tmp_path, *where) as pipe:
            assert pipe.ended("\n".join(lines).encode()) == (0, "", "")
        friend.gets(lines)


def test_portTaken(tmp_path: Path) -> None:
    """
    A pipe that talks needs no port of its own: it takes a free one, and no line is lost.
    """
    taken = socket.socket()
    with closing(taken), Receiver() as friend:
        with suppress(OSError):
            # Where somebody has it already, it is taken as well.
            taken.bind(("127.0.0.1", 8881))
            taken.listen()
        with peer(tmp_path, "--friend", f"localhost:{friend.port}") as pipe:
            assert pipe.ended(b"one\n") == (0, "", "")
        friend.gets(["one"])
        with peer(tmp_path, "--port=8881", "--friend", f"localhost:{friend.port}") as pipe:
            assert pipe.ended(b"two\n")[0] == 1
        with peer(tmp_path) as pipe:
            assert pipe.ended()[0] == 1


def test_callback(tmp_path: Path) -> None:
    """
    The server pushes to where it was told, which leads to where the peer listens.
    """
    port, forwarded = freePort(), freePort()
    where = ("--server", f"localhost:{port}", "--name", "ann", "--port", str(freePort()))
    with (
        chatserver(tmp_path, port) as server,
        Receiver(forwarded) as forwarder,
        peer(tmp_path, *where, "--callback", f"localhost:{forwarded}"),
    ):
        server.prints("ann at localhost")
        assert say(port, b"from:ci|hi") == b""
        # Plain, or as JSON where it has asked for that by then.
        eventually(lambda: "hi" in "".join(forwarder.texts), "the forwarder got it")


def test_absentFriend(tmp_path: Path) -> None:
    """
    For an absent friend it waits as long as it was told, then says how much is unsent.
    """
    where = ("--port", str(freePort()), "--friend", f"bob=localhost:{freePort()}")
    with peer(tmp_path, *where, "--linger", "0.6") as pipe:
        status, output, errors = pipe.ended(b"one\ntwo\n")
    assert (status, output) == (1, "")
    away, unsent = errors.splitlines()
    assert away.startswith("* bob is not there (Connection refused)")
    assert unsent == "* not delivered: 2"


def test_friendComesLate(tmp_path: Path) -> None:
    """
    A friend who comes while it waits gets everything.
    """
    away = freePort()
    where = ("--port", str(freePort()), "--friend", f"bob=localhost:{away}")
    with peer(tmp_path, *where) as pipe:
        assert pipe.process.stdin is not None and pipe.process.stderr is not None
        pipe.process.stdin.write(b"one\ntwo\n")
        pipe.process.stdin.close()
        pipe.process.stdin = None
        assert b"is not there" in pipe.process.stderr.readline()
        with Receiver(away) as friend:
            friend.gets(["one", "two"])
            status, _, errors = pipe.ended()
    assert (status, errors) == (0, "* bob is there again\n")


def test_roomStays(tmp_path: Path) -> None:
    """
    In a room the end of input is no end: what was piped is said, what others say is printed.
    """
    port = freePort()
    with (
        chatserver(tmp_path, port) as server,
        peer(
            tmp_path,
            *("--port", str(freePort()), "--server", f"localhost:{port}", "--name", "ann"),
            source=subprocess.DEVNULL,
        ) as pipe,
    ):
        server.prints("ann at localhost")
        assert say(port, b"from:ci|hi") == b""
        assert pipe.process.stdout is not None
        assert pipe.process.stdout.readline() == b"ci: hi\n"
        pipe.process.send_signal(signal.SIGTERM)
        assert pipe.ended() == (-signal.SIGTERM, "", "* joined as ann\n")


def test_messagesOnly(tmp_path: Path) -> None:
    """
    Standard output has messages only, each line by itself at once, and nothing that a terminal
    would obey; notices are on standard error.
    """
    port = freePort()
    with peer(tmp_path, "--port", str(port), "--bell", "all") as pipe:
        _listening(port)
        assert say(port, "a\x1b[2J\u202e\nb".encode()) == b""
        assert pipe.process.stdout is not None
        for end in ("ping", "a\\x1b[2J\\u202e", "b"):
            line = pipe.process.stdout.readline().decode()
            assert re.fullmatch(r"\('127\.0\.0\.1', \d+\): " + re.escape(end) + "\n", line)
        assert say(port, b"x" * 50_000) == b""
        assert len(pipe.process.stdout.readline()) > 50_000
        pipe.process.send_signal(signal.SIGTERM)
        _, output, errors = pipe.ended()
    assert output == ""
    assert errors.startswith("* receiving only, on port")


def test_json(tmp_path: Path) -> None:
    """
    One JSON object a message, also of a friend whose name is known.
    """
    port = freePort()
    with Receiver() as friend:
        where = ("--port", str(port), "--friend", f"bob=localhost:{friend.port}")
        with peer(tmp_path, *where, "--json") as pipe:
            _listening(port)
            assert say(port, b"two\nlines \x1b") == b""
            assert pipe.process.stdout is not None
            _, message = (json.loads(pipe.process.stdout.readline()) for _ in range(2))
    assert (message["name"], message["text"]) == ("bob", "two\nlines \\x1b")
    assert (message["host"], type(message["port"])) == ("127.0.0.1", int)


def test_closedOutput(tmp_path: Path) -> None:
    """
    When whoever reads it has enough (``| head -1``), it ends and says why, without a word of
    Python's, and the message that was not shown is left with its sender.
    """
    port = freePort()
    with peer(tmp_path, "--port", str(port)) as pipe:
        _listening(port)
        assert pipe.process.stdout is not None
        assert pipe.process.stdout.readline()
        pipe.process.stdout.close()
        pipe.process.stdout = None
        assert say(port, b"lost?").startswith(b"~ shutdown")
        status, _, errors = pipe.ended()
    assert status == 1
    assert errors.splitlines()[1:] == ["* messages cannot be shown: standard output: Broken pipe"]


def test_slowOutput(tmp_path: Path) -> None:
    """
    A reader that reads nothing neither keeps the peer from sending, nor from ending.
    """
    port = freePort()
    with Receiver() as friend:
        where = ("--port", str(port), "--friend", f"localhost:{friend.port}")
        with peer(tmp_path, *where) as pipe:
            _listening(port)
            with pytest.raises(TimeoutError):
                while True:
                    _sayFor(port, b"x" * 30_000)
            assert pipe.process.stdin is not None
            pipe.process.stdin.write(b"still here\n")
            pipe.process.stdin.flush()
            friend.gets(["still here"])
            pipe.process.send_signal(signal.SIGTERM)
            assert pipe.process.wait(PATIENCE) == -signal.SIGTERM


def _sayFor(port: int, data: bytes) -> None:
    """
    Send, and wait a moment for the receipt.
    """
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        connection.settimeout(1)
        assert connection.recv(100) == b""


def test_tooLong(tmp_path: Path) -> None:
    """
    A line that is too long is left out and told of, and the status says that not all was taken.
    """
    port, other = freePort(), freePort()
    with peer(tmp_path, "--port", str(other)):
        _listening(other)
        where = ("--port", str(port), "--friend", f"localhost:{other}")
        with peer(tmp_path, *where) as pipe:
            status, output, errors = pipe.ended(b"x" * 262_145 + b"\nshort\n")
    assert (status, output) == (1, "")
    assert errors == "* not sent: a line of more than 262144 bytes\n* not taken: 1\n"


def test_script(tmp_path: Path) -> None:
    """
    ``twisted-messenger`` runs both programs as ``twistd -n`` does, and says what there is.
    """
    help = Pipe(tmp_path, code=_SCRIPT).ended()
    assert help[0] == 0
    commands = [*COMMANDS, *OPERATING]
    assert {"chatserver", "chatpeer", "say", "members", "evict"} <= set(commands)
    for command in commands:
        assert f"\n  {command} " in help[1]
    status, _, errors = Pipe(tmp_path, "chat", code=_SCRIPT).ended()
    assert status == 1
    assert errors == f"twisted-messenger: give one of {', '.join(commands)} (--help)\n"
    status, _, errors = Pipe(tmp_path, "chatpeer", "--port", "x", code=_SCRIPT).ended()
    assert status == 1
    assert errors.startswith("chatpeer: --port x: give a number")
    with Receiver() as friend:
        where = ("--port", str(freePort()), "--friend", f"localhost:{friend.port}")
        assert Pipe(tmp_path, "chatpeer", *where, code=_SCRIPT).ended(b"hello") == (0, "", "")
        friend.gets(["hello"])
