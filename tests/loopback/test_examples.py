"""
The examples run, and the README shows them as they are.
"""

import json
import shutil
import socket
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest

from tests.loopback.rig import (
    LISTENING,
    PATIENCE,
    Receiver,
    Twistd,
    chatserver,
    connect,
    eventually,
    say,
)
from tests.ports import freePort

_ROOT = Path(__file__).parents[2]


@contextmanager
def _running(example: str, port: int, *more: str) -> Iterator["subprocess.Popen[str]"]:
    program = subprocess.Popen(
        [sys.executable, str(_ROOT / "examples" / example), str(port), *more],
        env={"PYTHONPATH": str(_ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        eventually(lambda: _answers(port), f"{example} listens")
        yield program
    finally:
        program.kill()
        program.communicate(timeout=PATIENCE)


def _answers(port: int) -> bool:
    try:
        connect(port).close()
    except OSError:
        return False
    return True


def test_embeddedRoom() -> None:
    """
    A room in another program takes messages, and the program itself can speak.
    """
    port = freePort()
    with _running("embedded_room.py", port), Receiver() as member:
        assert say(port, f"connect_request|member|localhost|{member.port}".encode()) == b""
        assert say(port, b"from:ci|hello") == b""
        eventually(lambda: len(member.texts) >= 2, "both messages")
        assert set(member.texts) == {"ci: hello", "app: your own program says hello"}


def test_pushReceiver() -> None:
    """
    A program that receives pushes gets the text.
    """
    port = freePort()
    with _running("push_receiver.py", port) as program:
        assert say(port, b"ci: build 7 is green") == b""
        assert program.stdout is not None
        lines = [program.stdout.readline(), program.stdout.readline()]
        # The first one is the empty message by which the test saw that it listens.
        assert lines[-1] == "ci: build 7 is green\n"


def test_webRoom() -> None:
    """
    What was said is on the page, as text; what a visitor says is in the room, or is refused.
    """
    port, web = freePort(), freePort()
    page = f"http://127.0.0.1:{web}/"
    with _running("web_room.py", port, str(web)), Receiver() as member:
        assert say(port, f"connect_request|ann|localhost|{member.port}".encode()) == b""
        assert say(port, b"from:ci|1 < 2") == b""
        eventually(lambda: _answers(web), "the site listens")
        assert "ci: 1 &lt; 2" in _fetched(page)
        assert "visitor: gr\u00fc\u00df" in _fetched(page, name="visitor", text="gr\u00fc\u00df")
        member.gets(["ci: 1 < 2", "visitor: gr\u00fc\u00df"])
        assert "Not said: bad_name" in _fetched(page, text="nobody says it")


def _fetched(page: str, **form: str) -> str:
    data = urlencode(form).encode() if form else None
    with urlopen(page, data, PATIENCE) as answer:
        return str(answer.read().decode())


def test_buildBot(tmp_path: Path) -> None:
    """
    Who asks for a build is told that it runs, and how it ended; what else is said is not for it.
    """
    port = freePort()
    build = "import sys; print('as', sys.argv[1]); sys.exit(sys.argv[1] == 'docs')"
    command = (sys.executable, str(_ROOT / "examples" / "build_bot.py"), f"localhost:{port}")
    with (
        chatserver(tmp_path, port),
        Receiver() as member,
        Twistd(tmp_path, sys.executable, "-c", build, program=command) as bot,
    ):
        assert say(port, f"connect_request|ann|localhost|{member.port}".encode()) == b""
        bot.prints("Enrolled")
        for text in ("hello", "build docs", "build wheel"):
            assert say(port, f"from:ci|{text}".encode()) == b""
        said = ["building docs for ci", "docs is red: as docs"]
        said += ["building wheel for ci", "wheel is green: as wheel"]
        eventually(lambda: len(member.texts) >= 7, "both builds")
        assert [text for text in member.texts if text.startswith("builds: ")] == [
            f"builds: {text}" for text in said
        ]


def test_ircBridge(tmp_path: Path) -> None:
    """
    A channel and a room hear each other; what is said while IRC is away comes when it is there.
    """
    port, ircPort = freePort(), freePort()
    command = (sys.executable, str(_ROOT / "examples" / "irc_bridge.py"), f"localhost:{port}")
    with (
        chatserver(tmp_path, port),
        Receiver() as member,
        Twistd(tmp_path, f"localhost:{ircPort}", "#chat", "secret", program=command),
    ):
        joins = f"connect_request|ann|localhost|{member.port}".encode()
        assert say(port, joins) == b""
        eventually(lambda: b"irc" in say(port, joins + b"|who"), "the bridge has joined")
        assert say(port, b"from:ann|early") == b""
        with _ircServer(ircPort) as lines:
            assert "PASS secret" in _until("USER ", lines)
            lines.write(":irc 001 room :welcome\n")
            lines.flush()
            _until("JOIN #chat", lines)
            lines.write(":room!r@host JOIN #chat\n:bob!b@host PRIVMSG #chat :hello room\n")
            lines.flush()
            _until("PRIVMSG #chat :<ann> early", lines)
            member.gets(["irc: <bob> hello room"])


@contextmanager
def _ircServer(port: int) -> Iterator[TextIO]:
    # One that has one client, as a text file of what both say.
    with socket.create_server(("127.0.0.1", port)) as listening:
        listening.settimeout(PATIENCE)
        connection, _ = listening.accept()
        connection.settimeout(PATIENCE)
        with connection, connection.makefile("rw", newline="\r\n") as lines:
            yield lines


def _until(beginning: str, lines: TextIO) -> list[str]:
    got: list[str] = []
    while not (got and got[-1].startswith(beginning)):
        got.append(lines.readline().rstrip())
        assert got[-1], got
    return got


@pytest.mark.parametrize("style", ["twisted", "asyncio", "plain"])
def test_senders(tmp_path: Path, style: str) -> None:
    """
    In each style, what is said arrives in order, and its sender is told; or told why not.
    """
    port = freePort()
    with chatserver(tmp_path, port, "--receipts"), Receiver() as member:
        assert say(port, f"connect_request|ann|localhost|{member.port}".encode()) == b"+ 0\n"
        sent = _ran("senders.py", style, f"localhost:{port}", "one", "two", "three")
        assert (sent.returncode, sent.stdout.count("Stored(position=")) == (0, 3), sent
        member.gets(["ci: one", "ci: two", "ci: three"])
        refused = _ran("senders.py", style, f"localhost:{port}", "x" * 70_000)
        assert (refused.returncode, "TOO_BIG" in refused.stdout) == (1, True), refused


def _ran(example: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, str(_ROOT / "examples" / example), *arguments],
        env={"PYTHONPATH": str(_ROOT)},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )


def test_echoPeer() -> None:
    """
    The echo comes before the receipt; while the friend is not there, it is for later.
    """
    port = freePort()
    with Receiver() as friend, _running("echo_peer.py", port, f"127.0.0.1:{friend.port}"):
        assert say(port, b"hello") == b""
        assert friend.texts[-1] == "you said: hello"
    with _running("echo_peer.py", port, f"127.0.0.1:{freePort()}"):
        assert say(port, b"hello").startswith(b"~ no_echo: ")


# A web server that prints what is posted to it; the first time it is not ready yet.
_HOOK = """
import sys
from twisted.internet import endpoints, reactor
from twisted.web import resource, server

class Hook(resource.Resource):
    isLeaf = True
    posts = 0

    def render_POST(self, request):
        self.posts += 1
        request.setResponseCode(503 if self.posts == 1 else 204)
        print(request.getHeader("content-type"), request.content.read().decode(), flush=True)
        return b""

endpoints.serverFromString(reactor, "tcp:" + sys.argv[1]).listen(server.Site(Hook()))
reactor.run()
"""


def test_webhookPusher(tmp_path: Path) -> None:
    """
    A web server is a member: what it was not ready for comes again, then what follows, as JSON.
    """
    port, hook = freePort(), freePort()
    server = Twistd(tmp_path, str(hook), program=(sys.executable, "-c", _HOOK))
    with _running("webhook_pusher.py", port), server:
        eventually(lambda: _answers(hook), "the web server listens")
        assert say(port, f"connect_request|site|localhost|{hook}".encode()) == b""
        for text in (b"one", b"two"):
            assert say(port, b"from:ci|" + text) == b""
        eventually(lambda: len(server.lines()) >= 3, "all posts")
        posts = [line.removeprefix("application/json ") for line in server.lines()]
    texts = [(said["to"], said["name"], said["text"]) for said in map(json.loads, posts)]
    assert texts == [("site", "ci", "one"), ("site", "ci", "one"), ("site", "ci", "two")]


def test_length() -> None:
    """
    An example is read at a glance.
    """
    for path in (_ROOT / "examples").rglob("*.py"):
        assert len(path.read_text("utf-8").splitlines()) < 60, path


def test_moderatedRoom(tmp_path: Path) -> None:
    """
    A room with rules of its own keeps them, and its tests pass.
    """
    port = freePort()
    names = tmp_path / "names"
    names.write_text("member\n")
    with _running("moderated_room.py", port, str(names)), Receiver() as member:
        joins = f"connect_request|%s|localhost|{member.port}"
        assert say(port, (joins % "stranger").encode()).startswith(b"! not_invited: ")
        assert say(port, (joins % "member").encode()) == b""
        assert say(port, b"from:ci|token=abc") == b""
        eventually(lambda: member.texts == ["ci: token=..."], "the message")
    tests = [sys.executable, "-m", "unittest", "examples.test_moderated_room"]
    subprocess.run(tests, cwd=_ROOT, check=True, timeout=PATIENCE, capture_output=True)


# As TWISTD, with what was installed into a folder.
_TWISTD_WITH = """
import sys
sys.path.append(sys.argv.pop(1))
from twisted.scripts.twistd import run
run()
"""


def test_timedStore(tmp_path: Path) -> None:
    """
    A store of another distribution passes the contract, is found when that is installed, and says
    what it takes.
    """
    source, installed = tmp_path / "source", tmp_path / "installed"
    shutil.copytree(_ROOT / "examples" / "timedstore", source)
    alone = ("--no-index", "--no-deps", "--no-build-isolation", "--target", str(installed))
    pip = [sys.executable, "-m", "pip", "install", "-q", *alone, str(source)]
    subprocess.run(pip, check=True, timeout=5 * PATIENCE)
    subprocess.run(
        [sys.executable, "-m", "unittest", "test_timedstore"],
        cwd=source,
        env={"PYTHONPATH": str(_ROOT)},
        check=True,
        timeout=PATIENCE,
    )
    twistd = [sys.executable, "-c", _TWISTD_WITH, str(installed)]
    port = freePort()
    options = ["-n", "chatserver", "--port", str(port), "--store"]
    with Twistd(tmp_path, *options, "timed:0:sqlite:room", program=twistd) as server:
        server.prints(LISTENING)
        assert say(port, b"from:ci|hello") == b""
        server.prints("a message took")
        server.stop()
    with Twistd(tmp_path, *options, "timed:sqlite:room", program=twistd) as server:
        server.prints("as in timed:0.5:sqlite:room.sqlite")
        assert server.ended() == 1


def test_readmeShowsTheExample() -> None:
    """
    The ten lines in the README are the file that was just run.
    """
    code = (_ROOT / "examples" / "embedded_room.py").read_text().split('"""\n\n', 1)[1]
    assert textwrap.indent(code, "    ") in (_ROOT / "README.rst").read_text()
