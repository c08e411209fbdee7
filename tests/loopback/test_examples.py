"""
The examples run, and the README shows them as they are.
"""

import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.loopback.rig import PATIENCE, Receiver, connect, eventually, freePort, say

_ROOT = Path(__file__).parents[2]


@contextmanager
def _running(example: str, port: int) -> Iterator["subprocess.Popen[str]"]:
    program = subprocess.Popen(
        [sys.executable, str(_ROOT / "examples" / example), str(port)],
        env={"PYTHONPATH": str(_ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        eventually(lambda: _answers(port), f"{example} listens")
        yield program
    finally:
        program.kill()
        program.communicate(timeout=PATIENCE)


def _answers(port: int) -> bool:
    try:
        connect(port).close()
    except OSError:
        return False
    return True


def test_embeddedRoom() -> None:
    """
    A room in another program takes messages, and the program itself can speak.
    """
    port = freePort()
    with _running("embedded_room.py", port), Receiver() as member:
        assert say(port, f"connect_request|member|localhost|{member.port}".encode()) == b""
        assert say(port, b"from:ci|hello") == b""
        eventually(lambda: len(member.texts) >= 2, "both messages")
        assert set(member.texts) == {"ci: hello", "app: your own program says hello"}


def test_pushReceiver() -> None:
    """
    A program that receives pushes gets the text.
    """
    port = freePort()
    with _running("push_receiver.py", port) as program:
        assert say(port, b"ci: build 7 is green") == b""
        assert program.stdout is not None
        lines = [program.stdout.readline(), program.stdout.readline()]
        # The first one is the empty message by which the test saw that it listens.
        assert lines[-1] == "ci: build 7 is green\n"


def test_readmeShowsTheExample() -> None:
    """
    The ten lines in the README are the file that was just run.
    """
    code = (_ROOT / "examples" / "embedded_room.py").read_text().split('"""\n\n', 1)[1]
    assert textwrap.indent(code, "    ") in (_ROOT / "README.rst").read_text()
