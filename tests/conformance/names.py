"""
Who is who: one spelling for each name, and names that nobody may bear.
"""

from functools import partial

from tests.conformance.case import Section
from tests.conformance.room import Room

NAMES = Section("Names")


@NAMES.case("blanks in a name")
def blanks(room: Room) -> str:
    """
    trimmed, inner ones collapsed
    """
    bob = room.member("bob@")
    room.says("hello", " ann@   b ")
    return room.hears(bob, "ann b: hello")


@NAMES.case("64 characters")
def longest(room: Room) -> str:
    """
    taken
    """
    bob = room.member("bob@")
    name = "n" * (64 - len(room.token))
    room.says("hello", f"{name}@")
    return room.hears(bob, f"{name}: hello")


def _borneByNobody(name: str, room: Room) -> str:
    room.refuses(f"connect_request|{name}|{room.openAddress()}", "bad_name")
    return room.refuses(f"from:{name}|@", "bad_name")


_FORBIDDEN = (
    ("no name", ""),
    ("65 characters", "n" * 56 + "@"),
    ("control character in a name", "a\x1bb@"),
    ("newline in a name", "a\nb@"),
    ("colon and blank in a name", "ann: yes@"),
    ("name from", "from"),
    ("name from:...", "from:x@"),
    ("name connect_request...", "connect_request@"),
    ("name leave_request...", "leave_request@"),
    ("zero-width character in a name", "a\u200bb@"),
    ("bidi control in a name", "a\u202eb@"),
)

for _case, _name in _FORBIDDEN:
    NAMES.add(_case, "nobody registers or speaks so", partial(_borneByNobody, _name))


@NAMES.case("full-width name")
def fullWidth(room: Room) -> str:
    """
    the same name as in ASCII
    """
    ann, bob = room.member("ａｎｎ@"), room.member("bob@")
    room.says("hello")
    room.hears(bob, "ann: hello")
    return room.hears(ann)
