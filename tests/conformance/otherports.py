"""
The same room at other ports: over TLS, and where a proxy says who it is.
"""

import socket
import ssl
import struct
from ipaddress import ip_address

from tests.conformance.case import Section
from tests.conformance.receiver import Receiver
from tests.conformance.room import Room
from tests.conformance.server import Answer, readAnswer
from tests.conformance.verdicts import Violation

PROXIED = Section("Where a proxy says who it is")

# An address of nobody (RFC 5737): only the header says it.
_SOMEBODY = "198.51.100.7"

_SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"


def _open(room: Room, option: str) -> socket.socket:
    port = int(room.server.setup.said(option))
    return socket.create_connection((room.server.host, port), room.server.patience)


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
    with _open(room, "proxyPort") as connection:
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
    with _open(room, "proxyPort") as connection:
        line = f"from:ann{room.token}|no end\n".encode()
        connection.sendall(_header(room, room.server.ownHost) + line)
        readAnswer(connection).mustAccept()
    return room.hears(bob, "ann: no end")


@PROXIED.case("another's name, by the header")
def proxiedStranger(room: Room) -> str:
    """
    refused: not_owner
    """
    header = _header(room, _SOMEBODY)
    room.member("bob@")
    return _proxied(room, header, "from:bob@|hello").mustRefuse("not_owner")


ENCRYPTED = Section("Over TLS")


def _encrypted(room: Room, *protocols: str) -> ssl.SSLSocket:
    context = ssl.create_default_context()
    # Whose certificate it is does not matter here.
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if protocols:
        context.set_alpn_protocols(list(protocols))
    return context.wrap_socket(_open(room, "tlsPort"))


def _said(room: Room, bytes: bytes, *protocols: str) -> None:
    # Python's own sample: the socket is closed, and no close_notify is ever sent.
    with _encrypted(room, *protocols) as connection:
        connection.sendall(bytes.replace(b"@", room.token.encode()))


@ENCRYPTED.case("line, no close_notify")
def lineWithoutNotify(room: Room) -> str:
    """
    taken
    """
    bob = room.member("bob@")
    _said(room, b"from:ann@|hello\n")
    return _heardAlso(room, bob, "ann: hello")


@ENCRYPTED.case("line and a half, no close_notify")
def halfWithoutNotify(room: Room) -> str:
    """
    the line is taken, the half is not
    """
    bob = room.member("bob@")
    _said(room, b"from:ann@|hello\nha")
    return _heardAlso(room, bob, "ann: hello")


@ENCRYPTED.case("message and close_notify")
def withNotify(room: Room) -> str:
    """
    taken
    """
    bob = room.member("bob@")
    with _encrypted(room) as connection:
        connection.sendall(f"from:ann{room.token}|hello".encode())
        connection.unwrap().close()
    return _heardAlso(room, bob, "ann: hello")


@ENCRYPTED.case("client that offers protocols")
def offersProtocols(room: Room) -> str:
    """
    its handshake succeeds, its line is taken
    """
    bob = room.member("bob@")
    _said(room, b"from:ann@|hello\n", "h2", "http/1.1")
    return _heardAlso(room, bob, "ann: hello")


def _heardAlso(room: Room, bob: Receiver, text: str) -> str:
    # Nobody answered: the message may still be on its way.
    bob.wait(lambda texts: text in room.heard(texts), room.server.patience)
    return room.hears(bob, text)


@ENCRYPTED.case("position over TLS")
def positionOverTLS(room: Room) -> str:
    """
    + POSITION for a line that ends, and waits
    """
    room.server.setup.said("receipts")
    with _encrypted(room) as connection:
        connection.sendall(f"from:ann{room.token}|hello\n".encode())
        answer = readAnswer(connection)
    if not answer.text.startswith("+ "):
        raise Violation(str(answer))
    return answer.mustAccept()
