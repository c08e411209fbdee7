"""
Where a member is: the spellings of its own address.
"""

from functools import partial

from tests.conformance.case import Section
from tests.conformance.receiver import Receiver
from tests.conformance.room import Room
from tests.conformance.server import Answer
from tests.conformance.verdicts import Skipped

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


@FURTHER_ADDRESSES.case("host empty, from elsewhere")
def fromElsewhere(room: Room) -> str:
    """
    pushed to where I come from
    """
    source = room.elsewhere()
    return _reached(room.receiver(source), room, "", source)
