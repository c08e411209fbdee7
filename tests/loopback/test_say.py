"""
``twisted-messenger say`` in scripts: what their shell gets to know.
"""

import os
import shlex
import socket
import subprocess
import sys
from pathlib import Path

from tests.loopback.rig import HOST, PATIENCE, ROOT, Receiver, chatserver, say
from tests.ports import freePort

_SAY = [sys.executable, "-c", "from twisted_messenger.programs.script import main; main()", "say"]

# Tells which libraries were imported, when all is done.
_LIBRARIES = """
import atexit, sys
from twisted_messenger.programs.script import main
packages = lambda: {name.partition(".")[0] for name in sys.modules}
atexit.register(lambda: print(packages() & {"twisted", "zope"}))
main()
"""


def _shell(script: str, port: int) -> "subprocess.CompletedProcess[str]":
    """
    Run a script that stops at the first status that is not 0; ``$say`` says something.
    """
    words = [*_SAY, "--server", f"{HOST}:{port}", "--name", "ci"]
    return subprocess.run(
        ["sh", "-ec", script.replace("$say", shlex.join(words))],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )


def test_stored(tmp_path: Path) -> None:
    """
    Words, standard input and lines of it are in the room when the script goes on, and nothing is
    printed.
    """
    port = freePort()
    with chatserver(tmp_path, port) as server, Receiver() as member:
        assert say(port, f"connect_request|ann|localhost|{member.port}".encode()) == b""
        server.prints("ann at localhost")
        done = _shell(
            "$say build 7 is green; printf 'a\\nb\\n' | $say; printf 'c\\n\\nd' | $say --lines; "
            "$say -- --done; echo on",
            port,
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, "on\n", "")
        member.gets(["ci: build 7 is green", "ci: a\nci: b", "ci: c", "ci: d", "ci: --done"])


def test_refused(tmp_path: Path) -> None:
    """
    What is not taken ends the script with status 1, and standard error says why.
    """
    port = freePort()
    with chatserver(tmp_path, port):
        for script, why in (
            ("printf %070000d 1 | $say", "refused: too_big: a message has at most 65536 bytes"),
            ("$say --name server hello", "refused: bad_name"),
            ("$say </dev/null", "nothing to say"),
            ("printf '\\377' | $say", "no UTF-8"),
            ("$say \"$(printf '\\377')\"", "no UTF-8"),
        ):
            done = _shell(f"{script}; echo on", port)
            assert (done.returncode, done.stdout) == (1, ""), script
            (line,) = done.stderr.splitlines()
            assert line.startswith("twisted-messenger say: "), line
            assert why in line, line


def test_someRefused(tmp_path: Path) -> None:
    """
    Among lines, one that is refused stops nothing; it is told, with the number of all of them.
    """
    port = freePort()
    with chatserver(tmp_path, port) as server, Receiver() as member:
        assert say(port, f"connect_request|ann|localhost|{member.port}".encode()) == b""
        server.prints("ann at localhost")
        done = _shell("printf 'one\\n%070000d\\n\\377\\nfour' 2 | $say --lines; echo on", port)
        member.gets(["ci: one", "ci: four"])
    assert (done.returncode, done.stdout) == (1, "")
    second, third, told = done.stderr.splitlines()
    assert second.startswith("twisted-messenger say: line 2: refused: too_big")
    assert third == "twisted-messenger say: line 3: it is no UTF-8"
    assert "2 of 4 " in told


def test_notNow() -> None:
    """
    Nobody there, and nobody who answers, is status 75: it could be said again.
    """
    done = _shell("$say --timeout 0.2 hello", freePort())
    assert done.returncode == 75
    assert "Connection refused" in done.stderr
    with socket.create_server((HOST, 0)) as silent:
        done = _shell("$say --timeout 0.2 hello", silent.getsockname()[1])
        assert done.returncode == 75
        assert "it may have arrived, or not" in done.stderr


def test_nobodyReadsErrors(tmp_path: Path) -> None:
    """
    Without a standard error, or with a full one, the status is the same and the rest is said.
    """
    port = freePort()
    with chatserver(tmp_path, port) as server, Receiver() as member:
        assert say(port, f"connect_request|ann|localhost|{member.port}".encode()) == b""
        server.prints("ann at localhost")
        for where in ("2>&-", "2>/dev/full"):
            done = _shell(f"printf '\\377\\nlast\\n' | $say --lines {where}", port)
            assert (done.returncode, done.stdout) == (1, ""), where
        member.gets(["ci: last", "ci: last"])


def test_noTwisted(tmp_path: Path) -> None:
    """
    It does not wait for Twisted to be imported: scripts start it often.
    """
    port = freePort()
    with chatserver(tmp_path, port):
        done = subprocess.run(
            [sys.executable, "-c", _LIBRARIES, "say", "-s", f"{HOST}:{port}", "--name=ci", "hello"],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
    assert (done.returncode, done.stdout, done.stderr) == (0, "set()\n", "")
