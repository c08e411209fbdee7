"""
Where a proxy says who it is.
"""

import socket
import struct
from ipaddress import ip_address

from tests.conformance.case import Section
from tests.conformance.lines import sayLines
from tests.conformance.otherports import REQUEST, linesWithCommand, openPort
from tests.conformance.receiver import resetOnClose
from tests.conformance.room import Room
from tests.conformance.server import Answer, readAnswer

PROXIED = Section("Where a proxy says who it is")

# An address of nobody (RFC 5737): only the header says it.
_SOMEBODY = "198.51.100.7"

_SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"


def _header(room: Room, source: str) -> bytes:
    version = ip_address(source).version
    target = room.server.host if ip_address(room.server.host).version == version else source
    return f"PROXY TCP{version} {source} {target} 40000 {room.server.port}\r\n".encode()


def _binaryHeader(room: Room, source: str) -> bytes:
    packed = ip_address(source).packed
    kind = 0x11 if len(packed) == 4 else 0x21
    ports = struct.pack("!HH", 40000, room.server.port)
    body = packed + packed + ports
    return _SIGNATURE + struct.pack("!BBH", 0x21, kind, len(body)) + body


def _proxied(room: Room, header: bytes, message: str) -> Answer:
    with openPort(room, "proxyPort") as connection:
        connection.sendall(header + message.replace("@", room.token).encode())
        connection.shutdown(socket.SHUT_WR)
        return readAnswer(connection)


@PROXIED.case("message after a header, both versions")
def proxied(room: Room) -> str:
    """
    taken, pushed
    """
    header = _header(room, room.server.ownHost)
    bob = room.member("bob@")
    _proxied(room, header, "from:ann@|one").mustAccept()
    binary = _binaryHeader(room, room.server.ownHost)
    _proxied(room, binary, "from:ann@|two").mustAccept()
    return room.hears(bob, "ann: one", "ann: two")


@PROXIED.case("refusal after a header")
def proxiedRefusal(room: Room) -> str:
    """
    one line ! CODE: DETAIL, orderly close
    """
    return _proxied(room, _header(room, room.server.ownHost), "hello @").mustRefuse("malformed")


@PROXIED.case("header alone")
def headerAlone(room: Room) -> str:
    """
    orderly close, no byte
    """
    return _proxied(room, _header(room, room.server.ownHost), "").mustAccept()


@PROXIED.case("line after a header, no end of file")
def proxiedLine(room: Room) -> str:
    """
    taken 1.5 s after its newline
    """
    bob = room.member("bob@")
    with openPort(room, "proxyPort") as connection:
        line = f"from:ann{room.token}|no end\n".encode()
        connection.sendall(_header(room, room.server.ownHost) + line)
        readAnswer(connection).mustAccept()
    return room.hears(bob, "ann: no end")


@PROXIED.case("lines after a header, now and then")
def proxiedLines(room: Room) -> str:
    """
    each is a message, none a command
    """
    bob = room.member("bob@")
    with openPort(room, "proxyPort") as connection:
        connection.sendall(_header(room, room.server.ownHost))
        return sayLines(room, bob, connection, linesWithCommand(room))


@PROXIED.case("refused line and a half, after a header")
def proxiedRefusedLine(room: Room) -> str:
    """
    one line ! CODE: DETAIL, orderly close
    """
    with openPort(room, "proxyPort") as connection:
        connection.sendall(_header(room, room.server.ownHost) + b"hello\nha")
        return readAnswer(connection).mustRefuse("malformed")


@PROXIED.case("header alone, then a reset")
def headerThenReset(room: Room) -> str:
    """
    nothing: others are served
    """
    header = _header(room, room.server.ownHost)
    with openPort(room, "proxyPort") as connection:
        connection.sendall(header)
        resetOnClose(connection)
    return _proxied(room, header, "from:ann@|hello").mustAccept()


@PROXIED.case("HTTP in place of a header, and after one")
def proxiedHTTP(room: Room) -> str:
    """
    at once one line, orderly close
    """
    for header in (_header(room, room.server.ownHost), b""):
        with openPort(room, "proxyPort") as connection:
            connection.sendall(header + REQUEST)
            seen = readAnswer(connection).mustRefuse("malformed")
    return seen


@PROXIED.case("another's name, by the header")
def proxiedStranger(room: Room) -> str:
    """
    refused: not_owner
    """
    header = _header(room, _SOMEBODY)
    room.member("bob@")
    return _proxied(room, header, "from:bob@|hello").mustRefuse("not_owner")
