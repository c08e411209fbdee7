"""
A real pgbouncer before a PostgreSQL server, for tests: gone afterwards.
"""

import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

import psycopg
import pytest

from tests.ports import freePort
from tests.postgresqlserver import HOST, PostgreSQLServer

# Seconds until it must have started.
_PATIENCE = 30.0

_SETTINGS = """
[databases]
postgres = host={host} port={server} dbname=postgres user=tester
[pgbouncer]
listen_addr = {host}
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = {mode}
default_pool_size = 60
"""


@contextmanager
def pooling(server: PostgreSQLServer, mode: str) -> "Iterator[Pooler]":
    """
    A pooler that runs.

    :param mode: ``session`` or ``transaction``.
    """
    if shutil.which("pgbouncer") is None:
        pytest.skip("there is no pgbouncer here: apt-get install pgbouncer")
    pooler = Pooler(server, mode)
    try:
        pooler.start()
        yield pooler
    finally:
        pooler.remove()


class Pooler:
    """
    One pooler; a node has up to six connections.

    :param server: what it connects to.
    :param mode: see :func:`pooling`.
    """

    def __init__(self, server: PostgreSQLServer, mode: str) -> None:
        self._server = server
        self._folder = Path(mkdtemp(prefix="pooler-"))
        self._port = freePort()
        settings = self._folder / "pgbouncer.ini"
        settings.write_text(
            _SETTINGS.format(host=HOST, server=server.port, port=self._port, mode=mode)
        )
        if os.geteuid() == 0:
            shutil.chown(self._folder, "postgres")
        self._command = server.asItsUser("pgbouncer", "-q", str(settings))
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """
        What ``--store`` takes.
        """
        return f"postgresql://tester@{HOST}:{self._port}/postgres"

    def start(self) -> None:
        """
        Start, and wait until it answers.
        """
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + _PATIENCE
        pause = threading.Event()
        while not self._answers():
            assert time.monotonic() < deadline, "pgbouncer does not answer"
            pause.wait(0.05)

    def stop(self) -> None:
        """
        Cut all connections.
        """
        if self._process is not None:
            self._process.terminate()
            self._process.wait(_PATIENCE)
            self._process = None

    def remove(self) -> None:
        """
        Stop, and leave nothing behind.
        """
        try:
            self.stop()
        finally:
            shutil.rmtree(self._folder)

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.address, connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True
