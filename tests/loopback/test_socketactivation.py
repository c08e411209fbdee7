"""
Sockets that systemd makes and keeps, and hands over at each start.
"""

import os
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
