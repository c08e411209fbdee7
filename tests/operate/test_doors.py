"""
Which door a command asks.
"""

from pathlib import Path

import pytest

from twisted_messenger.errors import StartError
from twisted_messenger.operate.doors import findDoor, isURL


def test_inFolder(tmp_path: Path) -> None:
    """
    The only control socket of the folder; where there are none or several, it says what to give.
    """
    with pytest.raises(StartError, match="give --door URL"):
        findDoor(None, {}, str(tmp_path))
    (tmp_path / "a.control").touch()
    assert findDoor(None, {}, str(tmp_path)) == str(tmp_path / "a.control")
    (tmp_path / "b.control").touch()
    with pytest.raises(StartError, match=r"one of \S+a\.control, \S+b\.control"):
        findDoor(None, {}, str(tmp_path))


def test_named() -> None:
    """
    The command line comes before the environment, and both before the folder.
    """
    environ = {"TWISTED_MESSENGER_DOOR": "there.control"}
    assert findDoor("here.control", environ) == "here.control"
    assert findDoor(None, environ) == "there.control"


@pytest.mark.parametrize("door", ["http://hub:8881", "https://[::1]:8881/", "http://hub"])
def test_urls(door: str) -> None:
    """
    A URL is one with a scheme; all else is a path.
    """
    assert isURL(door)
    assert not isURL("folder/room.control")


@pytest.mark.parametrize(
    "door", ["ftp://hub", "http://", "http://hub:0", "http://hub:x", "http://hub/members"]
)
def test_badURLs(door: str) -> None:
    """
    What is no door is told in a line that names the option.
    """
    with pytest.raises(StartError, match="--door"):
        isURL(door)
