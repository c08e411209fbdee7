"""
The room as people run it: a real twistd, real sockets.
"""

import itertools
import socket
import threading
from functools import partial
from pathlib import Path

from tests.ipv6 import needsIPv6
from tests.loopback.rig import (
    PATIENCE,
    Receiver,
    chatserver,
    connect,
    eventually,
    hurl,
    say,
)
from tests.ports import freePort


def test_conversation(tmp_path: Path) -> None:
    """
    Two tutorial clients hear each other, and nobody hears himself.
    """
    port = freePort()
    with chatserver(tmp_path, port) as server, Receiver() as first, Receiver() as second:
        hurl(port, f"connect_request|first client|localhost|{first.port}")
        hurl(port, f"connect_request|second client|localhost|{second.port}")
        server.prints("second client at localhost")
        hurl(port, "from:second client|HI!")
        first.gets(["second client: HI!"])
        hurl(port, "from:first client|Hello back")
        second.gets(["first client: Hello back"])
        assert first.texts == ["second client: HI!"]
        assert "Traceback" not in server.output


@needsIPv6
def test_bothFamilies(tmp_path: Path) -> None:
    """
    Programs that take the first address of "localhost", which may be ::1, find the room there, and
    are who they are over IPv4.
    """
    port = freePort()
    with chatserver(tmp_path, port), Receiver() as member:
        assert say(port, f"connect_request|ann|localhost|{member.port}".encode()) == b""
        assert _sayOverIPv6(port, b"from:ci|over IPv6") == b""
        member.gets(["ci: over IPv6"])
        assert _sayOverIPv6(port, b"from:ann|it is me") == b""
        assert _sayOverIPv6(port, b"connect_request|loop||%d" % port).startswith(b"! own_port")


def _sayOverIPv6(port: int, data: bytes) -> bytes:
    with socket.create_connection(("::1", port), PATIENCE) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        return connection.recv(1024)


def test_orderOfOneSender(tmp_path: Path) -> None:
    """
    Five hundred messages reach two members once each and in order.
    """
    port = freePort()
    with chatserver(tmp_path, port), Receiver() as one, Receiver() as two:
        for name, receiver in (("one", one), ("two", two)):
            assert say(port, f"connect_request|{name}|localhost|{receiver.port}".encode()) == b""
        for number in range(500):
            hurl(port, f"from:ci|{number}")
        expected = [f"ci: {number}" for number in range(500)]
        one.gets(expected)
        two.gets(expected)


def test_orderOfEnds(tmp_path: Path) -> None:
    """
    A hundred open connections arrive in the order in which they end, not in which they began.
    """
    port = freePort()
    with chatserver(tmp_path, port), Receiver() as member:
        assert say(port, f"connect_request|member|localhost|{member.port}".encode()) == b""
        connections = [connect(port) for _ in range(100)]
        for number, connection in enumerate(connections):
            connection.sendall(f"from:ci|{number}".encode())
        # A stride coprime to 100 visits each once, far from the order of connecting.
        order = [(start * 37) % 100 for start in range(100)]
        for number in order:
            connections[number].shutdown(1)
            assert connections[number].recv(100) == b""
        for connection in connections:
            connection.close()
        member.gets([f"ci: {number}" for number in order])


def test_waitingSurvivesKill(tmp_path: Path) -> None:
    """
    What waits for an absent member is still there after kill -9, and so is the member.
    """
    port, absent = freePort(), freePort()
    with chatserver(tmp_path, port) as server:
        assert say(port, f"connect_request|absent|localhost|{absent}".encode()) == b""
        for number in range(200):
            assert say(port, f"from:ci|{number}".encode()) == b""
        server.kill()
    with chatserver(tmp_path, port), Receiver(absent) as member:
        member.gets([f"ci: {number}" for number in range(200)])


def test_receiptSurvivesKill(tmp_path: Path) -> None:
    """
    Whoever saw the orderly close finds the message delivered, whenever the server was killed.
    """
    port, absent = freePort(), freePort()
    stored: list[str] = []
    numbers = itertools.count()

    def sendUntilKilled(sender: int) -> None:
        try:
            while True:
                text = f"{sender}-{next(numbers)}"
                if say(port, f"from:ci|{text}".encode()) == b"":
                    stored.append(text)
        except OSError:
            return

    # Different moments of a transaction's life; nobody aims at one.
    for enough in (30, 110, 241):
        with chatserver(tmp_path, port) as server:
            say(port, f"connect_request|absent|localhost|{absent}".encode())
            senders = [threading.Thread(target=sendUntilKilled, args=(n,)) for n in range(4)]
            for sender in senders:
                sender.start()
            eventually(partial(_reached, stored, enough), "some receipts")
            server.kill()
            for sender in senders:
                sender.join(20)
    with chatserver(tmp_path, port), Receiver(absent) as member:
        eventually(lambda: len(member.texts) >= len(stored), "everything stored")
        eventually(
            lambda: {text.removeprefix("ci: ") for text in member.texts} >= set(stored),
            "each of them",
        )
        assert len(set(member.texts)) == len(member.texts)


def _reached(texts: list[str], count: int) -> bool:
    return len(texts) >= count


def test_unfinishedIsResetAtKill(tmp_path: Path) -> None:
    """
    A killed server leaves a reset, never a close that looks like a receipt.
    """
    port = freePort()
    with chatserver(tmp_path, port) as server:
        connection = connect(port)
        connection.sendall(b"from:ci|half")
        # Another round trip: by then the server has read the first half.
        say(port, b"")
        server.kill()
        try:
            answer = connection.recv(100)
        except ConnectionResetError:
            answer = b"reset"
        connection.close()
    assert answer == b"reset"


def test_unfinishedIsResetAtStop(tmp_path: Path) -> None:
    """
    So does one that is asked to stop.
    """
    port = freePort()
    with chatserver(tmp_path, port) as server:
        connection = connect(port)
        connection.sendall(b"from:ci|half")
        say(port, b"")
        server.process.terminate()
        try:
            answer = connection.recv(100)
        except ConnectionResetError:
            answer = b"reset"
        connection.close()
        server.ended()
    assert answer == b"reset"
    assert "Traceback" not in server.output


def test_refusalsAreAnswered(tmp_path: Path) -> None:
    """
    Bad input gets its line, one log line and a counter; the room goes on.
    """
    port = freePort()
    cases = {
        b"hello": b"! malformed",
        b"from:nobar": b"! malformed",
        b"connect_request|a|b": b"! malformed",
        b"connect_request|a|b|1|2": b"! malformed",
        b"connect_request|a|localhost|0x50": b"! malformed",
        b"connect_request|a|localhost|70000": b"! malformed",
        b"connect_request|a\xff|localhost|2000": b"! bad_utf8",
        b"from:\xff|x": b"! bad_utf8",
        b"from:connect_request|x": b"! bad_name",
        b"from:a\x1b|x": b"! bad_name",
        b"from:server|x": b"! bad_name",
        b"connect_request|a|10.1.1.1|2000": b"! foreign_callback",
        b"connect_request|a|localhost|80": b"! low_port",
        f"connect_request|a|127.0.0.1|{port}".encode(): b"! own_port",
        f"connect_request|a|0|{port}".encode(): b"! foreign_callback",
        b"connect_request|a|no such host|2000": b"! unresolvable",
        b"from:ci|" + b"x" * 70_000: b"! too_big",
        b"from:ci|" + b"\n" * 60_000 + b"x": b"! too_big",
    }
    with chatserver(tmp_path, port) as server, Receiver() as member:
        assert say(port, f"connect_request|member|localhost|{member.port}".encode()) == b""
        for data, start in cases.items():
            answer = say(port, data)
            assert answer.startswith(start), (data[:60], answer)
            assert answer.count(b"\n") == 1
            assert answer.endswith(b"\n")
        assert say(port, b"from:ci|still here") == b""
        member.gets(["ci: still here"])
        assert server.output.count("refused") == len(cases)
        server.stop()
        assert "'refused.malformed': 6" in server.output
        assert "Traceback" not in server.output


def test_lineWithoutEnd(tmp_path: Path) -> None:
    """
    A netcat that never sends its end of file gets its line through all the same.
    """
    port = freePort()
    with chatserver(tmp_path, port), Receiver() as member:
        assert say(port, f"connect_request|member|localhost|{member.port}".encode()) == b""
        with connect(port) as connection:
            connection.sendall(b"from:ci|no end\n")
            assert connection.recv(100) == b""
        member.gets(["ci: no end"])
