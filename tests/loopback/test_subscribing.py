"""
A program that subscribes to its own room, and is killed without a word.
"""

import sys
from pathlib import Path

from tests.loopback.rig import HOST, Twistd, eventually
from tests.ports import freePort
from twisted_messenger import blocking

# Everything that it does is in the file before it goes on; it is slow, and raises now and then.
_PROGRAM = """
import os, sys
from twisted.internet import defer, task
from twisted_messenger import LogLimits, chatService

calls = 0
file = os.open("heard", os.O_WRONLY | os.O_APPEND | os.O_CREAT)

async def main(reactor, port):
    async def heard(entry):
        global calls
        calls += 1
        if calls % 10 == 0:
            raise ValueError("as now and then")
        await task.deferLater(reactor, 0.002)
        os.write(file, f"{entry.position} {entry.text}\\n".encode())
    os.write(file, b"started\\n")
    service = chatService(reactor, "sqlite:room.sqlite", [f"tcp:{port}:interface=127.0.0.1"])
    subscribed = service.room.subscribe("bot", heard)
    service.startService()
    subscription = await subscribed
    print("subscribed", flush=True)
    await defer.Deferred()

task.react(main, sys.argv[1:])
"""

_MESSAGES = 400
_KILLS = 5


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
        with Twistd(tmp_path, str(port), program=[sys.executable, "-c", _PROGRAM]) as program:
            program.prints("subscribed")
            for text in said[start : start + each]:
                assert blocking.say(f"{HOST}:{port}", "ci", text).stored
            if start + each >= _MESSAGES:
                eventually(lambda: said[-1:] == _lives(tmp_path)[-1][-1:], "it hears the last")
            program.kill()
    lives = _lives(tmp_path)
    assert len(lives) == _KILLS + 1
    heard: list[str] = []
    for life in lives:
        start = said.index(life[0]) if life else len(heard)
        # Nothing is left out, and what comes next is in its place.
        assert start <= len(heard), (heard[-1], life[0])
        assert life == said[start : start + len(life)]
        heard[start:] = life
    assert heard == said
    doubles = sum(map(len, lives)) - len(said)
    # It does no more than so many in a tenth of a second, the commit of a cursor, and a moment.
    assert doubles <= _KILLS * 100, doubles
