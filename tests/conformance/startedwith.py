"""
What a server does that was started with options for it.
"""

import re
import socket

from tests.conformance.case import Section
from tests.conformance.room import Room
from tests.conformance.server import readAnswer
from tests.conformance.verdicts import Skipped, Violation

POSITIONS = Section("Receipts with positions")


def _positionIn(answer: str) -> int:
    match = re.fullmatch(r"\+ ([0-9]+)", answer)
    if match is None:
        raise Violation(answer)
    return int(match[1])


@POSITIONS.case("position of a message")
def rising(room: Room) -> str:
    """
    + POSITION, higher for each
    """
    room.server.setup.said("receipts")
    seen = [room.says(text) for text in ("one", "two")]
    if _positionIn(seen[0]) >= _positionIn(seen[1]):
        raise Violation(" ".join(seen))
    return " ".join(seen)


@POSITIONS.case("position of a registration")
def head(room: Room) -> str:
    """
    + and the last one so far
    """
    room.server.setup.said("receipts")
    said = room.says("hello")
    seen = room.accepts(f"connect_request|bob@|{room.openAddress()}")
    if _positionIn(seen) < _positionIn(said):
        raise Violation(seen)
    return seen


@POSITIONS.case("position of a line without an end")
def ofLine(room: Room) -> str:
    """
    + POSITION before the server's half-close
    """
    room.server.setup.said("receipts")
    with room.server.connect() as connection:
        connection.sendall(f"from:ann{room.token}|hello\n".encode())
        seen = readAnswer(connection).mustAccept()
    _positionIn(seen)
    return seen


RESERVED = Section("Reserved names")


@RESERVED.case("reserved name, from elsewhere")
def reservedElsewhere(room: Room) -> str:
    """
    refused: name_taken and not_owner
    """
    name, _, address = room.server.setup.said("reserved").partition("=")
    if address == room.server.ownHost:
        raise Skipped("it is reserved for this very address")
    room.refuses(f"connect_request|{name}|{room.openAddress()}", "name_taken")
    return room.refuses(f"from:{name}|hello @", "not_owner")


@RESERVED.case("reserved name, from its address")
def reservedHere(room: Room) -> str:
    """
    taken
    """
    name, _, address = room.server.setup.said("reserved").partition("=")
    bob = room.member("bob@")
    try:
        socket.create_server((address, 0)).close()
    except OSError as error:
        raise Skipped(f"{address} is not this machine's: {error.strerror}") from error
    room.accepts(f"from:{name}|hello @", address)
    return room.hears(bob, f"{name}: hello ")
