"""
How pushes come: their form and their order.
"""

import threading
import time

from tests.conformance.case import Section
from tests.conformance.processor import oneProcessor
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
    with oneProcessor():
        for number in range(50):
            room.hurl(f"from:ann@|{number}")
    expected = [f"ann: {number}" for number in range(50)]
    texts = bob.wait(lambda texts: len(room.heard(texts)) >= len(expected), room.server.patience)
    if room.heard(texts) != expected:
        numbers = ",".join(text.removeprefix("ann: ") for text in room.heard(texts))
        raise Violation(numbers)
    return room.hears(bob, *expected)


@PUSHES.case("order, while others speak")
def orderAmongOthers(room: Room) -> str:
    """
    300 messages of one sender and what eight others say meanwhile, each as it was sent
    """
    room.needsLoopback()
    bob = room.member("bob@")
    silent = threading.Event()
    said = [0] * 9

    @oneProcessor()
    def speak(number: int, most: int = 300) -> None:
        while said[number] < most and not silent.is_set():
            room.hurl(f"from:{number}@|{said[number]}")
            said[number] += 1

    others = [threading.Thread(target=speak, args=(number,)) for number in range(1, 9)]
    for other in others:
        other.start()
    try:
        speak(0)
    finally:
        silent.set()
        for other in others:
            other.join()
    bob.wait(lambda texts: len(room.heard(texts)) >= sum(said), room.server.patience)
    heard = [text.split(": ") for text in room.heard(bob.wait(bool, 0))]
    for number, count in enumerate(said):
        texts = [int(text) for name, text in heard if name == str(number)]
        if texts != list(range(count)):
            raise Violation(f"of sender {number}: {','.join(map(str, texts))}")
    return f"{sum(said)} messages in order"


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


@PUSHES.case("sender that never pauses")
def neverPauses(room: Room) -> str:
    """
    what it said first comes meanwhile
    """
    bob = room.member("bob@")
    deadline = time.monotonic() + room.server.patience
    said = 0
    while not room.heard(bob.wait(bool, 0)):
        if time.monotonic() > deadline:
            raise Violation(f"no push after {said} messages")
        room.hurl(f"from:ann@|{said}")
        said += 1
    return f"a push after {said} messages"
