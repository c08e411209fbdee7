"""
The room over TLS, as people run it: a real twistd, real handshakes.
"""

import os
import socket
import ssl
import struct
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from tests.loopback.certificates import NEW, OLD, Authority, authoritiesFile, endpoint, secureRoom
from tests.loopback.rig import HOST, LISTENING, PATIENCE, Receiver, Twistd, connect, eventually, say

_RESET = struct.pack("ii", 1, 0)


def _closed(secure: ssl.SSLSocket) -> None:
    secure.close()


def _halfClosed(secure: ssl.SSLSocket) -> None:
    # Underneath TLS: an end of file without a close_notify.
    secure.shutdown(socket.SHUT_WR)
    while secure.recv(4096):
        pass
    secure.close()


def _reset(secure: ssl.SSLSocket) -> None:
    secure.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    secure.close()


def _ended(secure: ssl.SSLSocket) -> None:
    secure.unwrap().close()


def _notified(leave: Callable[[ssl.SSLSocket], None]) -> Callable[[ssl.SSLSocket], None]:
    def end(secure: ssl.SSLSocket) -> None:
        secure.setblocking(False)
        # It has sent its own close_notify, and would wait for the server's.
        with suppress(ssl.SSLWantReadError):
            secure.unwrap()
        leave(secure)

    return end


def test_endings(tmp_path: Path) -> None:
    """
    A close_notify ends a message, whatever becomes of the connection; without one it was cut.
    """
    endings = {"ended": _ended, "left": _notified(_closed), "fled": _notified(_reset)}
    with secureRoom(tmp_path) as room, Receiver() as member:
        room.joins("member", member)
        for version in (OLD, NEW):
            for cut in (_closed, _halfClosed, _reset):
                secure = room.connect(version=version)
                secure.sendall(b"from:ci|cut")
                cut(secure)
            for name, end in endings.items():
                secure = room.connect(version=version)
                secure.sendall(f"from:ci|{name} {version.name}".encode())
                end(secure)
        room.tell("")
        room.notes(7)
        assert [note.partition(", then: ")[0] for note in room.noted()[1:]] == [
            f"refused truncated from {HOST}: 11 bytes of ci"
        ] * 6
        room.tell("from:ci|last")
        texts = [f"ci: {name} {version.name}" for version in (OLD, NEW) for name in endings]
        member.gets([*texts, "ci: last"])
        counts = room.counted()
    assert counts == {
        "accepted": 7,
        "probes": 1,
        "pushes.confirmed": 7,
        "refused.truncated": 6,
        "registered.joined": 1,
    }


def test_noGoodbye(tmp_path: Path) -> None:
    """
    Complete lines are whole without a close_notify; what comes after them is dropped, and the log
    says why, with the source.
    """
    with secureRoom(tmp_path) as room, Receiver() as member:
        room.joins("member", member)
        texts = []
        for version in (OLD, NEW):
            for cut in (_closed, _halfClosed, _reset):
                name = f"{cut.__name__}{version.name}"
                secure = room.connect(version=version)
                secure.sendall(f"from:{name}|one\ntwo\nhalf".encode())
                cut(secure)
                texts.append(f"{name}: one\n{name}: two")
                member.gets(texts)
        room.notes(7)
        notes = room.noted()[1:]
        start = f"refused truncated from {HOST}: 4 bytes of _"
        assert all(note.startswith(start) for note in notes), notes
        assert all(note.endswith("no close_notify.") for note in notes), notes
        assert (len(notes), room.counted()["accepted"]) == (6, 6)


def test_unfinishedAtStop(tmp_path: Path) -> None:
    """
    A server that stops leaves a reset, never a close_notify that looks like a receipt.
    """
    with secureRoom(tmp_path) as room:
        # Here the client's handshake ends last: the server knows this connection.
        with room.connect(version=OLD) as secure:
            secure.sendall(b"from:ci|half")
            room.server.process.terminate()
            with pytest.raises(OSError, match=r"EOF|reset"):
                secure.recv(100)
        assert room.counted() == {"refused.truncated": 1}


def test_silence(tmp_path: Path) -> None:
    """
    Who sends one line and waits is answered inside TLS.
    """
    with secureRoom(tmp_path) as room, Receiver() as member:
        room.joins("member", member)
        versions = (OLD, NEW)
        bad = [room.connect(version=version) for version in versions]
        good = [room.connect(version=version) for version in versions]
        for secure in bad:
            secure.sendall(b"hello\n")
        for number, secure in enumerate(good):
            secure.sendall(f"from:ci|{number}\n".encode())
        for secure in bad:
            answer = secure.recv(4096)
            assert answer.startswith(b"! malformed: "), answer
            assert answer.endswith(b"\n")
        for secure in bad + good:
            assert secure.recv(4096) == b""
            _ended(secure)
        eventually(lambda: sorted(member.texts) == ["ci: 0", "ci: 1"], "both messages")
        counts = room.counted()
    assert (counts["accepted"], counts["refused.malformed"]) == (2, 2)


def test_receipts(tmp_path: Path) -> None:
    """
    With receipts, a sender over TLS that ends its line and waits knows that it is stored.
    """
    with secureRoom(tmp_path, "--receipts") as room:
        for position, version in enumerate((OLD, NEW), 1):
            with room.connect(version=version) as secure:
                secure.sendall(b"from:ci|hello\n")
                assert secure.recv(100) == f"+ {position}\n".encode()
                assert secure.recv(100) == b""


def test_lines(tmp_path: Path) -> None:
    """
    Who keeps the connection and sends line after line over TLS is heard, however much it comes to
    in the end; what is refused then resets it.
    """
    with secureRoom(tmp_path) as room, Receiver() as member:
        room.joins("member", member)
        # Two of them are more than one message may be.
        long = "x" * 50_000
        with (
            room.connect(version=OLD) as old,
            room.connect(version=NEW) as new,
            room.connect() as refused,
        ):
            # All wait at once.
            refused.sendall(b"connect_request|ann||9999\n")
            for number in range(3):
                for name, secure in (("old", old), ("new", new)):
                    secure.sendall(f"from:{name}|{number} {long}\n".encode())
                _hears(member, [f"{name}: {number} {long}" for name in ("new", "old")])
            for secure in (old, new, refused):
                assert secure.recv(100) == b""
            refused.sendall(b"connect_request|ann||1\n")
            with socket.socket(fileno=os.dup(refused.fileno())) as below:
                below.settimeout(PATIENCE)
                with pytest.raises(ConnectionError):
                    below.recv(100)
        counts = room.counted()
    assert (counts["accepted"], counts["refused.low_port"]) == (6, 1)


def test_silentAfterLines(tmp_path: Path) -> None:
    """
    A connection all of whose lines are stored is closed in order when it has been silent for long,
    below TLS too: a reset would say that something is lost.
    """
    with secureRoom(tmp_path, "--idle-timeout", "2") as room, ExitStack() as clients:
        connections = [clients.enter_context(room.connect(version=v)) for v in (OLD, NEW)]
        for secure in connections:
            secure.sendall(b"from:ci|hello\n")
        for secure in connections:
            assert secure.recv(100) == b""
        below = [
            clients.enter_context(socket.socket(fileno=os.dup(secure.fileno())))
            for secure in connections
        ]
        for plain in below:
            plain.settimeout(PATIENCE)
            assert plain.recv(100) == b""
        assert room.counted() == {"accepted": 2}
        # A reset may follow the end.
        assert [plain.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) for plain in below] == [0, 0]


def _hears(member: Receiver, texts: list[str]) -> None:
    # In any order, and nothing else.
    eventually(lambda: len(member.texts) >= len(texts), f"{len(texts)} texts")
    assert sorted(member.texts) == texts
    member.texts.clear()


def test_wrongListener(tmp_path: Path) -> None:
    """
    Plain text at the listener with TLS, and TLS at the plain one, are refused; a browser without
    TLS is told.
    """
    with secureRoom(tmp_path) as room:
        for text in (b"from:ci|plain", b"from:ci|plain\n"):
            with pytest.raises(ConnectionError):
                say(room.securePort, text)
        assert b"begin with TLS" in say(room.securePort, b"GET / HTTP/1.0\r\n\r\n")
        room.notes(3)
        start = f"refused truncated from {HOST}: 0 bytes, then: Connection"
        *plain, browser = room.noted()
        assert [note[: len(start)] for note in plain] == [start] * 2
        assert all("not what this port is for" in note for note in plain)
        assert browser.startswith(f"refused malformed from {HOST}: ")
        hello, nothing = ssl.MemoryBIO(), ssl.MemoryBIO()
        client = room.context(None).wrap_bio(nothing, hello, server_hostname=HOST)
        with suppress(ssl.SSLWantReadError):
            client.do_handshake()
        assert say(room.port, hello.read()).startswith(b"! malformed: ")
        assert room.counted() == {"refused.malformed": 2, "refused.truncated": 2}


def test_offers(tmp_path: Path) -> None:
    """
    A client that offers protocols in its handshake, as curl does, is served like any other.
    """
    with secureRoom(tmp_path) as room, ExitStack() as clients:
        connections = []
        for version in (OLD, NEW):
            for offered in (["http/1.1"], ["h2", "http/1.1"], ["mqtt"]):
                context = room.context(None, version)
                context.set_alpn_protocols(offered)
                plain = connect(room.securePort)
                secure = clients.enter_context(context.wrap_socket(plain, server_hostname=HOST))
                secure.sendall(b"from:ci|hello\n")
                connections.append(secure)
        for secure in connections:
            assert secure.recv(100) == b""
        assert room.counted() == {"accepted": 6}


def test_offersByDirectory(tmp_path: Path) -> None:
    """
    So is one that offers HTTP where the certificate is found in a directory.
    """
    server = Authority("authority").issue("server")
    (tmp_path / "server.pem").write_bytes(server.keyPem + server.pem)
    where = f"tls:{tmp_path}:0:interface={HOST}"
    with Twistd(tmp_path, "-n", "chatserver", "--store=memory:", "--listen", where) as room:
        room.prints(LISTENING)
        (port,) = [line.split()[-1] for line in room.lines() if " starting on " in line]
        for offered in (["http/1.1"], ["h2", "http/1.1"], ["h2"]):
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            context.set_alpn_protocols(offered)
            with context.wrap_socket(connect(int(port)), server_hostname="localhost") as secure:
                secure.sendall(b"from:ci|hello\n")
                assert secure.recv(100) == b""


def test_startErrors(tmp_path: Path) -> None:
    """
    What cannot listen over TLS as it was told does not start: one line says why, and status 1.
    """
    authority = Authority("authority")
    good, bad = (tmp_path / name for name in ("good", "bad"))
    good.mkdir()
    bad.mkdir()
    server = authority.issue("server")
    endless = tmp_path / "endless"
    endless.mkdir()
    chain = server.keyPem + server.pem + authority.identity.pem
    (endless / "server.pem").write_bytes(chain)
    secure = endpoint(good, 0, server)
    stranger = endpoint(bad, 0, server, authority.issue("server"))
    trusted, empty = authoritiesFile(tmp_path, authority), tmp_path / "empty.pem"
    broken = tmp_path / "broken.pem"
    empty.write_bytes(server.keyPem)
    broken.write_bytes(b"\n".join(server.pem.splitlines()[::2]))
    plain = f"tcp:0:interface={HOST}"
    wrong = "--client-ca: it is ssl: listeners that ask"
    cases: list[tuple[list[str], str]] = [
        ([secure.replace(".key", ".kez")], f"{good}/server.kez: No such file"),
        ([stranger], "do not match"),
        ([secure, f"--client-ca={tmp_path}/none.pem"], f"{tmp_path}/none.pem: No such file"),
        ([secure, f"--client-ca={empty}"], f"--client-ca: {empty}: there is no certificate in it"),
        ([secure, f"--client-ca={broken}"], f"--listen {secure}: "),
        ([f"tls:{endless}:0"], f"{endless}: an issuer has issued itself; take the root's"),
        ([plain, f"--client-ca={trusted}"], wrong),
        ([f"tls:{good}:{plain}", f"--client-ca={trusted}"], wrong),
        ([secure, f"--listen=tls:{good}:{plain}", f"--client-ca={trusted}"], wrong),
    ]
    with ExitStack() as running:
        programs = [
            running.enter_context(Twistd(tmp_path, "-n", "chatserver", "--listen", *options))
            for options, _ in cases
        ]
        for program, (_, why) in zip(programs, cases):
            assert program.ended() == 1, program.output
            said = [line for line in program.lines() if "UnixAppLogger" not in line]
            assert len(said) == 1, program.output
            assert said[0].startswith("chatserver: ")
            assert why in said[0]
