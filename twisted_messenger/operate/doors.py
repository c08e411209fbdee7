"""
Which door is meant: the one that is named, or the only one in the folder.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from twisted_messenger.errors import StartError

#: The environment may name the door.
VARIABLE = "TWISTED_MESSENGER_DOOR"

_PATTERN = "*.control"


def findDoor(given: str | None, environ: Mapping[str, str] = os.environ, folder: str = "") -> str:
    """
    Find the door.

    :param given: what the command line says: a URL, or the path of a control socket.
    :param folder: where one is looked for; "" for where the program runs.
    :returns: the same, or what stands in for it.
    :raises StartError: nobody knows which one is meant.
    """
    named = given or environ.get(VARIABLE)
    if named:
        return named
    found = sorted(map(str, Path(folder).glob(_PATTERN)))
    if len(found) == 1:
        return found[0]
    if not found:
        raise StartError(
            f"there is no {_PATTERN} here: give --door URL, or the PATH of a control socket, or go "
            "where the server runs"
        )
    raise StartError(f"give --door with one of {', '.join(found)}")


def isURL(door: str) -> bool:
    """
    Whether a door is reached over the network.

    :raises StartError: its URL is none.
    """
    scheme, mark, _ = door.partition("://")
    if not mark:
        return False
    try:
        parts = urlsplit(door)
        usable = scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = None
    if not usable or parts.path not in ("", "/") or parts.query:
        raise StartError(f"--door {door}: give http://HOST:PORT, https://HOST:PORT, or a path")
    return True
