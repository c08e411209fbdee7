"""
The door of a real server: what only processes, files and sockets can show.
"""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from contextlib import ExitStack
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from tests.ipv6 import hasIPv6
from tests.loopback.rig import HOST, LISTENING, PATIENCE, TWISTD, Twistd, chatserver, say
from tests.ports import freePort

TOKEN = "correct-horse-battery"


class ControlConnection(HTTPConnection):
    """
    HTTP over a Unix socket.
    """

    def __init__(self, path: Path) -> None:
        super().__init__("control", timeout=PATIENCE)
        self._path = str(path)

    def connect(self) -> None:
        """
        Connect.
        """
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(PATIENCE)
        self.sock.connect(self._path)


def ask(
    where: HTTPConnection, method: str, path: str, body: str | None = None, **headers: str
) -> tuple[int, Any]:
    """
    Ask for something.

    :returns: the status, and the JSON.
    """
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    where.request(method, path, body, named)
    answer = where.getresponse()
    return answer.status, json.loads(answer.read())


def test_control(tmp_path: Path) -> None:
    """
    A room has a control socket beside its store, for nobody but its owner, while it runs.
    """
    port = freePort()
    path = tmp_path / f"chatserver-{port}.sqlite.control"
    with chatserver(tmp_path, port) as server:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        body = '{"host": "10.0.0.9", "port": 9001}'
        status, said = ask(ControlConnection(path), "PUT", "/members/bot", body)
        assert (status, said) == (200, {"change": "joined"})
        status, said = ask(ControlConnection(path), "POST", "/announce", "hello")
        assert status == 201
        (member,) = ask(ControlConnection(path), "GET", "/members")[1]["members"]
        assert (member["name"], member["host"]) == ("bot", "10.0.0.9")
        other = ("--store=memory:", f"--control={path}")
        with Twistd(tmp_path, "-n", "chatserver", f"--port={freePort()}", *other) as second:
            assert second.ended() == 1
            assert second.output.count("in use by another process; give another path") == 1
        assert server.stop() == -signal.SIGTERM
    assert not path.exists()


def test_costsNothing() -> None:
    """
    A server that nobody looks into has not even read the code for that.
    """
    code = (
        "import sys, twisted_messenger.programs.chatserver;"
        "sys.exit(sum(name.startswith(('twisted.web', 'twisted_messenger.web.door'))"
        " for name in sys.modules))"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], timeout=PATIENCE, check=False).returncode == 0
    )


def test_afterKill(tmp_path: Path) -> None:
    """
    After kill -9 the dead socket is replaced, and a message that is sent again is stored once.
    """
    port = freePort()
    path = tmp_path / f"chatserver-{port}.sqlite.control"
    answers = []
    for _ in range(2):
        with chatserver(tmp_path, port) as server:
            said = ask(
                *(ControlConnection(path), "POST", "/messages?name=ci", "build 7 is green"),
                Idempotency_Key="build-7",
            )
            answers.append(said)
            server.kill()
        assert path.exists()
    assert answers == [(201, {"id": "1"})] * 2


def test_web(tmp_path: Path) -> None:
    """
    With --web there is a door at localhost, at both addresses; the token is in a file.
    """
    port, web = freePort(), freePort()
    (tmp_path / "token").write_text(TOKEN + "\n", encoding="ascii")
    options = (f"--web={web}", "--web-token=token", "--control=none")
    with chatserver(tmp_path, port, *options) as server:
        hosts = [HOST, *(["::1"] if hasIPv6() else [])]
        for host in hosts:
            door = HTTPConnection(host, web, timeout=PATIENCE)
            assert ask(door, "POST", "/messages?name=ann", "hello")[0] == 201
            assert ask(door, "POST", "/announce", "x")[0] == 401
            assert ask(door, "POST", "/announce", "x", Authorization=f"Bearer {TOKEN}")[0] == 201
        assert TOKEN not in server.output
        assert not [name for name in os.listdir(tmp_path) if name.endswith(".control")]
        assert server.stop() == -signal.SIGTERM


def test_descriptors(tmp_path: Path) -> None:
    """
    However many come to the HTTP door, the room and its control socket have descriptors left.
    """
    port, web = freePort(), freePort()
    few = ("sh", "-c", 'ulimit -n 160; exec "$@"', "sh", *TWISTD)
    arguments = ("-n", "chatserver", f"--port={port}", f"--web={web}", "--control=room.control")
    with Twistd(tmp_path, *arguments, program=few) as server, ExitStack() as crowd:
        server.prints(LISTENING)
        for _ in range(200):
            crowd.enter_context(socket.create_connection((HOST, web), PATIENCE))
        assert say(port, b"from:ann|hello") == b""
        status, _ = ask(ControlConnection(tmp_path / "room.control"), "GET", "/members")
        assert status == 200
        assert "EMFILE" not in server.output


def test_refusedStarts(tmp_path: Path) -> None:
    """
    What cannot be is refused in one line that names the option.
    """
    (tmp_path / "short").write_text("secret", encoding="ascii")
    refused = (
        (["--web=tcp:8881"], "--web-token FILE"),
        (["--web=nowhere:1"], "--web nowhere:1"),
        (["--web=8881", "--web-token=absent"], "--web-token absent: No such file"),
        (["--web=8881", "--web-token=short"], "--web-token short: give a file with 16"),
        (["--web=8881", "--web-read=all"], "--web-read all: give token or open"),
        (["--web=8881", "--web-proxy=there"], "--web-proxy there: give addresses"),
        ([f"--control={'x' * 108}"], "over 107 bytes"),
    )
    with ExitStack() as running:
        servers = []
        # All at once: none waits for the one before.
        for options, _ in refused:
            arguments = ("-n", "chatserver", f"--port={freePort()}", "--store=memory:", *options)
            servers.append(running.enter_context(Twistd(tmp_path, *arguments)))
        for server, (_, why) in zip(servers, refused, strict=True):
            assert server.ended() == 1, server.output
            lines = [line for line in server.lines() if line.startswith("chatserver: ")]
            assert [why in line for line in lines] == [True], server.output
