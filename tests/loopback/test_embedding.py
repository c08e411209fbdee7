"""
A program with a room in it: how it ends, and what its senders see then.
"""

import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from itertools import product
from pathlib import Path

import pytest

from tests.loopback.rig import HOST, PATIENCE, connect, eventually, say
from tests.ports import freePort
from tests.postgresqlserver import PostgreSQLServer

_ROOT = Path(__file__).parents[2]

# The parts one by one.
_PARTS = """
import sys
from twisted.internet import defer, endpoints, task
from twisted_messenger import (
    Broadcaster, ChatRoom, ChatServerFactory, PushCreator, ReceiptFactory, storeFromString
)

async def main(reactor, port, description):
    store = storeFromString(reactor, description)
    store.open()
    Broadcaster(store, PushCreator(reactor), reactor).startService()
    factory = ReceiptFactory(ChatServerFactory(ChatRoom(store)), reactor)
    where = f"tcp:{port}:interface=127.0.0.1"
    await endpoints.serverFromString(reactor, where).listen(factory)
    print("ready", flush=True)
    await defer.Deferred()

task.react(main, sys.argv[1:])
"""

_SERVICE = """
import sys
from twisted.internet import defer, task
from twisted_messenger import chatService

async def main(reactor, port, description):
    service = chatService(reactor, description, [f"tcp:{port}:interface=127.0.0.1"])
    service.startService()
    await service.started
    print("ready", flush=True)
    await defer.Deferred()

task.react(main, sys.argv[1:])
"""

# Started and stopped twice, then started; it ends by itself after a hundred messages, or when told.
_RESTARTED = """
import asyncio, sys
from twisted.internet import asyncioreactor, defer, task
if sys.argv[1] == "asyncio":
    asyncioreactor.install(asyncio.new_event_loop())
from twisted_messenger import chatService

async def main(reactor, port, description, ending):
    broken = defer.Deferred()
    ends = {"stop": reactor.stop, "raise": lambda: broken.errback(RuntimeError("on purpose"))}
    def accepted(entry):
        if entry.text == "100" and ending in ends:
            reactor.callLater(0, ends[ending])
    where = [f"tcp:{port}:interface=127.0.0.1"]
    service = chatService(reactor, description, where, accepted=accepted)
    for number in range(2):
        service.startService()
        await service.started
        said = await service.room.post("app", f"start {number}")
        assert said.stored
        await service.stopService()
    service.startService()
    await service.started
    print("ready", flush=True)
    await broken

task.react(main, sys.argv[2:])
"""

_RECIPES = pytest.mark.parametrize("source", [_PARTS, _SERVICE], ids=["parts", "service"])


@contextmanager
def _program(
    directory: Path, source: str, *arguments: str, before: Sequence[str] = ()
) -> Iterator["subprocess.Popen[str]"]:
    program = subprocess.Popen(
        [*before, sys.executable, "-c", source, *arguments],
        cwd=directory,
        env={"PYTHONPATH": str(_ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert program.stdout is not None
    try:
        yield program
    finally:
        program.kill()
        program.communicate(timeout=PATIENCE)


@contextmanager
def _room(
    directory: Path,
    source: str,
    port: int,
    store: str = "memory:",
    before: Sequence[str] = (),
) -> Iterator["subprocess.Popen[str]"]:
    with _program(directory, source, str(port), store, before=before) as program:
        _ready(program)
        yield program


def _isReset(sender: socket.socket) -> bool:
    try:
        return sender.recv(1) != b""
    except ConnectionError:
        return True


@_RECIPES
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_unfinished(tmp_path: Path, source: str, number: int) -> None:
    """
    Half a message is reset when its program is told to end: a close would be a receipt.
    """
    port = freePort()
    with _room(tmp_path, source, port) as program, connect(port) as sender:
        sender.sendall(b"from:ci|half a mess")
        assert say(port, b"from:ci|hello") == b""
        program.send_signal(number)
        assert _isReset(sender)
        program.wait(PATIENCE)


def _told(senders: dict[str, socket.socket]) -> set[str]:
    """
    Whose message is stored, as far as they know.
    """
    told = set()
    for text, sender in senders.items():
        with closing(sender), suppress(ConnectionError):
            if sender.recv(100) == b"":
                told.add(text)
    return told


def _sayMany(port: int, many: int, then: Callable[[], None]) -> set[str]:
    """
    Messages from as many senders at once.

    :param then: called after the hundredth.
    :returns: those that are stored, as far as their senders know.
    """
    senders = {str(number): connect(port) for number in range(many)}
    said = {}
    for text, sender in senders.items():
        # Who is told of a reset while it speaks reads an end, not a reset, after that.
        with suppress(OSError):
            sender.sendall(b"from:ci|" + text.encode())
            sender.shutdown(socket.SHUT_WR)
            said[text] = sender
        if text == "100":
            then()
    return _told(said)


@_RECIPES
def test_promises(tmp_path: Path, source: str) -> None:
    """
    Who saw an orderly close while the program ended finds its message in the store's file.
    """
    port = freePort()
    with _room(tmp_path, source, port, "sqlite:room.sqlite") as program:
        assert say(port, b"connect_request|away|localhost|9001") == b""
        told = _sayMany(port, 200, lambda: program.send_signal(signal.SIGINT))
        program.wait(PATIENCE)
    with closing(sqlite3.connect(tmp_path / "room.sqlite")) as file:
        stored = {str(text) for (text,) in file.execute("SELECT text FROM log")}
    assert told <= stored, sorted(told - stored)


@pytest.mark.parametrize(
    ("loop", "ending"),
    [*product(("epoll", "asyncio"), ("SIGINT", "SIGTERM", "stop", "raise"))],
)
def test_restarted(tmp_path: Path, loop: str, ending: str) -> None:
    """
    A room that was stopped and started again, twice, ends as the first one does, however its
    program ends, and on either reactor: in time, and without a false receipt.
    """
    port = freePort()
    arguments = (loop, str(port), "sqlite:room.sqlite", ending)
    with _program(tmp_path, _RESTARTED, *arguments) as program:
        _ready(program)
        told = _sayMany(port, 400, lambda: _end(program, ending))
        assert program.wait(PATIENCE) == (ending == "raise")
    with closing(sqlite3.connect(tmp_path / "room.sqlite")) as file:
        stored = {str(text) for (text,) in file.execute("SELECT text FROM log")}
    assert {"start 0", "start 1"} <= stored
    assert told <= stored, sorted(told - stored)


@pytest.mark.parametrize("ending", ["SIGTERM", "raise"])
def test_restartedOnDatabase(tmp_path: Path, postgresql: PostgreSQLServer, ending: str) -> None:
    """
    So does one whose messages are in a database.
    """
    port, database = freePort(), f"restarted_{ending.lower()}"
    postgresql.execute(f"CREATE DATABASE {database}")
    address = postgresql.address.removesuffix("postgres") + database
    with _program(tmp_path, _RESTARTED, "epoll", str(port), address, ending) as program:
        _ready(program)
        told = _sayMany(port, 400, lambda: _end(program, ending))
        assert program.wait(PATIENCE) == (ending == "raise")
    rows = postgresql.executeIn(database, "SELECT text FROM twisted_messenger_main.log")
    assert {text.encode() for text in told} <= {text for (text,) in rows}


def test_portTaken(tmp_path: Path) -> None:
    """
    A start that fails ends its program, with the reason; nothing keeps it.
    """
    with socket.create_server((HOST, 0)) as taken:
        where = (str(taken.getsockname()[1]), "sqlite:room.sqlite", "")
        with _program(tmp_path, _RESTARTED, "epoll", *where) as program:
            assert program.wait(PATIENCE) == 1


def _ready(program: "subprocess.Popen[str]") -> None:
    assert program.stdout is not None
    assert program.stdout.readline() == "ready\n"


def _end(program: "subprocess.Popen[str]", ending: str) -> None:
    if ending in signal.Signals.__members__:
        program.send_signal(signal.Signals[ending])


def test_threads(tmp_path: Path) -> None:
    """
    The store's thread keeps no program: not one that stops its reactor, and not one that never
    runs it.
    """
    opened = (
        "from twisted.internet import reactor\n"
        "from twisted_messenger import storeFromString\n"
        "storeFromString(reactor, 'sqlite:room.sqlite').open()\n"
    )
    stopped = "reactor.callLater(0, reactor.stop)\nreactor.run()\n"
    for source in (opened, opened + stopped):
        with _program(tmp_path, source) as program:
            assert program.wait(PATIENCE) == 0


def test_descriptorsRunOut(tmp_path: Path) -> None:
    """
    Where no descriptor is left, who connects is reset: Twisted closes what it cannot keep.
    """
    port = freePort()
    few = ("sh", "-c", 'ulimit -n 40; exec "$@"', "sh")
    with _room(tmp_path, _PARTS, port, before=few), connect(port) as last:
        # It knows its port one turn of the reactor after it listens.
        assert _answered(port)
        held = []
        for _ in range(40):
            with suppress(ConnectionError):
                held.append(connect(port))
        assert [_turnedAway(port) for _ in range(5)] == [True] * 5
        for one in held:
            one.close()
        last.close()
        eventually(lambda: _answered(port), "there is room again")


def _turnedAway(port: int) -> bool:
    """
    Whether a sender that has not begun yet is reset, and not closed in order.
    """
    try:
        with connect(port) as sender:
            return sender.recv(1) != b""
    except ConnectionError:
        return True


def _answered(port: int) -> bool:
    try:
        return say(port, b"from:ci|hello") == b""
    except ConnectionError:
        return False
