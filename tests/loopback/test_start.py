"""
Starting, and refusing to start, as an operator sees it.
"""

import os
import pwd
import signal
import socket
import subprocess
from contextlib import closing, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.loopback.rig import (
    HOST,
    LISTENING,
    PATIENCE,
    ROOT,
    TWISTD,
    Twistd,
    chatserver,
    eventually,
    say,
)
from tests.ports import freePort
from twisted_messenger.stores.sqlite.file import SQLiteFile
from twisted_messenger.version import VERSION


def _refused(program: Twistd, *words: str) -> None:
    with program:
        assert program.ended() == 1, program.output
        lines = program.lines()
        assert "Traceback" not in program.output, program.output
        told = [line for line in lines if all(word in line for word in words)]
        assert len(told) == 1, program.output


def _listening() -> socket.socket:
    holder = socket.socket()
    holder.bind((HOST, 0))
    holder.listen()
    return holder


def test_portTaken(tmp_path: Path) -> None:
    """
    A taken port ends either program with one line that names it, and status 1.
    """
    with _listening() as holder:
        port = str(holder.getsockname()[1])
        _refused(
            Twistd(tmp_path, "-n", "chatserver", "--port", port), "chatserver: ", port, "in use"
        )
        _refused(Twistd(tmp_path, "-n", "chatpeer", "--port", port), "chatpeer: ", port, "in use")
        _refused(Twistd(tmp_path, "chatserver", "--port", port), port, "in use")
    assert not (tmp_path / "twistd.pid").exists()
    assert "Traceback" not in (tmp_path / "twistd.log").read_text()


def test_storeUnwritable(tmp_path: Path) -> None:
    """
    So does a store that cannot be opened.
    """
    store = f"sqlite:{tmp_path}/missing/room.sqlite"
    port = str(freePort())
    _refused(Twistd(tmp_path, "-n", "chatserver", "--port", port, "--store", store), "store")
    _refused(Twistd(tmp_path, "chatserver", "--port", port, "--store", store), "store")


def test_storeInUse(tmp_path: Path) -> None:
    """
    Two servers cannot share one store.
    """
    store = f"sqlite:{tmp_path}/room.sqlite"
    with chatserver(tmp_path, freePort(), "--store", store):
        port = str(freePort())
        second = Twistd(tmp_path, "-n", "chatserver", "--port", port, "--store", store)
        _refused(second, "in use by another process")


def test_startLine(tmp_path: Path) -> None:
    """
    The log says what was started: version, store, what waits, where it listens, and limits.
    """
    port = freePort()
    where = ("--listen", f"tcp:{port}:interface={HOST}", "--listen", "unix:room.sock")
    for told in ("has 0 members;", "has 1 member, 1 of them up to 2 messages behind;"):
        with Twistd(tmp_path, "-n", "chatserver", *where, "--max-pushes", "7") as server:
            server.prints("kept for who is behind: 268435456 bytes, 86400 s")
            line = next(line for line in server.lines() if "kept for" in line)
            assert f"twisted_messenger {VERSION}: sqlite:chatserver-{port}.sqlite {told}" in line
            assert f"listening at {HOST}:{port}, " in line
            assert ", room.sock; at most " in line
            assert "7 pushes at once" in line
            if "0 members" in told:
                assert say(port, f"connect_request|ann|localhost|{freePort()}".encode()) == b""
                assert say(port, b"from:ci|one") == say(port, b"from:ci|two") == b""
            assert server.stop() == -signal.SIGTERM


def test_badOption(tmp_path: Path) -> None:
    """
    A bad value is one line with the option and the mend, and status 1.
    """
    for option, value in (
        ("--port", "eighty"),
        ("--store", "paper:"),
        ("--listen", "pigeon:1"),
        ("--callbacks", "cidr:10.0.0.0/99"),
        ("--max-message", "5"),
    ):
        _refused(Twistd(tmp_path, "-n", "chatserver", option, value), "chatserver: ", option)


def test_reactors(tmp_path: Path) -> None:
    """
    A reactor that would let a sender's messages change places is refused with one line; others
    serve.
    """
    port = freePort()
    options = ("chatserver", "--port", str(port), "--store", "memory:")
    _refused(Twistd(tmp_path, "-n", "--reactor", "select", *options), "--reactor select", "epoll")
    for reactor in ("epoll", "poll", "asyncio"):
        with Twistd(tmp_path, "-n", "--reactor", reactor, *options) as server:
            server.prints(LISTENING)
            assert say(port, b"from:ci|hello") == b""
            assert server.stop() == -signal.SIGTERM


def test_bothInOneDirectory(tmp_path: Path) -> None:
    """
    The room and a peer start in the same directory, and talk.
    """
    port, peerPort = freePort(), freePort()
    with chatserver(tmp_path, port) as server:
        with Twistd(
            tmp_path,
            *("-n", "chatpeer", "--port", str(peerPort)),
            *("--server", f"localhost:{port}", "--name", "ann"),
        ) as peer:
            server.prints("ann at localhost")
            assert say(port, b"from:ci|build 7 is green") == b""
            peer.prints("ci: build 7 is green")
            assert sorted(peer.lines()) == ["* joined as ann", "ci: build 7 is green"]
            assert peer.stop() == -signal.SIGTERM
        assert server.stop() == -signal.SIGTERM
        assert "Traceback" not in server.output


def test_daemon(tmp_path: Path) -> None:
    """
    Without -n it goes to the background, serves, and stops at SIGTERM to its pid.
    """
    port = freePort()
    with Twistd(tmp_path, "chatserver", "--port", str(port)) as parent:
        assert parent.ended() == 0, parent.output
    pidFile = tmp_path / "twistd.pid"
    pid = int(pidFile.read_text())
    try:
        assert say(port, b"from:ci|hello") == b""
    finally:
        os.kill(pid, signal.SIGTERM)
        eventually(lambda: not pidFile.exists(), "the daemon is gone")


def test_helpForAReaderWhoHasEnough() -> None:
    """
    ``--help | head -1`` shows the first line, and nothing of a broken pipe.
    """
    for command in ("chatserver", "chatpeer"):
        reading, writing = os.pipe()
        os.close(reading)
        with os.fdopen(writing, "wb") as gone:
            ended = subprocess.run(
                [*TWISTD, command, "--help"],
                stdout=gone,
                stderr=subprocess.PIPE,
                cwd=ROOT,
                timeout=PATIENCE,
                check=False,
            )
        assert (ended.returncode, ended.stderr) == (0, b"")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give up root's rights")
def test_uid() -> None:
    """
    With --uid nobody it takes a port that only root may take, and its files are nobody's.
    """
    nobody = pwd.getpwnam("nobody").pw_uid
    # Not pytest's own directory, which nobody else may enter.
    with TemporaryDirectory() as name, closing(_lowPort()) as port:
        directory = Path(name)
        file = SQLiteFile(str(directory / "room.sqlite"))
        file.open()
        file.close()
        for path in (directory, directory / "room.sqlite"):
            os.chown(path, nobody, -1)
        number = port.getsockname()[1]
        port.close()
        options = ("--port", str(number), "--store", "sqlite:room.sqlite")
        with Twistd(directory, "-n", "--uid", "nobody", "chatserver", *options) as server:
            eventually(lambda: (directory / "room.sqlite-wal").exists(), server.output)
            assert say(number, b"from:ci|hello") == b""
            assert (directory / "room.sqlite-wal").stat().st_uid == nobody
            assert server.stop() == -signal.SIGTERM
            assert "Traceback" not in server.output, server.output


def _lowPort() -> socket.socket:
    """
    A free port that only root may take.
    """
    for number in range(600, 1024):
        probe = socket.socket()
        with suppress(OSError):
            probe.bind((HOST, number))
            return probe
        probe.close()
    raise AssertionError("no port is free")
