"""
Programs whose standard input, output or error is closed, full or gone.
"""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.loopback.rig import PATIENCE, ROOT, TWISTD, eventually, say
from tests.ports import freePort

_SCRIPT = [sys.executable, "-c", "from twisted_messenger.programs.script import main; main()"]


def _run(directory: Path, command: list[str], *redirected: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        ["sh", "-c", f"exec {shlex.join(command)} {' '.join(redirected)}"],
        cwd=directory,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _answers(port: int) -> bool:
    try:
        return say(port, b"from:ci|hello") == b""
    except OSError:
        return False


def _ours(process: int) -> list[str]:
    """
    What the standard descriptors of a process are, but files and pipes that it was given.
    """
    places = [Path(f"/proc/{process}/fd/{number}") for number in (0, 1, 2)]
    return [str(place.readlink()).partition(":")[0] for place in places]


@pytest.mark.parametrize("closed", ["0<&-", "1>&-", "2>&-", "0<&- 1>&- 2>&-"])
@pytest.mark.parametrize("twistd", [(), ("--reactor=asyncio",)])
def test_foreground(tmp_path: Path, closed: str, twistd: tuple[str, ...]) -> None:
    """
    A room works with any of them closed, and nothing of its own takes their place: it would be
    written to by all that prints.
    """
    port = freePort()
    options = [*twistd, "chatserver", f"--port={port}", "--store=memory:"]
    process = _run(tmp_path, [*_SCRIPT, *options], closed)
    try:
        eventually(lambda: _answers(port), "it takes messages")
        assert set(_ours(process.pid)) <= {"/dev/null", "pipe"}
        assert _ours(process.pid).count("pipe") == 2 - ("1>" in closed) - ("2>" in closed)
    finally:
        process.terminate()
        output, errors = process.communicate(timeout=PATIENCE)
    assert "Traceback" not in output + errors


@pytest.mark.parametrize("closed", ["0<&-", "2>&-", "0<&- 1>&- 2>&-"])
def test_daemon(tmp_path: Path, closed: str) -> None:
    """
    So it does in the background, where all three become ``/dev/null``.
    """
    port = freePort()
    started = _run(tmp_path, [*TWISTD, "chatserver", f"--port={port}", "--store=memory:"], closed)
    output, errors = started.communicate(timeout=PATIENCE)
    log = tmp_path / "twistd.log"
    assert started.returncode == 0, (errors, log.exists() and log.read_text())
    process = int((tmp_path / "twistd.pid").read_text())
    try:
        eventually(lambda: _answers(port), "it takes messages")
        assert _ours(process) == ["/dev/null"] * 3
    finally:
        os.kill(process, 15)
        eventually(lambda: not (tmp_path / "twistd.pid").exists(), "it ends")
    assert "Traceback" not in output + errors + log.read_text()


def test_taken(tmp_path: Path) -> None:
    """
    Where twistd has put a reactor into their place, it ends with one line that says how to go on.
    """
    for where in (["-n"], []):
        command = [*TWISTD, *where, "--reactor=epoll", "chatserver", "--port=0", "--store=memory:"]
        process = _run(tmp_path, command, "0<&-")
        output, errors = process.communicate(timeout=PATIENCE)
        assert (process.returncode, output) == (1, "")
        (line,) = errors.splitlines()
        assert line.startswith("chatserver: stdin is closed, and "), line
        assert "twisted-messenger" in line


@pytest.mark.parametrize(
    "command",
    [[], ["say"], ["copy"], ["chatserver"], ["chatpeer"]],
    ids=lambda words: "".join(words),
)
def test_help(tmp_path: Path, command: list[str]) -> None:
    """
    ``--help | head -1`` says nothing of a broken pipe; a full disk is told in one line.
    """
    words = [*_SCRIPT, *command, "--help"]
    process = _run(tmp_path, words, "| true")
    assert process.communicate(timeout=PATIENCE) == ("", "")
    process = _run(tmp_path, words, ">/dev/full")
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    (line,) = errors.splitlines()
    assert line.endswith("standard output: No space left on device"), line


def test_fullLog(tmp_path: Path) -> None:
    """
    A room whose log goes to a full disk takes messages all the same, and says on standard error
    what is the matter, once.
    """
    port = freePort()
    options = ["chatserver", f"--port={port}", "--store=memory:"]
    process = _run(tmp_path, [*_SCRIPT, *options], ">/dev/full")
    try:
        eventually(lambda: _answers(port), "it takes messages")
    finally:
        process.terminate()
        _, errors = process.communicate(timeout=PATIENCE)
    assert errors.count("the log cannot be written: No space left on device") == 1


def test_closedMessages(tmp_path: Path) -> None:
    """
    A peer without a standard output shows nothing, so it confirms nothing, and says why it ends.
    """
    port = freePort()
    process = _run(tmp_path, [*_SCRIPT, "chatpeer", f"--port={port}"], "1>&-")

    def refused() -> bool:
        try:
            return say(port, b"hello").startswith(b"~ shutdown")
        except OSError:
            return False

    try:
        eventually(refused, "a message is refused")
        _, errors = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
        process.wait(PATIENCE)
    assert process.returncode == 1
    assert "messages cannot be shown: standard output: Bad file descriptor" in errors
