"""
A PostgreSQL server: on loopback, in a temporary folder, gone afterwards.
"""

import importlib.util
import os
import re
import shutil
import signal
import socket
import subprocess
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.programs import BenchmarkError, Program

_HOST = "127.0.0.1"

# Where Debian keeps what only a server needs.
_FOLDERS = Path("/usr/lib/postgresql")


class Database(Program):
    """
    A server that runs, with a database without a password.

    :raises BenchmarkError: there is none on this machine, or nothing to talk to it.
    """

    def __init__(self) -> None:
        if importlib.util.find_spec("psycopg") is None:
            raise BenchmarkError("there is no psycopg: pip install 'psycopg[binary]'")
        programs = _programs()
        self._folder = TemporaryDirectory(prefix="benchmarks-")
        data = Path(self._folder.name) / "data"
        if os.geteuid() == 0:
            shutil.chown(self._folder.name, "postgres", "postgres")
        initdb = _asUser(programs / "initdb", "-A", "trust", "-U", "bench", "--no-sync", data)
        subprocess.run(initdb, check=True, stdout=subprocess.DEVNULL, cwd=self._folder.name)
        with socket.create_server((_HOST, 0)) as free:
            port = free.getsockname()[1]
        self._pid = data / "postmaster.pid"
        #: What ``--store`` takes.
        self.address = f"postgresql://bench@{_HOST}:{port}/postgres"
        places = (f"listen_addresses={_HOST}", f"port={port}", "unix_socket_directories=")
        settings = [word for place in places for word in ("-c", place)]
        server = _asUser(programs / "postgres", "-D", data, *settings)
        # It says on standard error what our programs say on standard output.
        super().__init__(["sh", "-c", 'exec "$@" 2>&1', "sh", *server], Path(self._folder.name))

    def greet(self) -> None:
        """
        Wait until it takes connections.
        """
        while not re.search("ready to accept connections", self.read()):
            pass

    def __exit__(self, *details: object) -> None:
        # Killed, it would leave memory that all its processes share.
        if self._pid.exists():
            os.kill(int(self._pid.read_text().split()[0]), signal.SIGINT)
            self.process.wait()
        super().__exit__(*details)
        self._folder.cleanup()


def _programs() -> Path:
    found = sorted(_FOLDERS.glob("*/bin/initdb"))
    elsewhere = shutil.which("initdb")
    if elsewhere:
        found.append(Path(elsewhere))
    if not found:
        raise BenchmarkError("there is no PostgreSQL server: apt-get install postgresql")
    return found[-1].parent


def _asUser(*words: str | Path) -> Sequence[str]:
    """
    A command that does not run as root: the server refuses to.
    """
    command = [str(word) for word in words]
    return ["runuser", "-u", "postgres", "--", *command] if os.geteuid() == 0 else command
