"""
The tutorial's programs run, as a newcomer copies them.
"""

import subprocess
import sys
from pathlib import Path

from tests.loopback.rig import PATIENCE, ROOT, Receiver, connect, eventually, say
from tests.ports import freePort
from tests.test_documentation import blocksOf


def _listens(port: int) -> bool:
    try:
        connect(port).close()
    except OSError:
        return False
    return True


def test_tutorial(tmp_path: Path) -> None:
    """
    The script speaks in the room of the program, which shows and refuses what it says it does, and
    the test of the program passes.
    """
    port = freePort()
    for block in blocksOf(ROOT / "docs" / "tutorial.rst"):
        if block.caption:
            (tmp_path / block.caption).write_text(block.text.replace("8880", str(port)))

    def python(*arguments: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, *arguments],
            cwd=tmp_path,
            env={"PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            text=True,
        )

    with python("room.py") as room, Receiver() as member:
        try:
            eventually(lambda: _listens(port), "the room listens")
            assert say(port, f"connect_request|me|localhost|{member.port}".encode()) == b""
            script = python("say.py", "the backup is done")
            assert script.communicate(timeout=PATIENCE)[0] == "Stored(position=0)\n"
            assert script.returncode == 0
            member.gets(["script: the backup is done"])
            refused = say(port, b"from:ci|" + b"1".zfill(250))
            assert refused == b"! too_long: 200 characters are enough\n"
        finally:
            room.terminate()
        shown = room.communicate(timeout=PATIENCE)[0].splitlines()
        assert shown == ["1 server: open for everybody", "2 script: the backup is done"]
    tests = python("-m", "unittest", "test_room")
    tests.communicate(timeout=PATIENCE)
    assert tests.returncode == 0
