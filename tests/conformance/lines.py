"""
Senders that keep their connection, and lines that come one after the other.
"""

import select
import socket

from tests.conformance.case import Section
from tests.conformance.receiver import Receiver, resetOnClose
from tests.conformance.room import Room
from tests.conformance.server import readAnswer
from tests.conformance.verdicts import Violation

LINES = Section("Lines without an end", atOnce=True)


def _waitFor(room: Room, bob: Receiver, text: str) -> None:
    bob.wait(lambda texts: text in room.heard(texts), room.server.patience)


def _keeps(room: Room, bob: Receiver, *lines: tuple[str, str]) -> str:
    # One connection; each further message when bob has heard the one before.
    with room.server.connect() as connection:
        for number, (message, heard) in enumerate(lines):
            connection.sendall(f"{message}\n".replace("@", room.token).encode())
            if not number:
                readAnswer(connection).mustAccept()
            if heard:
                _waitFor(room, bob, heard)
        connection.shutdown(socket.SHUT_WR)
    return room.hears(bob, *[heard for _, heard in lines if heard])


@LINES.case("one line, no end of file")
def lineWithoutEnd(room: Room) -> str:
    """
    taken 1.5 s after its newline
    """
    return _keeps(room, room.member("bob@"), ("from:ann@|no end", "ann: no end"))


@LINES.case("two lines, no end of file")
def twoLinesWithoutEnd(room: Room) -> str:
    """
    one message
    """
    return _keeps(room, room.member("bob@"), ("from:ann@|one\ntwo", "ann: one\nann: two"))


@LINES.case("a line now and then")
def lineNowAndThen(room: Room) -> str:
    """
    each is a message, said by the same name
    """
    return _keeps(
        room,
        room.member("bob@"),
        ("from:ann@|one", "ann: one"),
        ("from:ann@|two", "ann: two"),
        ("three\nfour", "ann: three\nann: four"),
    )


@LINES.case("a command in a further line")
def commandInFurtherLine(room: Room) -> str:
    """
    text: it neither registers nor speaks as somebody else
    """
    line = f"connect_request|eve@|{room.openAddress()}"
    return _keeps(
        room,
        room.member("bob@"),
        ("from:ann@|one", "ann: one"),
        (line, f"ann: {line.replace('@', '')}"),
        ("from:eve@|two", "ann: from:eve|two"),
    )


@LINES.case("a registration, then lines")
def registrationThenLines(room: Room) -> str:
    """
    every verb is obeyed
    """
    address = room.openAddress()
    return _keeps(
        room,
        room.member("bob@"),
        (f"connect_request|ann@|{address}", ""),
        ("from:ann@|one", "ann: one"),
        (f"leave_request|ann@|{address}", ""),
    )


@LINES.case("half a line, then a reset")
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


@LINES.case("a command after CR, NUL or U+2028")
def noLineEnd(room: Room) -> str:
    """
    text: only a newline ends a line
    """
    command = f"connect_request|eve@|{room.openAddress()}"
    shown = command.replace("@", "")
    return _keeps(
        room,
        room.member("bob@"),
        (f"from:ann@|\r{command}", f"ann: \\x0d{shown}"),
        (
            f"x\r{command}\0{command}\u2028{command}",
            f"ann: x\\x0d{shown}\\x00{shown}\\u2028{shown}",
        ),
    )


@LINES.case("a further line that is refused")
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
