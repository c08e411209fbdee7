"""
What a script or a thread says to a room, over real sockets.
"""

import asyncio
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.loopback.rig import HOST, PATIENCE, Receiver, chatserver
from tests.ports import freePort
from tests.test_layering import closureOf
from twisted_messenger import blocking
from twisted_messenger.refusal import Reason, Refusal
from twisted_messenger.result import Stored, Unknown

#: What a server does with one connection.
Behaviour = Callable[[socket.socket], object]


class _Server:
    """
    A listening socket that treats each connection in its own way, the last one for good.
    """

    def __init__(self, *behaviours: Behaviour) -> None:
        self.listening = socket.create_server((HOST, 0))
        #: What it heard, whole or not.
        self.heard: list[bytes] = []
        self._behaviours = behaviours
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        """
        Where it is.
        """
        return f"{HOST}:{self.listening.getsockname()[1]}"

    def _accept(self) -> None:
        count = 0
        while True:
            try:
                connection, _ = self.listening.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(PATIENCE)
                self._behaviours[min(count, len(self._behaviours) - 1)](connection)
            count += 1

    def reads(self, connection: socket.socket) -> None:
        """
        Read to the end.
        """
        data = b""
        while chunk := connection.recv(4096):
            data += chunk
        self.heard.append(data)

    def stop(self) -> None:
        """
        Listen no more.
        """
        self.listening.shutdown(socket.SHUT_RDWR)
        self.listening.close()
        self._thread.join(PATIENCE)


def _answering(line: bytes) -> Behaviour:
    def answer(connection: socket.socket) -> None:
        while connection.recv(4096):
            pass
        connection.sendall(line)

    return answer


def _resetting(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _readingThenResetting(connection: socket.socket) -> None:
    while connection.recv(4096):
        pass
    _resetting(connection)


@contextmanager
def _server(*behaviours: Behaviour) -> Iterator[_Server]:
    server = _Server(*behaviours)
    try:
        yield server
    finally:
        server.stop()


def test_stored(tmp_path: Path) -> None:
    """
    A message is in the room when the call returns, and its position is told where the server does.
    """
    port = freePort()
    with chatserver(tmp_path, port, "--receipts") as server, Receiver() as member:
        with socket.create_connection((HOST, port), PATIENCE) as connection:
            connection.sendall(f"connect_request|ann|localhost|{member.port}\n".encode())
            server.prints("ann at localhost")
        assert blocking.say(f"localhost:{port}", "ci", "one\ntwo \udcff") == Stored(1)
        assert blocking.say(f"127.0.0.1:{port}", " ci ", "") == Stored(2)
        member.gets(["ci: one\nci: two ?", "ci: "])


def test_asyncio(tmp_path: Path) -> None:
    """
    An asyncio program says several things at once.
    """
    port = freePort()

    async def main() -> list[bool]:
        calls = (asyncio.to_thread(blocking.say, f"{HOST}:{port}", "ci", text) for text in "abc")
        return [result.stored for result in await asyncio.gather(*calls)]

    with chatserver(tmp_path, port):
        assert asyncio.run(main()) == [True, True, True]


def test_refused(tmp_path: Path) -> None:
    """
    What the server will not have comes back at once, and so does a name that is none.
    """
    port = freePort()
    with chatserver(tmp_path, port):
        refused = blocking.say(f"{HOST}:{port}", "ci", "x" * 70_000)
        assert isinstance(refused, Refusal)
        assert (refused.reason, refused.transient) == (Reason.TOO_BIG, False)
    refused = blocking.say(f"{HOST}:{port}", "a|b", "hello")
    assert isinstance(refused, Refusal)
    assert refused.reason is Reason.BAD_NAME


def test_noAddress() -> None:
    """
    A server that cannot be one is told at once.
    """
    for server in ("localhost", "localhost:0", ":8880"):
        with pytest.raises(ValueError, match="HOST:PORT"):
            blocking.say(server, "ci", "hello")


def test_notNow() -> None:
    """
    "Not now" is tried again, and handed over when the time is up.
    """
    busy = _answering(b"~ rate: too fast\n")
    with _server(busy, busy, _answering(b"+ 9\n")) as server:
        assert blocking.say(server.address, "ci", "hello") == Stored(9)
    with _server(busy) as server:
        assert blocking.say(server.address, "ci", "hello", timeout=0.5) == Refusal(
            Reason.RATE, "too fast"
        )


def test_away() -> None:
    """
    While nobody is there it is tried again; if nobody comes, nothing has arrived.
    """
    port = freePort()
    with pytest.raises(ConnectionRefusedError):
        blocking.say(f"{HOST}:{port}", "ci", "hello", timeout=0.3)


def test_comesLater(tmp_path: Path) -> None:
    """
    A server that is started meanwhile gets it.
    """
    port = freePort()
    results: list[object] = []
    thread = threading.Thread(
        target=lambda: results.append(blocking.say(f"{HOST}:{port}", "ci", "hello"))
    )
    thread.start()
    with chatserver(tmp_path, port):
        thread.join(PATIENCE)
    assert results == [Stored()]


def test_unknown() -> None:
    """
    If the connection breaks after the last byte, nobody knows, and it is not said again.
    """
    with _server(_readingThenResetting) as server:
        result = blocking.say(server.address, "ci", "hello")
        assert isinstance(result, Unknown)
        assert "reset" in result.detail


def test_noAnswer() -> None:
    """
    A server that has it and never answers leaves it unknown when the time is up.
    """
    stop = threading.Event()
    with _server(lambda connection: stop.wait(PATIENCE)) as server:
        begun = time.monotonic()
        result = blocking.say(server.address, "ci", "hello", timeout=0.3)
        assert isinstance(result, Unknown)
        assert time.monotonic() - begun < PATIENCE / 2
        stop.set()


def test_closedUnread() -> None:
    """
    Who ends the connection without having taken the message has not stored it.
    """
    stop = threading.Event()

    def hangUp(connection: socket.socket) -> None:
        connection.shutdown(socket.SHUT_WR)
        stop.wait(PATIENCE)

    with _server(hangUp) as server:
        # No more than this is acknowledged while nobody reads.
        server.listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        result = blocking.say(server.address, "ci", "x" * 500_000, timeout=0.5)
        assert result == Unknown("the server closed, but did not take the message in time")
        stop.set()


def test_half() -> None:
    """
    Where not all could be sent, nothing arrives: the rest of it is reset, not closed.
    """
    heard: list[bytes] = []

    def tarpit(connection: socket.socket) -> None:
        done.wait(PATIENCE)
        try:
            while chunk := connection.recv(65536):
                heard.append(chunk)
            heard.append(b"end")
        except ConnectionResetError:
            heard.append(b"reset")
        finished.set()

    done, finished = threading.Event(), threading.Event()
    with _server(tarpit) as server:
        with pytest.raises(TimeoutError):
            blocking.say(server.address, "ci", "x" * 20_000_000, timeout=0.5)
        done.set()
        assert finished.wait(PATIENCE)
    assert heard[-1] == b"reset"


def test_noTwisted() -> None:
    """
    A script needs the standard library only.
    """
    outside = {name.split(".")[0] for name in closureOf("twisted_messenger.blocking")}
    assert "socket" in outside
    assert not outside & {"twisted", "zope"}
