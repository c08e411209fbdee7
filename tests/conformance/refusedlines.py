"""
Senders that keep their connection, and lines that are not taken.
"""

import select

from tests.conformance.case import Section
from tests.conformance.receiver import resetOnClose
from tests.conformance.room import Room
from tests.conformance.server import readAnswer
from tests.conformance.verdicts import Violation

REFUSED_LINES = Section("Lines without an end that are not taken", atOnce=True)


def _refusedLines(room: Room, data: bytes, code: str) -> str:
    bob = room.member("bob@")
    with room.server.connect() as connection:
        connection.sendall(data.replace(b"@", room.token.encode()))
        seen = readAnswer(connection).mustRefuse(code)
    room.hears(bob)
    return seen


@REFUSED_LINES.case("a refused line and others")
def refusedLines(room: Room) -> str:
    """
    one line ! CODE: DETAIL; none is taken
    """
    host = room.server.callbackHost
    return _refusedLines(
        room, f"connect_request|ann@|{host}|0\nfrom:ann@|one\n".encode(), "malformed"
    )


@REFUSED_LINES.case("a refused line and a half")
def refusedBeforeHalf(room: Room) -> str:
    """
    one line ! CODE: DETAIL; neither is taken
    """
    return _refusedLines(room, b"hello @\nfrom:ann@|o", "malformed")


@REFUSED_LINES.case("a line of UTF-16, no end of file")
def lineOfUtf16(room: Room) -> str:
    """
    refused: bad_utf8, with a word about UTF-16
    """
    for encoding in ("utf-16", "utf-16-le", "utf-16-be"):
        seen = _refusedLines(room, "from:ann|hello\r\n".encode(encoding), "bad_utf8")
        if "UTF-16" not in seen:
            raise Violation(seen)
    return seen


@REFUSED_LINES.case("half a line, then a reset")
def halfALine(room: Room) -> str:
    """
    the lines before it are taken, it is not
    """
    bob = room.member("bob@")
    with room.server.connect() as connection:
        connection.sendall(f"from:ann{room.token}|one\nha".encode())
        readAnswer(connection).mustAccept()
        resetOnClose(connection)
    return room.hears(bob, "ann: one")


@REFUSED_LINES.case("a further line that is refused")
def furtherRefused(room: Room) -> str:
    """
    reset: the answer is out
    """
    host = room.server.callbackHost
    with room.server.connect() as connection:
        address = room.openAddress()
        connection.sendall(f"connect_request|bob{room.token}|{address}\n".encode())
        readAnswer(connection).mustAccept()
        connection.sendall(f"connect_request|bob{room.token}|{host}|0\n".encode())
        # Our half is open, so an error is all that can come.
        error = select.poll()
        error.register(connection, 0)
        if not error.poll(1000 * room.server.patience):
            raise Violation("no reset")
    room.accepts(f"leave_request|bob@|{address}")
    return "reset"
