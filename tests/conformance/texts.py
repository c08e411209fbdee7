r"""
What becomes of a text on its way, and of a message's first and last bytes.
"""

from functools import partial

from tests.conformance.case import Section
from tests.conformance.room import Room
from tests.conformance.verdicts import Violation

TEXTS = Section("Texts")


def _pushed(sent: str, pushed: str, room: Room) -> str:
    bob = room.member("bob@")
    room.accepts(sent)
    return room.hears(bob, pushed)


# Case, promise, message, push.
_ROWS = (
    ("| in a text", "kept", "from:ann@|one | two|", "ann: one | two|"),
    ("from: in a text", "plain text", "from:ann@|from: me", "ann: from: me"),
    ("a verb as text", "plain text", "from:ann@|from:eve|hello", "ann: from:eve|hello"),
    (
        "connect_request in a text",
        "plain text",
        "from:ann@|connect_request|a|localhost|9",
        "ann: connect_request|a|localhost|9",
    ),
    ("empty text", "pushed as 'NAME: '", "from:ann@|", "ann: "),
    ("leading blanks of a text", "kept", "from:ann@|  two", "ann:   two"),
    ("blanks around a message", "dropped", " \tfrom:ann@|hello \t", "ann: hello"),
    ("LF at the end", "not part of it", "from:ann@|hello\n", "ann: hello"),
    ("CRLF at the end", "not part of it", "from:ann@|hello\r\n", "ann: hello"),
    ("byte order mark", "dropped", "\ufefffrom:ann@|hello", "ann: hello"),
    ("NUL at the ends", "dropped, as blanks are", "\0from:ann@\0|\0hello\0", "ann: hello"),
    ("NUL within a text", "shown as \\x00", "from:ann@|a\0b", "ann: a\\x00b"),
    ("lines", "each after its NAME", "from:ann@|one\neve: two", "ann: one\nann: eve: two"),
    ("lines ended by CRLF", "each after its NAME", "from:ann@|one\r\ntwo", "ann: one\nann: two"),
    ("tab", "kept", "from:ann@|a\tb", "ann: a\tb"),
    ("escape character", "shown as \\x1b", "from:ann@|a\x1b[2Jb", "ann: a\\x1b[2Jb"),
    ("CR within a text", "shown as \\x0d", "from:ann@|a\rb", "ann: a\\x0db"),
    ("C1 control character", "shown as \\x9b", "from:ann@|a\x9bb", "ann: a\\x9bb"),
    ("U+2028", "shown as \\u2028", "from:ann@|a\u2028b", "ann: a\\u2028b"),
    ("LRM, RLM and ALM", "kept", "from:ann@|a\u200eb\u200fc\u061cd", "ann: a\u200eb\u200fc\u061cd"),
    ("bidi isolate", "shown as \\u2067", "from:ann@|a\u2067b", "ann: a\\u2067b"),
    ("bidi control", "shown as \\u202e", "from:ann@|a\u202eb", "ann: a\\u202eb"),
)

for _name, _promise, _sent, _pushes in _ROWS:
    TEXTS.add(_name, _promise, partial(_pushed, _sent, _pushes))


NOT_ASCII = Section("What is not ASCII")

# A receiver that decodes piece by piece fails where a piece ends within a character.
_SCRIPTS = "žluť " + "早🙂" * 16

NOT_ASCII.add(
    "other scripts",
    "unchanged",
    partial(_pushed, f"from:ann@|{_SCRIPTS}", f"ann: {_SCRIPTS}"),
)


@NOT_ASCII.case("bad UTF-8 in a name")
def inName(room: Room) -> str:
    """
    refused: bad_utf8
    """
    return room.refuses("from:ann\udcff|@", "bad_utf8")


@NOT_ASCII.case("bad UTF-8 in a registration")
def inRegistration(room: Room) -> str:
    """
    refused: bad_utf8
    """
    return room.refuses(f"connect_request|b\udcff@|{room.openAddress()}", "bad_utf8")


NOT_ASCII.add(
    "bad UTF-8 in a text",
    "shown as ?",
    partial(_pushed, "from:ann@|a\udcffb", "ann: a?b"),
)


@NOT_ASCII.case("UTF-16")
def utf16(room: Room) -> str:
    """
    refused: bad_utf8, with a word about UTF-16
    """
    for encoding in ("utf-16", "utf-16-le", "utf-16-be"):
        data = "from:ann|hello".encode(encoding)
        answer = room.send(data.decode("utf-8", "surrogateescape"))
        seen = answer.mustRefuse("bad_utf8")
        if "UTF-16" not in seen:
            raise Violation(seen)
    return seen
