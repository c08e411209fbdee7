"""
Sockets that systemd makes and keeps, and hands over at each start.
"""

import os
import re
import shlex
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.loopback.rig import HOST, PATIENCE

_ROOT = Path(__file__).parents[2]
_UNITS = _ROOT / "examples" / "systemd"

_START = """
import os, sys
os.dup2(int(sys.argv.pop(1)), 3)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1", LISTEN_FDNAMES="room")
from twisted.scripts.twistd import run
run()
"""


@contextmanager
def _started(
    directory: Path, listening: socket.socket, where: str
) -> Iterator["subprocess.Popen[bytes]"]:
    """
    A room to which that socket is handed.
    """
    options = ("-n", "chatserver", "--listen", where, "--store", "memory:")
    number = listening.fileno()
    with subprocess.Popen(
        [sys.executable, "-c", _START, str(number), *options],
        cwd=directory,
        env={**os.environ, "PYTHONPATH": str(_ROOT)},
        pass_fds=(number,),
        stdout=subprocess.DEVNULL,
    ) as program:
        try:
            yield program
        finally:
            program.kill()


def _say(listening: socket.socket) -> bytes:
    """
    Send a message; who is not there yet is waited for.

    :returns: what came before the orderly close.
    """
    with socket.socket(listening.family) as sender:
        sender.settimeout(PATIENCE)
        sender.connect(listening.getsockname())
        sender.sendall(b"from:ci|hello")
        sender.shutdown(socket.SHUT_WR)
        return sender.recv(100)


@pytest.mark.parametrize("family", [socket.AF_UNIX, socket.AF_INET])
def test_twice(tmp_path: Path, family: socket.AddressFamily) -> None:
    """
    A room that is stopped leaves the socket as it was, and the next start serves it.
    """
    path = tmp_path / "room.sock"
    where = "systemd:domain=UNIX:name=room"
    with closing(socket.socket(family)) as listening:
        if family == socket.AF_UNIX:
            listening.bind(str(path))
            path.chmod(0o660)
        else:
            listening.bind((HOST, 0))
            where = "systemd:domain=INET:name=room"
        listening.listen(20)
        for _ in range(2):
            with _started(tmp_path, listening, where) as program:
                assert _say(listening) == b""
                program.send_signal(signal.SIGTERM)
                assert program.wait(PATIENCE) == -signal.SIGTERM
        if family == socket.AF_UNIX:
            assert stat.S_IMODE(path.stat().st_mode) == 0o660


def test_unit(tmp_path: Path) -> None:
    """
    The unit in examples/ starts the room on the socket of its own; systemd is told when it takes
    messages and when it stops, which is in order.
    """
    unit, port = (
        _UNITS.joinpath(f"chatserver.{kind}").read_text() for kind in ("service", "socket")
    )
    assert "FileDescriptorName=room" in port
    (line,) = re.findall(r"^ExecStart=(\S+ (?:.*\\\n)*.*)$", unit, re.MULTILINE)
    _, *arguments = shlex.split(line.replace("\\\n", ""))
    told = tmp_path / "notify"
    with (
        closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as manager,
        closing(socket.create_server(("::", 0), family=socket.AF_INET6)) as listening,
    ):
        manager.bind(str(told))
        manager.settimeout(PATIENCE)
        code = _START.replace("twisted.scripts.twistd", "twisted_messenger.programs.script")
        with subprocess.Popen(
            [
                sys.executable,
                "-c",
                code.replace("run", "main"),
                str(listening.fileno()),
                *arguments,
            ],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(_ROOT), "NOTIFY_SOCKET": str(told)},
            pass_fds=(listening.fileno(),),
            stdout=subprocess.DEVNULL,
        ) as program:
            try:
                assert manager.recv(100) == b"READY=1"
                assert _say(listening) == b""
                program.send_signal(signal.SIGTERM)
                assert manager.recv(100) == b"STOPPING=1"
                assert program.wait(PATIENCE) == -signal.SIGTERM
            finally:
                program.kill()
    assert (tmp_path / "room.sqlite").exists()
