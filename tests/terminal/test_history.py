"""
Where typed lines are kept.
"""

import os
import pwd
from pathlib import Path

import pytest
from prompt_toolkit.history import FileHistory

from twisted_messenger.terminal.history import add, historyFile, prepare


def test_where() -> None:
    """
    The file is in the user's state folder, wherever that is.
    """
    home = {"HOME": "/home/ann"}
    usual = Path("/home/ann/.local/state/twisted_messenger/chatpeer-history")
    assert historyFile(home) == usual
    assert historyFile({**home, "XDG_STATE_HOME": ""}) == usual
    assert historyFile({**home, "XDG_STATE_HOME": "not/absolute"}) == usual
    there = Path("/var/ann/twisted_messenger/chatpeer-history")
    assert historyFile({**home, "XDG_STATE_HOME": "/var/ann"}) == there


def test_noHome() -> None:
    """
    Without a home that is one, it is the home that the system knows: never the working directory.
    """
    expected = historyFile({"HOME": pwd.getpwuid(os.getuid()).pw_dir})
    for environ in ({}, {"HOME": ""}, {"HOME": "not/absolute"}, {"HOME": "."}):
        assert historyFile(environ) == expected
    assert expected.is_absolute()


def test_madePrivate(tmp_path: Path) -> None:
    """
    Neither can a file that was there and open to others, nor one that is made anew meanwhile.
    """
    path = tmp_path / "history"
    path.touch(0o644)
    prepare(path)
    assert path.stat().st_mode & 0o777 == 0o600
    path.unlink()
    add(path, b"entry")
    assert path.stat().st_mode & 0o777 == 0o600


def test_device() -> None:
    """
    What is no file keeps its mode.
    """
    mode = os.stat(os.devnull).st_mode
    prepare(Path(os.devnull))
    assert os.stat(os.devnull).st_mode == mode


def test_private(tmp_path: Path) -> None:
    """
    Nobody else can read it, whatever the umask.
    """
    before = os.umask(0)
    try:
        path = tmp_path / "state" / "twisted_messenger" / "chatpeer-history"
        prepare(path)
        prepare(path)
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_bounded(tmp_path: Path) -> None:
    """
    A long file loses its oldest entries, whole ones.
    """
    path = tmp_path / "history"
    history = FileHistory(str(path))
    for number in range(200):
        history.store_string(f"line {number}\nof two")
    size = path.stat().st_size
    prepare(path, size)
    assert path.stat().st_size == size
    prepare(path, size // 4)
    assert path.stat().st_size <= size // 4
    assert path.stat().st_mode & 0o777 == 0o600
    kept = list(FileHistory(str(path)).load_history_strings())
    assert kept[0] == "line 199\nof two"
    assert 40 <= len(kept) <= 50
    assert kept == [f"line {number}\nof two" for number in range(199, 199 - len(kept), -1)]


def test_unwritable(tmp_path: Path) -> None:
    """
    A folder that cannot be made is an error of the system's, not another one.
    """
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError):
        prepare(tmp_path / "file" / "history")
