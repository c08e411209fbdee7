"""
A program that subscribes to its own room, and is killed without a word.
"""

import sys
from pathlib import Path

from tests.loopback.rig import HOST, Twistd, eventually
from tests.ports import freePort
from tests.postgresqlserver import PostgreSQLServer
from twisted_messenger import blocking

# Everything that it does is in the file before it goes on; it is slow, and raises now and then.
_PROGRAM = """
import os, sys
from twisted.internet import defer, task
from twisted_messenger import LogLimits, chatService

calls = 0
file = os.open("heard", os.O_WRONLY | os.O_APPEND | os.O_CREAT)

async def main(reactor, store, port):
    async def heard(entry):
        global calls
        calls += 1
        if calls % 10 == 0:
            raise ValueError("as now and then")
        await task.deferLater(reactor, 0.002)
        os.write(file, f"{entry.position} {entry.text}\\n".encode())
    os.write(file, b"started\\n")
    service = chatService(reactor, store, [f"tcp:{port}:interface=127.0.0.1"])
    subscribed = service.room.subscribe("bot", heard)
    service.startService()
    print("started", flush=True)
    subscription = await subscribed
    print("subscribed", flush=True)
    await defer.Deferred()

task.react(main, sys.argv[1:])
"""

_MESSAGES = 400
_KILLS = 5

# It does no more than so many in a tenth of a second, the commit of a cursor, and a moment.
_MOST = 100


def _program(directory: Path, store: str, port: int) -> Twistd:
    return Twistd(directory, store, str(port), program=[sys.executable, "-c", _PROGRAM])


def _lives(directory: Path) -> list[list[str]]:
    """
    What each start of the program has done, in order.
    """
    found: list[list[str]] = []
    for line in (directory / "heard").read_text().splitlines():
        if line == "started":
            found.append([])
        else:
            found[-1].append(line.partition(" ")[2])
    return found


def test_kills(tmp_path: Path) -> None:
    """
    It hears everything that a sender was promised, in order; after a kill it goes on where it was,
    and what it hears again is what it heard last.
    """
    port, said = freePort(), [str(number) for number in range(_MESSAGES)]
    each = _MESSAGES // (_KILLS + 1) + 1
    for start in range(0, _MESSAGES, each):
        with _program(tmp_path, "sqlite:room.sqlite", port) as program:
            program.prints("subscribed")
            for text in said[start : start + each]:
                assert blocking.say(f"{HOST}:{port}", "ci", text).stored
            if start + each >= _MESSAGES:
                eventually(lambda: said[-1:] == _lives(tmp_path)[-1][-1:], "it hears the last")
            program.kill()
    lives = _lives(tmp_path)
    assert len(lives) == _KILLS + 1
    assert _doubles(lives, said) <= _KILLS * _MOST


def _doubles(lives: list[list[str]], said: list[str]) -> int:
    """
    How often it heard something again; it must have heard everything in order.
    """
    heard: list[str] = []
    for life in lives:
        start = said.index(life[0]) if life else len(heard)
        # Nothing is left out, and what comes next is in its place.
        assert start <= len(heard), (heard[-1:], life[0])
        assert life == said[start : start + len(life)]
        heard[start:] = life
    assert heard == said
    return sum(map(len, lives)) - len(said)


def test_nodes(tmp_path: Path, postgresql: PostgreSQLServer) -> None:
    """
    Where two nodes subscribe under one name, one of them hears; when it is killed, the other goes
    on.
    """
    said, ports = [str(number) for number in range(100)], [freePort(), freePort()]
    (first, second) = places = [tmp_path / "first", tmp_path / "second"]
    for place in places:
        place.mkdir()
    with _program(first, postgresql.address, ports[0]) as one:
        one.prints("subscribed")
        with _program(second, postgresql.address, ports[1]) as other:
            other.prints("started")
            for text in said[:50]:
                assert blocking.say(f"{HOST}:{ports[1]}", "ci", text).stored
            one.kill()
            for text in said[50:]:
                assert blocking.say(f"{HOST}:{ports[1]}", "ci", text).stored
            eventually(lambda: said[-1:] == _lives(second)[-1][-1:], "it hears the last")
    postgresql.execute("DROP SCHEMA twisted_messenger_main CASCADE")
    assert _doubles([*_lives(first), *_lives(second)], said) <= _MOST
