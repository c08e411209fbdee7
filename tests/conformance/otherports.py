"""
How the same room is reached at other ports, and what is said there.
"""

import socket

from tests.conformance.room import Room

#: What a browser sends.
REQUEST = b"GET / HTTP/1.1\r\nHost: room\r\n\r\n"


def openPort(room: Room, option: str) -> socket.socket:
    """
    Connect to another port of the server.

    :param option: says which it is.
    :raises Skipped: it does not.
    """
    port = int(room.server.setup.said(option))
    return socket.create_connection((room.server.host, port), room.server.patience)


def linesWithCommand(room: Room) -> list[tuple[str, str]]:
    """
    Lines of one sender, one of them a command, and what is heard of each.
    """
    command = f"connect_request|eve@|{room.openAddress()}"
    return [
        ("from:ann@|one", "ann: one"),
        ("two", "ann: two"),
        (command, f"ann: {command.replace('@', '')}"),
    ]
