"""
Which file a server keeps its room in that was told of none: one with the port in its name.
"""

import os
from collections.abc import Sequence


def lowestPort(places: Sequence[str]) -> int | None:
    """
    Of all ports in the descriptions of endpoints, if there are any.
    """
    ports = [_portOf(where) for where in places]
    return min((port for port in ports if port is not None), default=None)


def storeFile(places: Sequence[str], lowest: int | None, folder: str) -> str:
    """
    The file that is there, or else one named by the lowest port: in whatever order they are given.

    :param places: the descriptions of the endpoints.
    :param lowest: their lowest port.
    :param folder: where the server runs.
    :returns: a name in that folder.
    """
    # Earlier versions went by what came first, and some looked for its port in the wrong place.
    names = {_fileOf(port) for port in map(_portOf, places)}
    names |= {"chatserver.sqlite" for one in places if not [*one.split(":"), ""][1].isdigit()}
    usual = _fileOf(lowest)
    there = [one for one in [usual, *sorted(names)] if os.path.exists(os.path.join(folder, one))]
    return [*there, usual][0]


def _portOf(where: str) -> int | None:
    """
    The port in an endpoint's description, if there is one.
    """
    kind, *words = where.removeprefix("haproxy:").split(":")
    # That of tls: stands after a directory.
    port = [*words[kind == "tls" :], ""][0]
    return int(port) if port.isdigit() else None


def _fileOf(port: int | None) -> str:
    return "chatserver.sqlite" if port is None else f"chatserver-{port}.sqlite"
