"""
What a sender sees is the same whether its message is whole when it is accepted, or not.
"""

import resource
import signal
import socket
from pathlib import Path

import pytest

from tests.ipv6 import needsIPv6
from tests.loopback.rig import Receiver, chatserver, eventually, say
from tests.loopback.waysrig import WAYS, Way, answer, dial, inPieces, stopped
from tests.ports import freePort

#: An address that is not exempt from the limits of a source.
ELSEWHERE = "127.0.0.2"

#: How somebody begins who believes to be at a web server.
TLS_HELLO = bytes.fromhex("160301004a0100004603036b7c") + bytes(66)

both = pytest.mark.parametrize("way", WAYS)


@both
def test_taken(tmp_path: Path, way: Way) -> None:
    """
    A message is taken, and pushed; the close is its receipt.
    """
    port = freePort()
    with chatserver(tmp_path, port) as server, Receiver() as member:
        registered = way(server, port, b"connect_request|ann|localhost|%d" % member.port)
        assert answer(registered) == b""
        assert answer(way(server, port, b"from:ci|hello")) == b""
        member.gets(["ci: hello"])


@both
def test_position(tmp_path: Path, way: Way) -> None:
    """
    With ``--receipts`` a line says where it is.
    """
    port = freePort()
    with chatserver(tmp_path, port, "--receipts") as server:
        answers = [answer(way(server, port, b"from:ci|hello")) for _ in range(2)]
    assert answers == [b"+ 1\n", b"+ 2\n"]


@both
def test_refused(tmp_path: Path, way: Way) -> None:
    """
    A refusal is told in a line, by its own reason, and a request of a browser too.
    """
    port = freePort()
    with chatserver(tmp_path, port) as server:
        for data, line in (
            (b"hello", b"! malformed: "),
            (b"from:server|hello", b"! bad_name: "),
            (b"connect_request|ann|10.9.8.7|9000", b"! foreign_callback: "),
            (b"from:ann|" + b"x" * 70_000, b"! too_big: "),
            (b"GET / HTTP/1.1\r\n\r\n", b"! malformed: this is a chat room"),
            (TLS_HELLO, b"! malformed: this is a chat room"),
            ("from:ci|hello".encode("utf-16"), b"! bad_utf8: this is UTF-16"),
            (b"connect_request|\xff|localhost|9000", b"! bad_utf8: "),
            (b"connect_request|ann|localhost|80", b"! low_port: "),
            (b"connect_request|ann|localhost|%d" % port, b"! own_port: "),
            (b"connect_request|ann|localhost|9000|colour", b"! malformed: unknown option"),
        ):
            assert answer(way(server, port, data)).startswith(line)


@both
def test_replies(tmp_path: Path, way: Way) -> None:
    """
    Who asks is answered, and who is told what to do instead hears why.
    """
    port = freePort()
    with (
        chatserver(tmp_path, port, "--reserve", f"boss={ELSEWHERE}") as server,
        Receiver() as member,
    ):
        registration = b"connect_request|ann|localhost|%d" % member.port
        for data, line in (
            (registration + b"|refresh", b"+ joined\n"),
            (registration + b"|refresh", b"+ here\n"),
            (registration + b"|who", b"+ ann\n"),
            (b"from:boss|hello", b"! not_owner: boss is reserved"),
            (b"leave_request|ann|localhost|%d" % member.port, b""),
        ):
            assert answer(way(server, port, data)).startswith(line)
        # The resolver takes its time.
        unknown = answer(way(server, port, b"connect_request|ann|nobody.invalid|9000"))
        assert unknown[1:].startswith(b" unresolvable: ")


@both
def test_notExplained(tmp_path: Path, way: Way) -> None:
    """
    With ``--no-explain`` who is refused is reset, and who is taken is not.
    """
    port = freePort()
    with chatserver(tmp_path, port, "--no-explain") as server:
        assert answer(way(server, port, b"from:ci|hello")) == b""
        with pytest.raises(ConnectionResetError):
            answer(way(server, port, b"hello"))


@both
def test_rate(tmp_path: Path, way: Way) -> None:
    """
    A source that says too much is told so; this machine's loopback is not bound.
    """
    port = freePort()
    with chatserver(tmp_path, port, "--rate", "0.001", "--burst", "1") as server:
        for source, second in ((ELSEWHERE, b"~ rate: "), ("127.0.0.1", b"")):
            assert answer(way(server, port, b"from:ci|one", source=source)) == b""
            told = answer(way(server, port, b"from:ci|two", source=source))
            assert told.partition(b"more")[0] == second


@both
def test_owner(tmp_path: Path, way: Way) -> None:
    """
    Nobody speaks under the name of somebody at another address.
    """
    port = freePort()
    with chatserver(tmp_path, port) as server, Receiver() as member:
        registration = b"connect_request|ann|localhost|%d" % member.port
        assert answer(way(server, port, registration)) == b""
        told = answer(way(server, port, b"from:ann|it is me", source=ELSEWHERE))
        assert told.startswith(b"! not_owner: ")


@needsIPv6
@both
def test_overIPv6(tmp_path: Path, way: Way) -> None:
    """
    Over IPv6 as over IPv4, and this machine is the same.
    """
    port = freePort()
    with chatserver(tmp_path, port) as server, Receiver() as member:
        registration = b"connect_request|ann|localhost|%d" % member.port
        assert answer(way(server, port, registration, host="::1")) == b""
        other = b"connect_request|bob|10.9.8.7|9000"
        assert b"connect over IPv4" in answer(way(server, port, other, host="::1"))
        assert answer(way(server, port, b"from:ann|it is me")) == b""


@both
def test_connections(tmp_path: Path, way: Way) -> None:
    """
    A source with as many connections as it may have is told so, by the new one.
    """
    port = freePort()
    with chatserver(tmp_path, port, "--max-connections-per-host", "1") as server:
        silent = dial(port, source=ELSEWHERE)
        assert say(port, b"") == b""
        told = answer(way(server, port, b"from:ci|hello", source=ELSEWHERE))
        silent.close()
    # One that is silent for a second makes room.
    assert told in (b"", b"~ connection_cap: there are 1 connections from your address already\n")


@both
def test_fullHouse(tmp_path: Path, way: Way) -> None:
    """
    Where there is no room in all, who comes waits, and is served when one goes.
    """
    port = freePort()
    with chatserver(tmp_path, port, "--max-connections", "2") as server:
        silent = [dial(port), dial(port)]
        assert answer(way(server, port, b"from:ci|hello")) == b""
        for connection in silent:
            connection.close()


@both
def test_gone(tmp_path: Path, way: Way) -> None:
    """
    Who is gone before its answer was heard all the same; nobody else notices.
    """
    port = freePort()
    with chatserver(tmp_path, port, "--receipts") as server:
        for text in (b"from:ci|hello", b"hello"):
            connection = way(server, port, text)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            connection.close()
        assert answer(way(server, port, b"from:ci|hello")) in (b"+ 1\n", b"+ 2\n")
        assert "Traceback" not in server.output


@both
def test_probe(tmp_path: Path, way: Way) -> None:
    """
    A connection without a byte is closed in order, and counted; so is one that is reset.
    """
    port = freePort()
    with chatserver(tmp_path, port) as server:
        before = 1 if way is inPieces else 0
        assert answer(way(server, port, b"")) == b""
        server.stop()
        assert f"'probes': {1 + before}" in server.output
        assert "refused" not in server.output


@pytest.mark.parametrize("sent", [b"", b"from:ci|half"])
def test_resetBeforeAccepted(tmp_path: Path, sent: bytes) -> None:
    """
    What ends with a reset before anybody looks is no message, whatever came of it.
    """
    port = freePort()
    with chatserver(tmp_path, port, "--receipts") as server:
        with stopped(server):
            connection = dial(port)
            connection.sendall(sent)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            connection.close()
        assert say(port, b"from:ci|whole") == b"+ 1\n"
        assert "Traceback" not in server.output


@both
def test_killed(tmp_path: Path, way: Way) -> None:
    """
    A program that dies leaves resets, never what looks like a receipt.
    """
    port = freePort()
    with chatserver(tmp_path, port) as server:
        first = inPieces(server, port, b"from:ci|one")
        assert answer(first) == b""
        with stopped(server):
            connection = dial(port)
            connection.sendall(b"from:ci|two")
            connection.shutdown(socket.SHUT_WR)
            server.kill()
        with pytest.raises(ConnectionResetError):
            answer(connection)


@both
def test_stop(tmp_path: Path, way: Way) -> None:
    """
    Who is whole when the program is told to stop is answered, or reset, and the log agrees.
    """
    port = freePort()
    with chatserver(tmp_path, port, "--receipts") as server:
        with stopped(server):
            connections = [dial(port) for _ in range(20)]
            for number, connection in enumerate(connections):
                connection.sendall(b"from:ci|%d" % number)
                connection.shutdown(socket.SHUT_WR)
            server.process.terminate()
        seen = [_receipt(connection) for connection in connections]
        assert server.ended() == -signal.SIGTERM
    stored = [line for line in seen if line.startswith(b"+")]
    assert set(seen) <= {*stored, b"reset", b"~ shutdown: the server is stopping\n"}
    with chatserver(tmp_path, port, "--receipts"):
        assert say(port, b"from:ci|next") == b"+ %d\n" % (len(stored) + 1)


def _receipt(connection: socket.socket) -> bytes:
    try:
        return answer(connection)
    except ConnectionResetError:
        return b"reset"


@both
def test_noDescriptors(tmp_path: Path, way: Way) -> None:
    """
    Where no descriptor is left, nobody gets what looks like a receipt, and later all goes on.
    """
    port = freePort()
    with chatserver(tmp_path, port, "--receipts") as server:
        assert say(port, b"from:ci|first") == b"+ 1\n"
        pid = server.process.pid
        before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        open_ = len(list(Path(f"/proc/{pid}/fd").iterdir()))
        with stopped(server):
            resource.prlimit(pid, resource.RLIMIT_NOFILE, (open_, before[1]))
            connections = [dial(port) for _ in range(5)]
            for connection in connections:
                connection.sendall(b"from:ci|hello")
                connection.shutdown(socket.SHUT_WR)
        seen = {_receipt(connection) for connection in connections}
        assert b"" not in seen
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
        assert answer(way(server, port, b"from:ci|later")).startswith(b"+ ")


def test_order(tmp_path: Path) -> None:
    """
    Who ended a message before another began is heard first, though the other is whole at once, and
    somebody else's waits in front of both.
    """
    port = freePort()
    with chatserver(tmp_path, port) as server, Receiver() as member:
        assert say(port, b"connect_request|ann|localhost|%d" % member.port) == b""
        older = dial(port)
        older.sendall(b"from:ci|old")
        assert say(port, b"") == b""
        with stopped(server):
            connections = [dial(port)]
            connections[0].sendall(b"from:dan|other")
            connections[0].shutdown(socket.SHUT_WR)
            older.sendall(b"er")
            older.shutdown(socket.SHUT_WR)
            connections.append(dial(port))
            connections[1].sendall(b"from:ci|newer")
            connections[1].shutdown(socket.SHUT_WR)
        assert [answer(one) for one in (older, *connections)] == [b""] * 3
        eventually(lambda: len(member.texts) == 3, "three texts")
        assert member.texts.index("ci: older") < member.texts.index("ci: newer")
