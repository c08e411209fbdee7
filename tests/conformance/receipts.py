"""
What a sender sees, and where a message ends.
"""

import socket

from tests.conformance.case import Section
from tests.conformance.receiver import Receiver, resetOnClose
from tests.conformance.room import Room
from tests.conformance.server import readAnswer

RECEIPTS = Section("Receipts")


@RECEIPTS.case("message taken")
def messageTaken(room: Room) -> str:
    """
    orderly close, no byte
    """
    return room.says("hello")


@RECEIPTS.case("registration taken")
def registrationTaken(room: Room) -> str:
    """
    orderly close, no byte
    """
    return room.accepts(f"connect_request|bob@|{room.openAddress()}")


@RECEIPTS.case("message refused")
def messageRefused(room: Room) -> str:
    """
    one line ! CODE: DETAIL, orderly close
    """
    return room.refuses("hello @", "malformed")


@RECEIPTS.case("no bytes at all")
def noBytes(room: Room) -> str:
    """
    orderly close, no byte
    """
    return room.accepts("")


def _answered(room: Room, greeting: bytes) -> str:
    with room.server.connect() as connection:
        connection.sendall(greeting)
        return readAnswer(connection).mustRefuse("malformed")


@RECEIPTS.case("a request of HTTP, no end of file")
def requestOfHTTP(room: Room) -> str:
    """
    at once one line, orderly close
    """
    return _answered(room, b"GET / HTTP/1.1\r\nHost: room\r\n\r\n")


@RECEIPTS.case("a handshake of TLS, no end of file")
def handshakeOfTLS(room: Room) -> str:
    """
    at once one line, orderly close
    """
    return _answered(room, bytes.fromhex("160301004a0100004603036b7c") + b"x" * 66)


@RECEIPTS.case("both halves shut, answer unread")
def answerUnread(room: Room) -> str:
    """
    taken, as the tutorial's clients send
    """
    bob = room.member("bob@")
    room.hurl("from:ann@|hello")
    return room.hears(bob, "ann: hello")


@RECEIPTS.case("one byte at a time")
def oneByteAtATime(room: Room) -> str:
    """
    one message, whole
    """
    bob = room.member("bob@")
    with room.server.connect() as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in f"from:ann{room.token}|slowly".encode():
            connection.sendall(bytes([byte]))
        connection.shutdown(socket.SHUT_WR)
        readAnswer(connection).mustAccept()
    return room.hears(bob, "ann: slowly")


LINES = Section("Lines without an end")


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


SIZES = Section("Long messages")

_KIB = 1024


def _whole(room: Room, size: int) -> str:
    bob = room.member("bob@")
    text = "x" * (size - len(f"from:ann{room.token}|"))
    room.says(text)
    return room.hears(bob, f"ann: {text}")


@SIZES.case("message of 32 KiB")
def message32KiB(room: Room) -> str:
    """
    taken, pushed whole
    """
    return _whole(room, 32 * _KIB)


@SIZES.case("message of 64 KiB")
def message64KiB(room: Room) -> str:
    """
    taken, pushed whole
    """
    return _whole(room, 64 * _KIB)


@SIZES.case("message of 64 KiB and 100 bytes")
def messageTooBig(room: Room) -> str:
    """
    read to its end, then refused: too_big
    """
    return room.refuses("from:ann@|" + "x" * (64 * _KIB + 100), "too_big")


@SIZES.case("message of 1 MiB")
def messageFarTooBig(room: Room) -> str:
    """
    read to its end, then refused: too_big
    """
    return room.refuses("from:ann@|" + "x" * _KIB * _KIB, "too_big")


CUTS = Section("Cut off")


@CUTS.case("half a message, then a reset")
def halfThenReset(room: Room) -> str:
    """
    never pushed
    """
    bob = room.member("bob@")
    with room.server.connect() as connection:
        connection.sendall(f"from:ann{room.token}|half".encode())
        # Another message's answer: by then the server has read the half.
        room.send("from:ann@|whole")
        resetOnClose(connection)
    return room.hears(bob, "ann: whole")
