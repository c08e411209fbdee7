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


@NAMES.case("direction marks around a name")
def directionMarks(room: Room) -> str:
    """
    trimmed
    """
    bob = room.member("bob@")
    room.says("hello", "\u200fann@\u200e")
    return room.hears(bob, "ann: hello")


def _borne(name: str, room: Room) -> str:
    bob, other = room.member("bob@"), room.member(f"{name}@")
    room.says("hello", f"{name}@")
    room.hears(bob, f"{name}: hello")
    return room.hears(other)


_WORLD = (
    ("emoji with a selector", "\u2764\ufe0f"),
    ("keycap", "7\ufe0f\u20e3"),
    ("emoji with joiners", "\U0001f468\u200d\U0001f469\u200d\U0001f467"),
    ("emoji of 2024", "\U0001fae9"),
    ("Persian, with a non-joiner", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"),
    ("Sinhala, with a joiner", "\u0dc1\u0dca\u200d\u0dbb\u0dd3"),
    ("Malayalam, with a joiner at a word's end", "\u0d05\u0d35\u0d28\u0d4d\u200d "),
    ("Marathi, with a joiner", "\u0926\u0930\u094d\u200d\u092f\u093e"),
    ("flag, of two letters", "\U0001f1e9\U0001f1ea"),
    (
        "flag, with invisible letters",
        "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    ),
    ("Bengali, with a joiner", "\u09b0\u200d\u09cd\u09af\u09be\u09ac"),
)

for _case, _name in _WORLD:
    NAMES.add(_case, "taken", partial(_borne, _name))


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
    ("name that begins a JSON object", '{"id"@'),
    ("zero-width character in a name", "a\u200bb@"),
    ("bidi control in a name", "a\u202eb@"),
    ("joiner between Latin letters", "a\u200db@"),
    ("unassigned character in a name", "a\u0378b@"),
    ("ratio sign and blank in a name", "ann\u2236 yes@"),
    ("modifier colon and blank in a name", "ann\ua789 yes@"),
    ("Hebrew sof pasuq and blank in a name", "ann\u05c3 yes@"),
    ("triangular colon and blank in a name", "ann\u02d0 yes@"),
    ("Armenian full stop and blank in a name", "ann\u0589 yes@"),
    ("full-width colon and blank in a name", "ann\uff1a yes@"),
    ("name server", "server"),
    ("name server, full-width", "\uff53\uff45\uff52\uff56\uff45\uff52"),
    ("name SERVER", "SERVER"),
    ("name server, with Cyrillic letters", "s\u0435rver"),
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
