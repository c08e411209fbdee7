"""
A key: who shows it takes a name back from wherever it is.
"""

from functools import partial

from tests.conformance.case import Section
from tests.conformance.receiver import Receiver
from tests.conformance.room import Room
from tests.conformance.server import Answer
from tests.conformance.verdicts import Violation

KEYS = Section("Keys")

_KEY = "key=correct-horse@"


def _fromElsewhere(room: Room, options: str | None) -> tuple[Receiver, Answer]:
    source = room.elsewhere()
    bob = room.receiver(source)
    bob.open()
    return bob, room.register("bob@", bob, source, source, options)


@KEYS.case("key, from elsewhere")
def moved(room: Room) -> str:
    """
    the name moves there, and speaks from there only
    """
    source = room.elsewhere()
    room.member("bob@", _KEY)
    bob, answer = _fromElsewhere(room, _KEY)
    answer.mustAccept()
    room.refuses("from:bob@|not from here", "not_owner")
    room.accepts("from:bob@|from there", source)
    room.says("hello")
    return room.hears(bob, "ann: hello")


@KEYS.case("no key, from elsewhere")
def notShown(room: Room) -> str:
    """
    refused: name_taken, with a word about the key
    """
    room.elsewhere()
    room.member("bob@", _KEY)
    seen = _fromElsewhere(room, None)[1].mustRefuse("name_taken")
    if "key" not in seen:
        raise Violation(seen)
    return seen


@KEYS.case("another key, from elsewhere")
def wrong(room: Room) -> str:
    """
    refused: name_taken, and what was shown is not told
    """
    room.elsewhere()
    room.member("bob@", _KEY)
    seen = _fromElsewhere(room, "key=another-horse@")[1].mustRefuse("name_taken")
    if "horse" in seen:
        raise Violation(seen)
    return seen


@KEYS.case("four fields after a key")
def kept(room: Room) -> str:
    """
    the key stays
    """
    room.elsewhere()
    room.registers("bob@", room.member("bob@", _KEY))
    _fromElsewhere(room, None)[1].mustRefuse("name_taken")
    bob, answer = _fromElsewhere(room, _KEY)
    answer.mustAccept()
    return room.hears(bob)


@KEYS.case("no key, another port")
def notMoved(room: Room) -> str:
    """
    refused: name_taken; who showed no key moves nothing, not even from the same address
    """
    bob = room.member("bob@", _KEY)
    seen = room.register("bob@", room.receiver()).mustRefuse("name_taken")
    room.says("hello")
    room.hears(bob, "ann: hello")
    return seen


@KEYS.case("no key, other options")
def optionsKept(room: Room) -> str:
    """
    taken, and changes nothing
    """
    bob = room.member("bob@", _KEY)
    seen = room.register("bob@", bob, options="json").mustAccept()
    room.says("hello")
    room.hears(bob, "ann: hello")
    return seen


@KEYS.case("refresh with the key, from elsewhere")
def refreshed(room: Room) -> str:
    """
    ! name_taken, and it is left alone
    """
    room.elsewhere()
    bob = room.member("bob@", _KEY)
    seen = _fromElsewhere(room, f"refresh,{_KEY}")[1].mustRefuse("name_taken")
    room.says("hello")
    room.hears(bob, "ann: hello")
    return seen


@KEYS.case("key given up by leaving")
def givenUp(room: Room) -> str:
    """
    the name is free
    """
    room.elsewhere()
    old = room.member("bob@", _KEY)
    room.accepts(f"leave_request|bob@|{room.address(old)}")
    bob, answer = _fromElsewhere(room, None)
    answer.mustAccept()
    return room.hears(bob)


def _untold(message: str, room: Room) -> str:
    seen = room.refuses(message, "malformed")
    if "secret" in seen:
        raise Violation(seen)
    return seen


# What is refused may be logged.
_NOT_TOLD = "refused: malformed, and it is not told"
for _case, _fields in (
    ("key of seven characters", "|9000|key=secret7"),
    ("key of 129 characters", f"|9000|key={'secret' * 21}key"),
    ("key with a comma", "|9000|key=correct-horse,secret"),
    ("key in the place of the port", "|key=secret-horse"),
    ("key in the place of the host", "key=secret-horse|9000"),
):
    KEYS.add(_case, _NOT_TOLD, partial(_untold, f"connect_request|bob@|{_fields}"))
