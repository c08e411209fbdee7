"""
A real PostgreSQL server for tests: on loopback, in a temporary folder, gone afterwards.
"""

import os
import pwd
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from glob import glob
from pathlib import Path
from tempfile import mkdtemp

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from tests.ports import freePort

HOST = "127.0.0.1"

# Seconds until it must have started or ended; machines that test are slow.
_PATIENCE = 60.0

#: Where Debian keeps what only a server needs.
_FOLDERS = "/usr/lib/postgresql/*/bin"


@contextmanager
def running(
    *settings: str, follows: "PostgreSQLServer | None" = None
) -> "Iterator[PostgreSQLServer]":
    """
    A server that runs, and is gone afterwards.

    :param follows: whose standby it is.
    """
    programs = serverPrograms()
    if programs is None:
        pytest.skip("there is no PostgreSQL server here: apt-get install postgresql")
    server = PostgreSQLServer(programs, *settings, follows=follows)
    try:
        server.start()
        yield server
    finally:
        server.remove()


def serverPrograms() -> Path | None:
    """
    Where ``initdb`` and ``postgres`` are.

    :returns: ``None`` where there are none.
    """
    found = shutil.which("initdb")
    folders = [*sorted(glob(_FOLDERS), reverse=True), *([os.path.dirname(found)] if found else [])]
    return next((Path(folder) for folder in folders if Path(folder, "initdb").exists()), None)


class PostgreSQLServer:
    """
    One server, its data, and databases without a password.

    :param programs: where its programs are.
    :param settings: more of its settings.
    :param follows: whose standby it is; ``None`` for a server of its own.
    """

    def __init__(
        self, programs: Path, *settings: str, follows: "PostgreSQLServer | None" = None
    ) -> None:
        self._programs = programs
        self._folder = Path(mkdtemp(prefix="postgresql-"))
        # It refuses to run as root.
        self._user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
        if os.geteuid() == 0:
            shutil.chown(self._folder, "postgres", "postgres")
        self._settings = settings
        self.port = freePort()
        self._data = self._folder / "data"
        self._process: subprocess.Popen[bytes] | None = None
        if follows is None:
            self._run("initdb", "-A", "trust", "-U", "tester", "-E", "UTF8", "--no-sync", "-D")
        else:
            whom = ("-h", HOST, "-p", str(follows.port), "-U", "tester", "-R")
            self._run("pg_basebackup", *whom, "--checkpoint=fast", "--no-sync", "-D")

    @property
    def address(self) -> str:
        """
        What ``--store`` takes.
        """
        return f"postgresql://tester@{HOST}:{self.port}/postgres"

    def start(self) -> None:
        """
        Start, and wait until it answers.
        """
        settings = (
            *(f"listen_addresses={HOST}", f"port={self.port}", "unix_socket_directories="),
            *("max_connections=200", *self._settings),
        )
        options = [word for setting in settings for word in ("-c", setting)]
        command = self._command("postgres", "-D", str(self._data), *options)
        with open(self._folder / "log", "ab") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self._folder
            )
        deadline = time.monotonic() + _PATIENCE
        pause = threading.Event()
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError((self._folder / "log").read_text())
            pause.wait(0.05)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """
        Stop: by default as an operator does who does not wait for clients.
        """
        if self._process is None:
            return
        os.kill(self.pid, how)
        self._process.wait(_PATIENCE)
        self._process = None

    def promote(self) -> None:
        """
        Let a standby be a primary from now on.
        """
        self._run("pg_ctl", "promote", "-w", "-D")

    def stopFollowing(self) -> None:
        """
        Let a standby hear no more of its primary.
        """
        self.execute("ALTER SYSTEM SET primary_conninfo = ''")
        self.execute("SELECT pg_reload_conf()")
        deadline = time.monotonic() + _PATIENCE
        while self.execute("SELECT pid FROM pg_stat_wal_receiver"):
            assert time.monotonic() < deadline, "it follows on"

    def pause(self) -> None:
        """
        Let all of its processes stand still.
        """
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """
        Let them go on.
        """
        assert self._process is not None
        self._signal(signal.SIGCONT)
        # What started it has stood still with it, by itself.
        self._process.send_signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        # It comes before its children: it would make others.
        for pid in [self.pid, *self._children()]:
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def _children(self) -> list[int]:
        tasks = Path("/proc") / str(self.pid) / "task"
        return [int(pid) for path in tasks.glob("*/children") for pid in path.read_text().split()]

    @property
    def pid(self) -> int:
        """
        Of the server itself, not of what started it.
        """
        return int((self._data / "postmaster.pid").read_text().split()[0])

    def cpuSeconds(self) -> float:
        """
        What it has used up to now: the server, and everything that it has started and waited for.
        """
        ticks = 0
        for entry in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):
                words = entry.read_text().rpartition(")")[2].split()
                number = int(entry.parent.name)
                if number == self.pid or int(words[1]) == self.pid:
                    ticks += sum(map(int, words[11:13]))
                if number == self.pid:
                    ticks += sum(map(int, words[13:15]))
        return ticks / os.sysconf("SC_CLK_TCK")

    def remove(self) -> None:
        """
        Stop, and leave nothing behind.
        """
        try:
            if self._process is not None:
                self.resume()
            self.stop(signal.SIGQUIT)
        finally:
            shutil.rmtree(self._folder)

    def execute(self, sql: str) -> "list[tuple[object, ...]]":
        """
        Say something to it.
        """
        return self.executeIn("postgres", sql)

    def executeIn(self, database: str, sql: str) -> "list[tuple[object, ...]]":
        """
        The same in another database.
        """
        address = make_conninfo(self.address, dbname=database)
        with psycopg.connect(address, autocommit=True) as connection:
            cursor = connection.execute(sql.encode())
            return cursor.fetchall() if cursor.description else []

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.address, connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def _run(self, program: str, *arguments: str) -> None:
        command = self._command(program, *arguments, str(self._data))
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=self._folder)

    def _command(self, program: str, *arguments: str) -> list[str]:
        return self.asItsUser(str(self._programs / program), *arguments)

    def asItsUser(self, *command: str) -> list[str]:
        """
        A command that does not run as root either.
        """
        return ["runuser", "-u", self._user, "--", *command] if os.geteuid() == 0 else [*command]
