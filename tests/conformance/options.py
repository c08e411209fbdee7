"""
The fifth field of a registration: how a member wants its pushes, and what it asks.
"""

import json

from tests.conformance.case import Section
from tests.conformance.room import Room
from tests.conformance.verdicts import Violation

OPTIONS = Section("Options of a registration")


@OPTIONS.case("newline")
def newline(room: Room) -> str:
    """
    each push ends with one
    """
    bob = room.member("bob@", "newline")
    room.says("hello")
    return _exactly(room.gets(bob, 1), ["ann: hello\n"])


@OPTIONS.case("four fields after options")
def fourFields(room: Room) -> str:
    """
    the options stay
    """
    bob = room.member("bob@", "newline")
    room.registers("bob@", bob)
    room.says("hello")
    return _exactly(room.gets(bob, 1), ["ann: hello\n"])


def _exactly(texts: list[str], expected: list[str]) -> str:
    if texts != expected:
        raise Violation(repr(texts))
    return repr(texts)


@OPTIONS.case("json")
def jsonObjects(room: Room) -> str:
    """
    an object and a newline: id (rising), time, name, text
    """
    bob = room.member("bob@", "json")
    texts = ["one\ntwo", '"\\\t早']
    for text in texts:
        room.says(text)
    pushes = room.gets(bob, len(texts))
    seen = repr(pushes)
    try:
        objects = [json.loads(push) for push in pushes]
        same = [(one["name"], one["text"]) for one in objects] == [("ann", text) for text in texts]
        numbers = [one["id"] for one in objects]
        whole = all(one["time"] > 0 for one in objects) and numbers[0] < numbers[1]
    except (ValueError, LookupError, TypeError) as error:
        raise Violation(seen) from error
    if not (same and whole and all(push.find("\n") == len(push) - 1 for push in pushes)):
        raise Violation(seen)
    return seen


@OPTIONS.case("notice in json")
def jsonNotice(room: Room) -> str:
    """
    an object as well, with null for its id
    """
    old = room.member("bob@", "json")
    room.member("bob@")
    (seen,) = room.gets(old, 1)
    try:
        notice = json.loads(seen)
        form = notice["id"], notice["name"], notice["text"]
    except (ValueError, LookupError, TypeError) as error:
        raise Violation(seen) from error
    if form != (None, "server", "bob is registered elsewhere now"):
        raise Violation(seen)
    return seen


@OPTIONS.case("ack")
def ack(room: Room) -> str:
    """
    a close alone is a failure, a line + is a receipt
    """
    # The last answer is to the message that shows the end.
    bob = room.member("bob@", "ack", answers=(b"", b"+ done\n", b"+\n", b"+\n"))
    room.says("one")
    room.says("two")
    return room.hears(bob, "ann: one", "ann: one", "ann: two")


@OPTIONS.case("no history")
def noHistory(room: Room) -> str:
    """
    a new member begins now
    """
    room.says("before")
    bob = room.member("bob@")
    room.says("after")
    return room.hears(bob, "ann: after")


@OPTIONS.case("who")
def who(room: Room) -> str:
    """
    + NAME, NAME, ... in 1,000 characters; nobody is registered
    """
    room.member("bob@")
    eve = room.receiver()
    eve.open()
    answer = room.register("eve@", eve, options="who")
    seen = answer.mustBe(r"\+ .{1,998}")
    names = seen.removeprefix("+ ").split(", ")
    # A full list may be cut.
    if f"bob{room.token}" not in names and len(seen) < 900:
        raise Violation(seen)
    room.says("unheard")
    room.registers("eve@", eve)
    room.hears(eve)
    return seen


@OPTIONS.case("refresh")
def refresh(room: Room) -> str:
    """
    + joined where it was not there, + here where it is
    """
    bob = room.receiver()
    bob.open()
    seen = [
        room.register("bob@", bob, options="refresh").mustBe(rf"\+ {word}")
        for word in ("joined", "here")
    ]
    room.says("hello")
    room.hears(bob, "ann: hello")
    return " ".join(seen)


@OPTIONS.case("refresh of what has moved")
def refreshMoved(room: Room) -> str:
    """
    ! name_taken, and it is left alone
    """
    old, new = room.member("bob@"), room.member("bob@")
    seen = room.register("bob@", old, options="refresh").mustRefuse("name_taken")
    room.says("hello")
    room.hears(new, "ann: hello")
    return seen


@OPTIONS.case("option that nobody knows")
def unknown(room: Room) -> str:
    """
    refused by its name
    """
    seen = room.register("bob@", room.receiver(), options="newline,polish").mustRefuse("malformed")
    if "polish" not in seen:
        raise Violation(seen)
    return seen


@OPTIONS.case("history")
def history(room: Room) -> str:
    """
    a new member gets what was said before, but not by itself
    """
    room.says("one")
    room.says("two", "bob@")
    room.says("three")
    return room.hears(room.member("bob@", "history=20"), "ann: one", "ann: three")
