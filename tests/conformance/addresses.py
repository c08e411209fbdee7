"""
Where a member is: the spellings of its own address.
"""

import socket
from functools import partial

from tests.conformance.case import Section
from tests.conformance.receiver import Receiver
from tests.conformance.room import Room
from tests.conformance.server import Answer, readAnswer
from tests.conformance.verdicts import Skipped, Violation

ADDRESSES = Section("Callback addresses")

# The same, but fatal to servers that know IPv4 and their own loopback only.
FURTHER_ADDRESSES = Section("Further callback addresses")

_WHERE_I_COME_FROM = "pushed to where I come from"
_OR_REFUSED = "pushed there, or refused"


def _listener(room: Room, host: str) -> Receiver:
    room.needsLoopback()
    try:
        return room.receiver(host)
    except OSError as error:
        raise Skipped(f"nobody can listen at {host}: {error.strerror}") from error


def _pushedTo(bob: Receiver, room: Room, answer: Answer) -> str:
    answer.mustAccept()
    room.says("hello")
    return room.hears(bob, "ann: hello")


def _reached(bob: Receiver, room: Room, host: str | None, source: str | None = None) -> str:
    bob.open()
    return _pushedTo(bob, room, room.register("bob@", bob, host, source))


def _hostReached(host: str | None, room: Room) -> str:
    return _reached(room.receiver(), room, host)


def _reachedOrRefused(host: str, listenHost: str, room: Room) -> str:
    bob = _listener(room, listenHost)
    bob.open()
    answer = room.register("bob@", bob, host)
    return str(answer) if answer.refuses() else _pushedTo(bob, room, answer)


ADDRESSES.add("my address", "pushed there", partial(_hostReached, None))
for _host in ("", "0.0.0.0"):
    _check = partial(_hostReached, _host)
    ADDRESSES.add(f"host {_host or 'empty'}", _WHERE_I_COME_FROM, _check)


@ADDRESSES.case("host localhost")
def localhost(room: Room) -> str:
    """
    pushed to 127.0.0.1
    """
    return _reached(_listener(room, "127.0.0.1"), room, "localhost")


@ADDRESSES.case("host 127.0.1.1, from the same machine")
def ownName(room: Room) -> str:
    """
    pushed there
    """
    return _reached(_listener(room, "127.0.1.1"), room, "127.0.1.1")


def _interfaceAddress() -> str:
    # No packet is sent: a connected datagram socket says which address would be used.
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError as error:
            raise Skipped(f"this machine has no network: {error.strerror}") from error
        return str(probe.getsockname()[0])


@ADDRESSES.case("an interface's address, from the same machine")
def interfaceAddress(room: Room) -> str:
    """
    pushed there
    """
    room.needsLoopback()
    host = _interfaceAddress()
    return _reached(_listener(room, host), room, host)


for _host in ("127.1", "2130706433", "0x7f000001", "::ffff:127.0.0.1"):
    _check = partial(_reachedOrRefused, _host, "127.0.0.1")
    ADDRESSES.add(f"host {_host}", _OR_REFUSED, _check)

FURTHER_ADDRESSES.add("host ::", _WHERE_I_COME_FROM, partial(_hostReached, "::"))
FURTHER_ADDRESSES.add("host [::1]", _OR_REFUSED, partial(_reachedOrRefused, "[::1]", "::1"))


@FURTHER_ADDRESSES.case("host localhost, listening on IPv6 alone")
def localhostOverIPv6(room: Room) -> str:
    """
    pushed to ::1
    """
    return _reached(_listener(room, "::1"), room, "localhost")


@FURTHER_ADDRESSES.case("host 127.0.0.2, from 127.0.0.1")
def otherLoopback(room: Room) -> str:
    """
    refused: foreign_callback; other addresses of 127/8 are other hosts
    """
    room.needsLoopback()
    if room.server.ownHost == "127.0.0.2":
        raise Skipped("it is my own")
    return room.refuses(
        f"connect_request|bob@|127.0.0.2|{room.receiver().port}", "foreign_callback"
    )


@FURTHER_ADDRESSES.case("host empty, from elsewhere")
def fromElsewhere(room: Room) -> str:
    """
    pushed to where I come from
    """
    source = room.elsewhere()
    return _reached(room.receiver(source), room, "", source)


@FURTHER_ADDRESSES.case("address in the other version of IP, not mine")
def otherVersion(room: Room) -> str:
    """
    refused: foreign_callback, and both addresses are told
    """
    own = room.elsewhere()
    other = "2001:db8::1" if "." in own else "198.51.100.1"
    address = f"{other}|{room.receiver().port}"
    seen = room.refuses(f"connect_request|bob@|{address}", "foreign_callback", own)
    if own not in seen or other not in seen:
        raise Violation(seen)
    return seen


@FURTHER_ADDRESSES.case("server in the other version of IP")
def otherHost(room: Room) -> str:
    """
    the same room
    """
    host = room.server.setup.said("otherHost")
    bob = room.member("bob@")
    with socket.create_connection((host, room.server.port), room.server.patience) as connection:
        connection.sendall(f"from:ann{room.token}|hello".encode())
        connection.shutdown(socket.SHUT_WR)
        readAnswer(connection).mustAccept()
    return room.hears(bob, "ann: hello")
