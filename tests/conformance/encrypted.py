"""
The room over TLS.
"""

import ssl

from tests.conformance.case import Section
from tests.conformance.lines import sayLines
from tests.conformance.otherports import REQUEST, linesWithCommand, openPort
from tests.conformance.receiver import Receiver
from tests.conformance.room import Room
from tests.conformance.server import readAnswer
from tests.conformance.verdicts import Violation

ENCRYPTED = Section("Over TLS")


def _encrypted(room: Room, *protocols: str) -> ssl.SSLSocket:
    context = ssl.create_default_context()
    # Whose certificate it is does not matter here.
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if protocols:
        context.set_alpn_protocols(list(protocols))
    return context.wrap_socket(openPort(room, "tlsPort"))


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


@ENCRYPTED.case("lines now and then, over TLS")
def encryptedLines(room: Room) -> str:
    """
    each is a message, none a command
    """
    bob = room.member("bob@")
    with _encrypted(room) as connection:
        return sayLines(room, bob, connection, linesWithCommand(room))


@ENCRYPTED.case("refused line and a half, over TLS")
def encryptedRefusedLine(room: Room) -> str:
    """
    one line ! CODE: DETAIL
    """
    with _encrypted(room) as connection:
        connection.sendall(b"hello\nha")
        return readAnswer(connection).mustRefuse("malformed")


@ENCRYPTED.case("HTTP in place of TLS, and over it")
def encryptedHTTP(room: Room) -> str:
    """
    at once one line
    """
    with _encrypted(room) as connection:
        connection.sendall(REQUEST)
        readAnswer(connection).mustRefuse("malformed")
    with openPort(room, "tlsPort") as plain:
        plain.sendall(REQUEST)
        return readAnswer(plain).mustRefuse("malformed")


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
