"""
Real programs and plain blocking sockets, for what only processes can show.

Everything listens on 127.0.0.1, is bounded in time, and ends with its ``with`` block.
"""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

HOST = "127.0.0.1"

#: Seconds after which a wait has failed. Generous: machines that test are slow and noisy.
PATIENCE = 60.0

#: The checkout.
ROOT = Path(__file__).parents[2]
#: What a chatserver prints when all that it listens at takes connections; what Twisted prints of
#: each port comes before that.
LISTENING = "listening at"
#: How twistd is run, whatever is installed.
TWISTD = [sys.executable, "-c", "from twisted.scripts.twistd import run; run()"]


def eventually(condition: Callable[[], bool], what: str | Callable[[], str]) -> None:
    """
    Wait until the condition holds.

    :param what: said in the error when it never does; as it is then, where it is to be called.
    """
    deadline = time.monotonic() + PATIENCE
    pause = threading.Event()
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"it never happened: {what if isinstance(what, str) else what()}")
        pause.wait(0.02)


class Twistd:
    """
    ``twistd`` as a person starts it, in a directory of its own.

    :param directory: where it runs.
    :param arguments: behind ``twistd``.
    :param program: what runs it.
    """

    def __init__(self, directory: Path, *arguments: str, program: Sequence[str] = TWISTD) -> None:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
        self.process = subprocess.Popen(
            [*program, *arguments],
            cwd=directory,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self._lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.append(line.decode("utf-8", "replace").rstrip("\n"))

    @property
    def output(self) -> str:
        """
        What it has printed so far.
        """
        return "\n".join(self._lines)

    def lines(self) -> list[str]:
        """
        What it has printed so far, line by line.
        """
        return list(self._lines)

    def types(self, line: str) -> None:
        """
        Give it a line on standard input.
        """
        assert self.process.stdin is not None
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def prints(self, text: str) -> None:
        """
        Wait until it has printed a text; it must not end before.
        """

        def printed() -> bool:
            over = self.process.poll() is not None
            if over:
                self._reader.join(PATIENCE)
            assert text in self.output or not over, f"it ended without {text!r}:\n{self.output}"
            return text in self.output

        eventually(printed, lambda: f"{text!r} in\n{self.output}")

    def kill(self) -> None:
        """
        End it as ``kill -9`` does.
        """
        self.process.kill()
        self.process.wait(PATIENCE)

    def stop(self) -> int:
        """
        End it as an operator does.

        :returns: its exit status.
        """
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.ended()

    def ended(self) -> int:
        """
        Wait for its end.

        :returns: its exit status.
        """
        status = self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        return status

    def __enter__(self) -> "Twistd":
        """
        :returns: the running program.
        """
        return self

    def __exit__(self, *details: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                stream.close()


def chatserver(directory: Path, port: int, *options: str) -> Twistd:
    """
    A chatserver that is ready to accept.
    """
    server = Twistd(directory, "-n", "chatserver", "--port", str(port), *options)
    try:
        server.prints(LISTENING)
    except BaseException:
        server.kill()
        raise
    return server


class Receiver:
    """
    A listening socket that behaves as the tutorial's: reads to the end, keeps the text, closes.

    :param port: where to listen; a free one where it is 0.
    """

    def __init__(self, port: int = 0) -> None:
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind((HOST, port))
        self._socket.listen(10)
        self.port = int(self._socket.getsockname()[1])
        self.texts: list[str] = []
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(PATIENCE)
                data = b""
                while chunk := connection.recv(16):
                    data += chunk
                self.texts.append(data.decode())
                connection.shutdown(socket.SHUT_RDWR)

    def gets(self, texts: list[str]) -> None:
        """
        Wait until exactly these texts have come, in this order.
        """
        eventually(lambda: len(self.texts) >= len(texts), f"{len(texts)} texts")
        assert self.texts == texts, self.texts

    def __enter__(self) -> "Receiver":
        """
        :returns: the listening receiver.
        """
        return self

    def __exit__(self, *details: object) -> None:
        # A close alone does not wake an accept() in another thread.
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(PATIENCE)


def connect(port: int) -> socket.socket:
    """
    A connection to a program on this machine.
    """
    return socket.create_connection((HOST, port), PATIENCE)


def hurl(port: int, text: str) -> None:
    """
    Send as the tutorial's clients do: both halves shut at once, no look at the answer.
    """
    with connect(port) as connection:
        connection.sendall(text.encode())
        connection.shutdown(socket.SHUT_RDWR)


def say(port: int, data: bytes) -> bytes:
    """
    Send, half-close, and read the receipt.

    :returns: what came before the orderly close; empty means stored.
    :raises OSError: the connection was reset: no promise.
    """
    with connect(port) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while chunk := connection.recv(4096):
            answer += chunk
        return answer
