"""
The commands for who runs a room, as a shell starts them.
"""

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.loopback.rig import PATIENCE, ROOT, Receiver, Twistd, chatserver, eventually, say
from tests.ports import freePort

_PROGRAM = [sys.executable, "-c", "from twisted_messenger.programs.script import main; main()"]


class _Room:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = freePort()
        self.webPort = freePort()
        (folder / "token").write_text("correct-horse-battery")
        self.server: Twistd

    def start(self) -> Twistd:
        web = ("--web", str(self.webPort), "--web-token", "token")
        return chatserver(self.folder, self.port, *web)

    def run(self, *words: str, folder: Path | None = None) -> tuple[int, str, str]:
        """
        Run a command where the server runs.
        """
        done = subprocess.run(
            [*_PROGRAM, *words],
            cwd=folder or self.folder,
            env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
        return done.returncode, done.stdout, done.stderr

    def prints(self, *words: str) -> str:
        status, printed, complained = self.run(*words)
        assert (status, complained) == (0, "")
        return printed


@pytest.fixture
def room(tmp_path: Path) -> Iterator[_Room]:
    """
    A room with a member that is reached, and one that is not.
    """
    room = _Room(tmp_path)
    with room.start() as room.server, Receiver() as receiver:
        for name, port in (("ann", receiver.port), ("printer", freePort())):
            assert say(room.port, f"connect_request|{name}|localhost|{port}".encode()) == b""
        assert say(room.port, b"from:ci|build 7 is green") == b""
        receiver.gets(["ci: build 7 is green"])
        yield room


def test_story(room: _Room) -> None:
    """
    Something is wrong with a member: found, understood and mended, with commands only.
    """
    eventually(lambda: "1 of 2 members in trouble" in room.prints("status"), "status tells of it")
    assert "printer cannot be reached" in room.prints("status")
    waiting = room.prints("waiting").splitlines()
    assert [line.split()[:2] for line in waiting[1:]] == [["printer", "1"], ["in", "all"]]
    assert room.prints("members").splitlines()[1].split()[:3] == ["printer", "failing", "1"]
    room.prints("pause", "printer")
    assert "1 paused: printer" in room.prints("status")
    room.prints("resume", "printer")
    room.prints("retry", "printer")
    room.prints("evict", "printer")
    assert room.prints("waiting") == "nothing waits\n"
    assert "accepted" in room.prints("counters")
    assert "announced" in room.prints("announce", "the", "printer is gone")
    assert room.prints("tail", "-n", "2") == ("ci: build 7 is green\nserver: the printer is gone\n")


def test_json(room: _Room) -> None:
    """
    Programs get JSON, a line for each message.
    """
    members = json.loads(room.prints("members", "--json"))["members"]
    assert {one["name"] for one in members} == {"ann", "printer"}
    (waiting,) = json.loads(room.prints("waiting", "--json"))["members"]
    assert (waiting["name"], waiting["behind"]) == ("printer", 1)
    (line,) = room.prints("tail", "--json").splitlines()
    assert json.loads(line)["text"] == "build 7 is green"


def test_statuses(room: _Room, tmp_path: Path) -> None:
    """
    A script tells a no from nobody there and from a mistake of its own.
    """
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    url = f"http://localhost:{room.webPort}"
    for status, words, folder, told in (
        (1, ("evict", "nobody"), None, "there is no nobody"),
        (2, ("evict",), None, "NAME"),
        (2, ("status", "--loud"), None, "loud"),
        (2, ("tail", "-n", "-1"), None, "--lines"),
        (2, ("status",), elsewhere, "--door"),
        (2, ("status", "--token", "nothing", "--door", url), None, "--token nothing"),
        (1, ("status", "--door", url), None, "--token"),
        (1, ("waiting", "--door", url), None, "--token"),
        (0, ("status", "--door", url, "--token", "token"), None, ""),
        (0, ("members", "--door", url), None, ""),
        (75, ("status", "--door", f"http://localhost:{freePort()}"), None, "refused"),
        (75, ("status", "--door", "gone.control"), None, "No such file"),
    ):
        found, _, complained = room.run(*words, folder=folder)
        assert (found, told in complained) == (status, True), (words, found, complained)
        assert complained.count("\n") == (1 if told else 0)


def test_somethingElse(room: _Room) -> None:
    """
    What is no door is told in one line, and nothing of what it says reaches the terminal as it is.
    """
    with socket.create_server(("127.0.0.1", 0)) as other:

        def answer() -> None:
            client, _ = other.accept()
            with client:
                client.recv(1000)
                client.sendall(b"\x1b[2Jhello\r\n")

        threading.Thread(target=answer, daemon=True).start()
        door = f"http://127.0.0.1:{other.getsockname()[1]}"
        status, printed, complained = room.run("status", "--door", door)
    assert (status, printed) == (75, "")
    assert complained == f"twisted-messenger status: {door}: \\x1b[2Jhello\n"


def test_follows(room: _Room) -> None:
    """
    Who follows goes on when the server is back, without a gap and without a double.
    """
    following = Twistd(
        room.folder,
        *("--door", f"http://localhost:{room.webPort}", "--token", "token"),
        program=[*_PROGRAM, "tail", "-f"],
    )
    with following:
        following.prints("ci: build 7 is green")
        assert say(room.port, b"from:ci|two\nlines") == b""
        following.prints("ci: two\nci: lines")
        room.server.kill()
        following.prints("trying again")
        with room.start():
            assert say(room.port, b"from:ci|it is back") == b""
            following.prints("ci: it is back")
    printed = [line for line in following.lines() if line.startswith("ci: ")]
    assert printed == ["ci: build 7 is green", "ci: two", "ci: lines", "ci: it is back"]
