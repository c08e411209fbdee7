"""
What a sender sees, and where a message ends.
"""

import socket

from tests.conformance.case import Section
from tests.conformance.receiver import resetOnClose
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


@CUTS.case("no bytes, then a reset")
def resetProbe(room: Room) -> str:
    """
    nothing: others are served
    """
    with room.server.connect() as connection:
        resetOnClose(connection)
    return room.says("hello")


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
