"""
Senders that keep their connection, and lines that come one after the other.
"""

import socket
from collections.abc import Iterable

from tests.conformance.case import Section
from tests.conformance.receiver import Receiver
from tests.conformance.room import Room
from tests.conformance.server import readAnswer

LINES = Section("Lines without an end", atOnce=True)


def _waitFor(room: Room, bob: Receiver, text: str) -> None:
    bob.wait(lambda texts: text in room.heard(texts), room.server.patience)


def sayLines(
    room: Room, bob: Receiver, connection: socket.socket, lines: Iterable[tuple[str, str]]
) -> str:
    """
    Say them over one connection, each further message when bob has heard the one before.

    :param lines: what is sent, and what bob hears of it; empty where that is nothing.
    :returns: what was seen.
    """
    texts = []
    for number, (message, heard) in enumerate(lines):
        connection.sendall(f"{message}\n".replace("@", room.token).encode())
        if not number:
            readAnswer(connection).mustAccept()
        if heard:
            _waitFor(room, bob, heard)
            texts.append(heard)
    return room.hears(bob, *texts)


def _keeps(room: Room, bob: Receiver, *lines: tuple[str, str]) -> str:
    with room.server.connect() as connection:
        return sayLines(room, bob, connection, lines)


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


@LINES.case("a command behind the first line")
def commandInFirstLines(room: Room) -> str:
    """
    text too: in the same lines, after a byte order mark, a NUL, a blank
    """
    command = f"connect_request|eve@|{room.openAddress()}"
    shown = command.replace("@", "")
    return _keeps(
        room,
        room.member("bob@"),
        (
            f"\ufefffrom:ann@|one\n{command}\n\ufeff{command}\n\0{command}\n {command}",
            f"ann: one\nann: {shown}\nann: \ufeff{shown}\nann: {shown}\nann:  {shown}",
        ),
    )


@LINES.case("a registration and lines, at once")
def registrationAndLines(room: Room) -> str:
    """
    the first registers, the others are said
    """
    bob = room.member("bob@")
    address = room.openAddress()
    lines = f"connect_request|ann@|{address}\nfrom:ann@|one\ntwo"
    seen = _keeps(room, bob, (lines, "ann: one\nann: two"))
    room.accepts(f"leave_request|ann@|{address}")
    return seen


@LINES.case("lines, then half a line and its end")
def halfALineWithItsEnd(room: Room) -> str:
    """
    an end of file ends the last line too
    """
    bob = room.member("bob@")
    with room.server.connect() as connection:
        connection.sendall(f"from:ann{room.token}|one\ntw".encode())
        readAnswer(connection).mustAccept()
        connection.sendall(b"o")
        connection.shutdown(socket.SHUT_WR)
        _waitFor(room, bob, "ann: two")
    return room.hears(bob, "ann: one", "ann: two")


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
