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
from tests.loopback.certificates import secureRoom
from tests.loopback.rig import HOST, PATIENCE, chatserver
from tests.ports import freePort


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
        "address in the other version of IP, not mine",
        "another machine",
        "another's address",
        "host 127.0.0.2, from 127.0.0.1",
        "key, from elsewhere",
        "message of 64 KiB and 100 bytes",
        "port below 1024",
        "speaking under another's name",
    }, table


def test_startedWith(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """
    What is said of a server is tried: its other ports, its receipts, a reserved name.
    """
    proxied = f"haproxy:tcp:0:interface={HOST}"
    reserved = "ci=127.0.0.9"
    options = ("--listen", proxied, "--receipts", "--reserve", reserved)
    with secureRoom(tmp_path, *options) as room:
        port, securePort, proxiedPort = room.ports()
        said = ("--receipts", "--reserved", reserved, "--patience", str(PATIENCE))
        ports = ("--tls-port", str(securePort), "--proxy-port", str(proxiedPort))
        cases = (
            "position",
            "reserved",
            "header",
            "close_notify",
            "TLS",
            "taken",
            "form",
            "refused",
        )
        for case in cases:
            status, table = _run(capsys, port, "--only", case, *said, *ports)
            assert status == 0, table
            assert "skipped  " not in table, table


def test_notStartedWith(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """
    A server that does not do what is said of it fails; of what is not said, the table says how.
    """
    port = freePort()
    with chatserver(tmp_path, port):
        said = ("--receipts", "--reserved", "ci=127.0.0.9")
        ports = ("--tls-port", str(port), "--proxy-port", str(port))
        assert _failed(_run(capsys, port, *said, *ports, "--only", "position")[1]) == {
            *("position of a message", "position of a registration"),
            *("position of a line without an end", "position over TLS"),
        }
        assert _failed(_run(capsys, port, *said, "--only", "reserved name")[1]) == {
            "reserved name, from elsewhere"
        }
        assert len(_failed(_run(capsys, port, *ports, "--only", "header")[1])) == 6
        status, table = _run(capsys, port, "--only", "position")
    assert (status, table.count("only with --receipts")) == (0, 4)


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
