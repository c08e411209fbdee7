"""
Two people, two programs.
"""

import re
from pathlib import Path

from tests.loopback.rig import (
    Receiver,
    Twistd,
    chatserver,
    connect,
    eventually,
    hurl,
    say,
)
from tests.ports import freePort


def _peer(directory: Path, port: int, *options: str) -> Twistd:
    return Twistd(directory, "-n", "chatpeer", "--port", str(port), *options)


def _messages(peer: Twistd) -> list[str]:
    return [line for line in peer.lines() if not line.startswith("* ")]


def test_friends(tmp_path: Path) -> None:
    """
    Lines typed here are shown there with the tutorial's address in front, both ways.
    """
    one, two = freePort(), freePort()
    with (
        _peer(tmp_path, one, "--friend", f"localhost:{two}") as ann,
        _peer(tmp_path, two, "--friend", f"localhost:{one}") as bob,
    ):
        ann.types("hi!")
        eventually(lambda: len(_messages(bob)) == 1, "bob hears ann")
        assert re.fullmatch(r"\('127\.0\.0\.1', \d+\): hi!", _messages(bob)[0])
        bob.types("")
        bob.types("hello, grüezi")
        eventually(lambda: len(_messages(ann)) == 2, "ann hears bob")
        assert _messages(ann)[0].endswith("): ")
        assert _messages(ann)[1].endswith("): hello, grüezi")


def test_absentFriend(tmp_path: Path) -> None:
    """
    What is typed while the friend is away arrives when the friend is there, in order.
    """
    port, away = freePort(), freePort()
    with _peer(tmp_path, port, "--friend", f"localhost:{away}") as ann:
        for line in ("one", "two", "three"):
            ann.types(line)
        ann.prints("what you say waits")
        with Receiver(away) as friend:
            friend.gets(["one", "two", "three"])
        assert ann.process.poll() is None


def test_tutorialFriend(tmp_path: Path) -> None:
    """
    A tutorial sender, which looks at nothing, is heard.
    """
    port = freePort()
    with _peer(tmp_path, port, "--friend", f"localhost:{freePort()}") as ann:
        eventually(lambda: _listens(port), "it listens")
        hurl(port, "  over here \n")
        eventually(lambda: any("over here" in line for line in ann.lines()), "it is shown")
        assert [line for line in ann.lines() if line.endswith("): over here")]


def test_hostileText(tmp_path: Path) -> None:
    """
    Escapes and newlines from the network can neither move the cursor nor forge a line.
    """
    port = freePort()
    with _peer(tmp_path, port) as ann:
        ann.prints("receiving only")
        eventually(lambda: _listens(port), "it listens")
        assert say(port, "\x1b[2Jclear\nforged: line\u202e".encode()) == b""
        # _listens() itself left an empty message.
        ann.prints("forged")
        shown = [line for line in _messages(ann) if "clear" in line or "forged" in line]
        assert len(shown) == 2
        assert re.fullmatch(r"\('127\.0\.0\.1', \d+\): \\x1b\[2Jclear", shown[0])
        assert re.fullmatch(r"\('127\.0\.0\.1', \d+\): forged: line\\u202e", shown[1])


def test_refusedByTheServer(tmp_path: Path) -> None:
    """
    A peer whose callback address the server does not take says why and ends.
    """
    port = freePort()
    with (
        chatserver(tmp_path, port, "--callbacks", "none"),
        _peer(tmp_path, freePort(), "--server", f"localhost:{port}", "--name", "ann") as ann,
    ):
        assert ann.ended() == 1
        assert "foreign_callback" in ann.output
        assert "give --host" in ann.output
        assert "Traceback" not in ann.output


def _listens(port: int) -> bool:
    try:
        connect(port).close()
    except OSError:
        return False
    return True
