"""
Members that are slow, move, hang, or are not there, and who never waits for whom.
"""

import threading
from functools import partial

from tests.conformance.case import Section
from tests.conformance.receiver import Receiver
from tests.conformance.room import Room
from tests.conformance.verdicts import Violation

MISHAPS = Section("Members that are slow, or not there")

# More than a push may take.
_SLOW_SECONDS = 12


def _reset(bytesRead: int, room: Room) -> str:
    bob = room.member("bob@", resets=(bytesRead,))
    room.says("hello")
    return room.hears(bob, "ann: hello")


MISHAPS.add("push reset unread", "sent again", partial(_reset, 0))
MISHAPS.add("push read, then reset", "sent again", partial(_reset, 65536))


@MISHAPS.case("half-closed unread, then reset")
def halfClosedUnread(room: Room) -> str:
    """
    sent again: most of it was not acknowledged
    """
    bob = room.member("bob@", halfCloses=True)
    text = "x" * 32 * 1024
    room.says(text)
    return room.hears(bob, f"ann: {text}")


@MISHAPS.case("push answered with ~")
def answeredLater(room: Room) -> str:
    """
    sent again, before the next
    """
    bob = room.member("bob@", answers=(b"~ busy\n",))
    room.says("one")
    room.says("two")
    return room.hears(bob, "ann: one", "ann: one", "ann: two")


@MISHAPS.case("push answered with !")
def answeredNever(room: Room) -> str:
    """
    not sent again; the next one is
    """
    bob = room.member("bob@", answers=(b"! no thanks\n",))
    room.says("one")
    room.says("two")
    return room.hears(bob, "ann: one", "ann: two")


@MISHAPS.case("push answered with anything else")
def answeredOtherwise(room: Room) -> str:
    """
    not sent again, whatever its further lines begin with
    """
    bob = room.member("bob@", answers=(b"HTTP/1.1 400 Bad Request\r\n\r\n~ busy\n! no\n",))
    room.says("one")
    room.says("two")
    return room.hears(bob, "ann: one", "ann: two")


@MISHAPS.case("member 0.3 s late")
def lateMember(room: Room) -> str:
    """
    sent again until it listens
    """
    bob = room.receiver()
    room.registers("bob@", bob)
    timer = threading.Timer(0.3, bob.open)
    timer.start()
    try:
        room.says("hello")
        return room.hears(bob, "ann: hello")
    finally:
        timer.join()


@MISHAPS.case("refusing member")
def refusingMember(room: Room) -> str:
    """
    one that never listens does not delay another
    """
    room.registers("gone@", room.receiver())
    bob = room.member("bob@")
    for text in ("one", "two", "three"):
        room.says(text)
    return room.hears(bob, "ann: one", "ann: two", "ann: three")


@MISHAPS.case("absent member moves")
def absentMoves(room: Room) -> str:
    """
    what it missed comes to the new address, once
    """
    room.registers("bob@", room.receiver())
    room.says("missed")
    bob = room.member("bob@")
    return room.hears(bob, "ann: missed")


@MISHAPS.case("member moves in the middle of a push")
def movesMeanwhile(room: Room) -> str:
    """
    the push comes to its new address, at once
    """
    _holdsOne(room)
    return room.hears(room.member("bob@"), "ann: hello")


@MISHAPS.case("two merge in the middle of a push")
def mergeMeanwhile(room: Room) -> str:
    """
    it comes once
    """
    eve = room.member("eve@")
    room.registers("rob@", room.receiver())
    bob = _holdsOne(room)
    room.registers("rob@", bob)
    # What is said later has arrived: by then, everybody in the server knows of the merge.
    room.hears(eve, "ann: hello")
    bob.release()
    return room.hears(bob, "ann: hello")


@MISHAPS.case("two merge while one hangs")
def mergeWhileHanging(room: Room) -> str:
    """
    one that never closes has it; it does not come again for the other
    """
    room.server.setup.said("slow")
    room.registers("rob@", room.receiver())
    bob = _holdsOne(room)
    room.registers("rob@", bob)
    bob.wait(lambda texts: len(texts) > 1, _SLOW_SECONDS)
    bob.release()
    return room.hears(bob, "ann: hello")


def _holdsOne(room: Room) -> Receiver:
    bob = room.member("bob@", holding=True)
    room.says("hello")
    if not bob.wait(bool, room.server.patience):
        raise Violation("no push")
    return bob


@MISHAPS.case("member that takes 12 s")
def slowMember(room: Room) -> str:
    """
    each message once, the next after its close
    """
    room.server.setup.said("slow")
    bob = room.member("bob@")
    room.says("first")
    room.hears(bob, "ann: first")
    bob.hold()
    room.says("one")
    room.says("two")
    texts = bob.wait(lambda texts: len(texts) > 1, _SLOW_SECONDS)
    if room.heard(texts) != ["ann: one"]:
        raise Violation(f"before it closed: {room.heard(texts)}")
    bob.release()
    return room.hears(bob, "ann: one", "ann: two")


# As many members as one host may have, and a host of its own: while they hang, its share is full.
_STRANGERS = 32
_STRANGE = "127.0.0.5"


@MISHAPS.case("strangers who hang")
def hangingStrangers(room: Room) -> str:
    """
    32 who never read do not delay a new member
    """
    room.needsHome()
    for number in range(_STRANGERS):
        stranger = room.receiver(_STRANGE)
        stranger.listen()
        room.register(f"eve{number}@", stranger, _STRANGE, _STRANGE).mustAccept()
    room.says("to the strangers")
    bob = room.member("bob@")
    room.says("hello")
    return room.hears(bob, "ann: hello")
