"""
What signals do to a running room, and what it reads again at one of them.
"""

import signal
import ssl
import sys
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
from cryptography import x509

from tests.loopback.certificates import (
    Authority,
    Identity,
    SecureRoom,
    authoritiesFile,
    endpoint,
    secureRoom,
)
from tests.loopback.rig import HOST, LISTENING, Twistd, chatserver, connect, eventually, say
from tests.ports import freePort


def _secured(port: int) -> ssl.SSLSocket:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context.wrap_socket(connect(port), server_hostname="localhost")


def _serial(port: int) -> int:
    """
    Which certificate a client sees.
    """
    with _secured(port) as secure:
        shown = secure.getpeercert(binary_form=True)
    assert shown is not None
    return x509.load_der_x509_certificate(shown).serial_number


def _twistd(number: signal.Signals, disposition: str) -> Sequence[str]:
    """
    A twistd that was started with a signal treated so, however the tests were started: a shell that
    runs them in the background ignores some.
    """
    treated = f"import signal; signal.signal({number.value}, signal.{disposition})"
    return sys.executable, "-c", f"{treated}\nfrom twisted.scripts.twistd import run; run()"


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1])
def test_stops(tmp_path: Path, number: signal.Signals) -> None:
    """
    A signal that would end it at once stops it in order: half a message is reset, what it has
    counted is written.
    """
    port = freePort()
    options = ("-n", "chatserver", "--port", str(port), "--store", "memory:")
    with Twistd(tmp_path, *options, program=_twistd(number, "SIG_DFL")) as server:
        server.prints(LISTENING)
        with connect(port) as sender:
            sender.sendall(b"from:ci|half a mess")
            assert say(port, b"from:ci|hello") == b""
            server.process.send_signal(number)
            with pytest.raises(ConnectionResetError):
                sender.recv(1)
        assert server.ended() == -number
        assert "stopped; counted: " in server.output, server.output


def test_ignored(tmp_path: Path) -> None:
    """
    Under nohup it goes on when its terminal is closed.
    """
    port = freePort()
    options = ("-n", "chatserver", "--port", str(port), "--store", "memory:")
    with Twistd(tmp_path, *options, program=_twistd(signal.SIGHUP, "SIG_IGN")) as server:
        server.prints(LISTENING)
        assert say(port, b"from:ci|hello") == b""
        server.process.send_signal(signal.SIGHUP)
        assert say(port, b"from:ci|hello") == b""
        assert server.stop() == -signal.SIGTERM


def test_log(tmp_path: Path) -> None:
    """
    SIGHUP goes on in a new log after somebody has moved the old one; SIGUSR1 keeps it, as twistd
    does.
    """
    port, log = freePort(), tmp_path / "room.log"
    options = ("--port", str(port), "--store", "memory:")
    with Twistd(tmp_path, "-n", "--logfile", "room.log", "chatserver", *options) as server:
        eventually(lambda: log.exists() and f"on {port}" in log.read_text(), "a start")
        assert say(port, b"connect_request|ann|localhost|9001") == b""
        log.rename(tmp_path / "moved.log")
        server.process.send_signal(signal.SIGHUP)
        eventually(log.exists, "a new log")
        assert "ann at" in (tmp_path / "moved.log").read_text()
        assert say(port, b"connect_request|bob|localhost|9002") == b""
        eventually(lambda: "bob at" in log.read_text(), "a line in the new log")
        server.process.send_signal(signal.SIGUSR1)
        eventually((tmp_path / "room.log.1").exists, "the old log")
        assert server.stop() == -signal.SIGTERM
    assert "counted: " in log.read_text()


def _hangUp(room: SecureRoom, line: str) -> None:
    room.server.process.send_signal(signal.SIGHUP)
    room.server.prints(line)


def test_certificates(tmp_path: Path) -> None:
    """
    SIGHUP lets new connections see a renewed certificate; those that are open go on. One that
    cannot be read is told in one line, and the old one stays.
    """
    authority = Authority("another authority")
    with secureRoom(tmp_path) as room:
        before = room.connect()
        before.sendall(b"from:ci|hel")
        renewed = authority.issue("renewed")
        endpoint(tmp_path, 0, renewed)
        _hangUp(room, "certificates were read again")
        assert _serial(room.securePort) == renewed.certificate.serial_number
        before.sendall(b"lo")
        with before.unwrap() as plain:
            assert plain.recv(1) == b""
        (tmp_path / "server.pem").write_bytes(b"no certificate")
        _hangUp(room, "the old certificates stay")
        assert _serial(room.securePort) == renewed.certificate.serial_number
        assert room.counted()["accepted"] == 1


@pytest.mark.parametrize("kind", ["ssl", "tls"])
def test_doorCertificates(tmp_path: Path, kind: str) -> None:
    """
    So are those of the HTTP door, where the room has none as well; it goes on answering, and what
    cannot be read is told.
    """
    authority = Authority("an authority")
    first, renewed = authority.issue("first"), authority.issue("renewed")
    port = freePort()
    where = f"tls:{tmp_path}:{port}:interface={HOST}"
    if kind == "ssl":
        where = endpoint(tmp_path, port, first)
    _put(tmp_path, first)
    with chatserver(tmp_path, freePort(), "--web", where) as server:
        assert _serial(port) == first.certificate.serial_number
        for identity in (renewed, first):
            if kind == "ssl":
                endpoint(tmp_path, port, identity)
            _put(tmp_path, identity)
            server.process.send_signal(signal.SIGHUP)
            eventually(partial(_shows, port, identity), "the new one")
        (tmp_path / "server.pem").write_bytes(b"-----BEGIN CERTIFICATE-----\n")
        server.process.send_signal(signal.SIGHUP)
        server.prints("the old certificates stay")
        with _secured(port) as secure:
            secure.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost:%d\r\n\r\n" % port)
            assert secure.recv(15) == b"HTTP/1.1 200 OK"
        assert server.stop() == -signal.SIGTERM


def test_authorities(tmp_path: Path) -> None:
    """
    So are the authorities of clients: one that is gone from the file lets nobody in any more.
    """
    old, new = Authority("old"), Authority("new")
    path = authoritiesFile(tmp_path, old)
    with secureRoom(tmp_path, "--client-ca", str(path)) as room:
        room.tell("from:ci|hello", old.issue("ci"))
        authoritiesFile(tmp_path, new)
        _hangUp(room, "certificates were read again")
        room.tell("from:ci|hello", new.issue("ci"))
        # A client may believe that its handshake is done before the server has refused it.
        with suppress(ssl.SSLError, ConnectionError):
            room.tell("from:ci|hello", old.issue("ci"))
        assert room.counted()["accepted"] == 2


def _shows(port: int, identity: Identity) -> bool:
    return _serial(port) == identity.certificate.serial_number


def _put(directory: Path, identity: Identity) -> None:
    (directory / "server.pem").write_bytes(identity.pem + identity.keyPem)


def test_directory(tmp_path: Path) -> None:
    """
    So is a directory of certificates, which is else read again for unknown names only.
    """
    authority, directory = Authority("an authority"), tmp_path / "pem"
    directory.mkdir()
    first = authority.issue("first")
    _put(directory, first)
    port = freePort()
    where = f"tls:{directory}:{port}:interface={HOST}"
    options = ("--listen", where, "--store", "memory:")
    with Twistd(tmp_path, "-n", "chatserver", *options) as server:
        server.prints(LISTENING)
        assert _serial(port) == first.certificate.serial_number
        renewed = authority.issue("renewed")
        _put(directory, renewed)
        server.process.send_signal(signal.SIGHUP)
        server.prints("certificates were read again")
        assert _serial(port) == renewed.certificate.serial_number
        (directory / "root.pem").write_bytes(authority.identity.pem)
        server.process.send_signal(signal.SIGHUP)
        server.prints("take the root's certificate out")
        assert _serial(port) == renewed.certificate.serial_number
        assert server.stop() == -signal.SIGTERM
