"""
How pushes come: their form, their order, and who never waits for whom.
"""

import threading
from functools import partial

from tests.conformance.case import Section
from tests.conformance.room import Room
from tests.conformance.verdicts import Violation

PUSHES = Section("Pushes")


@PUSHES.case("form")
def form(room: Room) -> str:
    """
    NAME: TEXT, no newline, a connection for each
    """
    bob = room.member("bob@")
    room.says("hello")
    room.says("again")
    return room.hears(bob, "ann: hello", "ann: again")


@PUSHES.case("end")
def end(room: Room) -> str:
    """
    half-close; the next push after our close, not before
    """
    slow = room.member("slow@", holding=True)
    bob = room.member("bob@")
    room.says("one")
    room.says("two")
    room.hears(bob, "ann: one", "ann: two")
    texts = slow.wait(lambda texts: bool(room.heard(texts)), room.server.patience)
    if room.heard(texts) != ["ann: one"]:
        raise Violation(f"before it closed: {room.heard(texts)}")
    slow.release()
    return room.hears(slow, "ann: one", "ann: two")


@PUSHES.case("sender's own name")
def ownName(room: Room) -> str:
    """
    nothing is pushed to it
    """
    ann, bob = room.member("ann@"), room.member("bob@")
    room.says("hello")
    room.hears(bob, "ann: hello")
    return room.hears(ann)


@PUSHES.case("order")
def order(room: Room) -> str:
    """
    50 messages of one sender, as they were sent
    """
    bob = room.member("bob@")
    for number in range(50):
        room.hurl(f"from:ann@|{number}")
    expected = [f"ann: {number}" for number in range(50)]
    texts = bob.wait(lambda texts: len(room.heard(texts)) >= len(expected), room.server.patience)
    if room.heard(texts) != expected:
        numbers = ",".join(text.removeprefix("ann: ") for text in room.heard(texts))
        raise Violation(numbers)
    return room.hears(bob, *expected)


@PUSHES.case("hanging member")
def hangingMember(room: Room) -> str:
    """
    one that never closes does not delay another
    """
    room.member("hung@", holding=True)
    bob = room.member("bob@")
    for text in ("one", "two", "three"):
        room.says(text)
    return room.hears(bob, "ann: one", "ann: two", "ann: three")


MISHAPS = Section("Members that are not there")


def _reset(bytesRead: int, room: Room) -> str:
    bob = room.member("bob@", resets=(bytesRead,))
    room.says("hello")
    return room.hears(bob, "ann: hello")


MISHAPS.add("push reset unread", "sent again", partial(_reset, 0))
MISHAPS.add("push read, then reset", "sent again", partial(_reset, 65536))


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
