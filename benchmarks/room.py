"""
Contender "ours": ``twistd chatserver`` as it is, in a process of its own, used over the wire.
"""

import os
import re
import signal
import socket
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.programs import PYTHON, BenchmarkError, Program

#: How to start twistd.
TWISTD = (sys.executable, "-c", "from twisted.scripts.twistd import run; run()")
_COUNTED = (*PYTHON, "benchmarks.slowed")
_LOG, _PID = "room.log", "room.pid"

# Senders at once: one alone would wait for each message to be on disk.
_SENDERS = 8


class Room(Program):
    """
    A running chat server.

    :param folder: where its own, temporary folder is made.
    :param ports: of its members.
    :param prefix: a command that runs it, and counts.
    :param store: where it keeps its log.
    :param environ: more of its environment.
    :param options: more of ``twistd chatserver``.
    """

    def __init__(
        self,
        folder: Path,
        ports: Sequence[int] = (),
        prefix: Sequence[str] = (),
        store: str = "sqlite:room.sqlite",
        environ: Mapping[str, str] | None = None,
        options: Sequence[str] = (),
    ) -> None:
        self._folder = TemporaryDirectory(dir=folder)
        self._path = Path(self._folder.name)
        self._senders = ThreadPoolExecutor(_SENDERS)
        self._said: list[Future[None]] = []
        server = ("chatserver", "--listen", "tcp:0:interface=127.0.0.1", "--store", store, *options)
        twistd = _COUNTED if prefix else TWISTD
        inFront = ("-n", "--logfile", _LOG, "--pidfile", _PID)
        super().__init__([*prefix, *twistd, *inFront, *server], self._path, environ)
        self._ports = ports
        #: Where it listens, once it has begun.
        self.port = 0

    def greet(self) -> None:
        """
        Wait until it listens, and register its members.
        """
        self.port = self._portOnceItListens()
        self.join(self._ports)

    def join(self, ports: Sequence[int], options: str = "") -> None:
        """
        Register members.

        :param options: of each.
        """
        more = f"|{options}" if options else ""
        requests = [f"connect_request|member {port}|127.0.0.1|{port}{more}" for port in ports]
        for _ in self._senders.map(self._send, requests):
            pass

    def say(self, texts: Sequence[str]) -> None:
        """
        Send messages, in the order given only if one by one; do not wait for the receipts.
        """
        for text in texts:
            self._said.append(self._senders.submit(self._send, f"from:bench|{text}"))

    def settle(self) -> None:
        """
        Wait for the receipts of all that was said.

        :raises BenchmarkError: something was refused.
        """
        for receipt in self._said:
            receipt.result()
        self._said.clear()

    def finish(self) -> str:
        """
        Stop it as an operator does, and wait for its end.
        """
        # Not the process that we started: one that counts may stand between.
        os.kill(int((self._path / _PID).read_text()), signal.SIGTERM)
        return super().finish()

    def __exit__(self, *details: object) -> None:
        super().__exit__(*details)
        self._senders.shutdown(cancel_futures=True)
        self._folder.cleanup()

    def _portOnceItListens(self) -> int:
        log = self._path / _LOG
        while True:
            text = log.read_text() if log.exists() else ""
            found = re.search(r"starting on (\d+)", text)
            if found:
                return int(found[1])
            if self.process.poll() is not None:
                raise BenchmarkError(f"twistd chatserver did not start:\n{text}")
            time.sleep(0.02)

    def _send(self, message: str) -> None:
        try:
            with socket.create_connection(("127.0.0.1", self.port)) as connection:
                connection.sendall(message.encode())
                connection.shutdown(socket.SHUT_WR)
                answer = connection.recv(1024).decode()
        except OSError as error:
            answer = str(error)
        if answer:
            raise BenchmarkError(f"the room did not take {message!r}: {answer}")
