"""
The wire format, case by case, on the real server; and that the suite sees what is wrong.
"""

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conformance.__main__ import main
from tests.loopback.rig import HOST, PATIENCE, chatserver, freePort


def _run(capsys: pytest.CaptureFixture[str], port: int, *options: str) -> tuple[int, str]:
    """
    :returns: the exit status, and the table.
    """
    status = main([HOST, str(port), *options])
    return status, capsys.readouterr().out


def _failed(table: str) -> set[str]:
    return set(re.findall(r"^  FAILED   (.+?)  ", table, re.MULTILINE))


@contextmanager
def _deaf() -> Iterator[int]:
    """
    A server that reads everything, answers as if it had stored it, and forgets it.

    :returns: its port.
    """
    with socket.create_server((HOST, 0)) as listener:
        thread = threading.Thread(target=_forgetAll, args=(listener,))
        thread.start()
        try:
            yield int(listener.getsockname()[1])
        finally:
            # A close alone does not wake an accept() in another thread.
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(PATIENCE)


def _forgetAll(listener: socket.socket) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with connection:
            try:
                while connection.recv(65536):
                    pass
            except ConnectionError:
                continue


def test_chatserver(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """
    Our server keeps every promise, and is left as it was found.
    """
    port = freePort()
    with chatserver(tmp_path, port) as server:
        status, table = _run(capsys, port, "--patience", str(PATIENCE))
        assert status == 0, table
        server.stop()
        assert "Traceback" not in server.output
        counts = {what: int(n) for what, n in re.findall(r"'([a-z_.]+)': (\d+)", server.output)}
        # Where two members became one, one was left to leave.
        assert counts["left"] + counts["registered.merged"] == counts["registered.joined"]


def test_repeated(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """
    What an earlier run said and registered does not disturb a later one.
    """
    port = freePort()
    with chatserver(tmp_path, port):
        for _ in range(2):
            status, table = _run(capsys, port, "--only", "another", "--patience", str(PATIENCE))
            assert status == 0, table


def test_otherRules(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """
    A server that was told to keep other rules fails those cases, and no others.
    """
    port = freePort()
    rules = ("--callbacks", "any", "--senders", "any", "--min-callback-port", "1")
    with chatserver(tmp_path, port, *rules, "--max-message", "131072"):
        status, table = _run(capsys, port, "--patience", str(PATIENCE))
    assert status == 1
    assert _failed(table) == {
        "another machine",
        "another's address",
        "message of 64 KiB and 100 bytes",
        "port below 1024",
        "speaking under another's name",
    }, table


def test_receipts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """
    A server that answers with positions keeps the same promises.
    """
    port = freePort()
    with chatserver(tmp_path, port, "--receipts"):
        for case in ("taken", "form", "line", "refused"):
            status, table = _run(capsys, port, "--only", case, "--patience", str(PATIENCE))
            assert status == 0, table


def test_otherForm(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """
    A newline behind a push is seen, and so is a reset in place of a line.
    """
    port = freePort()
    with chatserver(tmp_path, port, "--push-newline", "--no-explain"):
        for case in ("form", "message refused"):
            assert _failed(_run(capsys, port, "--only", case, "--patience", "1")[1]) == {case}


def test_deafServer(capsys: pytest.CaptureFixture[str]) -> None:
    """
    A server that only pretends fails, and nobody waits for its pushes again and again.
    """
    with _deaf() as port:
        status, table = _run(capsys, port, "--patience", "0.5")
    assert status == 1
    assert {"form", "port 0", "another machine", "host 127.1"} <= _failed(table)
    assert "not tried: the server pushes nothing" in table
    assert "message taken" not in _failed(table)


def test_noServer(capsys: pytest.CaptureFixture[str]) -> None:
    """
    Where nobody listens, one line says so.
    """
    status, table = _run(capsys, freePort())
    assert (status, table.count("\n")) == (1, 1)


def test_noCase(capsys: pytest.CaptureFixture[str]) -> None:
    """
    To try nothing at all is a mistake, not a success.
    """
    with pytest.raises(SystemExit):
        main([HOST, "1", "--only", "no such case"])
    assert "no case has 'no such case' in its name" in capsys.readouterr().err
