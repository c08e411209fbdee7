"""
What may be a name, and what may reach a terminal or a log. Standard library only.
"""

import re
import unicodedata
from functools import lru_cache

#: Characters of a name; long enough for people and host names, short enough for a prompt.
MAX_NAME = 64

# Characters that are looked at: blanks and marks may vanish. Normalising takes quadratic time.
_MAX_RAW_NAME = 4 * MAX_NAME

# C0 but tab and newline, DEL, C1, the two Unicode line ends, the bidi controls that reach beyond
# their place (embeddings, overrides, isolates: they reorder what stands behind them) and lone
# surrogates (they cannot be encoded). LRM, RLM and ALM stay: keyboards insert them, and they only
# act as a letter of their direction would.
_UNSAFE_RANGES = (
    *((0x00, 0x08), (0x0B, 0x1F), (0x7F, 0x9F), (0x2028, 0x2029)),
    *((0x202A, 0x202E), (0x2066, 0x206F), (0xD800, 0xDFFF)),
)
_TAB_AND_NEWLINE = (0x09, 0x0A)


def _anyOf(*ranges: tuple[int, int]) -> "re.Pattern[str]":
    return re.compile("[" + "".join(f"{chr(first)}-{chr(last)}" for first, last in ranges) + "]")


def _visible(*ranges: tuple[int, int]) -> dict[int, str]:
    codes = [code for first, last in ranges for code in range(first, last + 1)]
    return {code: f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" for code in codes}


_UNSAFE = _anyOf(*_UNSAFE_RANGES)
_UNSAFE_IN_LINE = _anyOf(*_UNSAFE_RANGES, _TAB_AND_NEWLINE)
_VISIBLE = _visible(*_UNSAFE_RANGES)
_VISIBLE_IN_LINE = _VISIBLE | _visible(_TAB_AND_NEWLINE)

# Letters and marks that draw nothing (Unicode's Default_Ignorable_Code_Point, beyond the
# format characters, and the blank Braille cell): two names could look the same.
_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U00013441\U00013442\U00016fe4\U0001d159\U000e0000-\U000e0fff]"
)

_REFUSED_CATEGORIES = {
    "Cc": "a control character",
    "Cf": "a format character",
    "Cs": "a surrogate",
    "Cn": "an unassigned character",
    "Zl": "a line separator",
    "Zp": "a paragraph separator",
}

# A push is "NAME: TEXT". A name that begins so would make the push a command to another server.
_COMMANDS = ("from:", "connect_request", "leave_request")


class BadName(ValueError):
    """
    The text cannot be a name; the message says why.
    """


def cleanName(name: str, reserved: str = "server") -> str:
    """
    Bring a name to its one spelling: NFKC, trimmed, inner blanks collapsed.

    :param name: as a peer gave it.
    :param reserved: the server's own name, which nobody else may bear.
    :returns: the name, 1 to 64 characters.
    :raises BadName: it is empty, too long, invisible in part, or could be taken for something else.
    """
    if len(name) > _MAX_RAW_NAME:
        raise BadName(f"a name has 1 to {MAX_NAME} characters")
    return _cleaned(name, reserved)


# The same few names come with every message.
@lru_cache(maxsize=4096)
def _cleaned(name: str, reserved: str) -> str:
    _refuseHidden(name)
    normal = unicodedata.normalize("NFKC", name)
    cleaned = " ".join(normal.split())
    if not 1 <= len(cleaned) <= MAX_NAME:
        raise BadName(f"a name has 1 to {MAX_NAME} characters")
    if unicodedata.category(cleaned[0]).startswith("M"):
        raise BadName("a name cannot begin with a mark that belongs to the letter before it")
    if "|" in cleaned:
        raise BadName("a name cannot hold a |")
    if ": " in cleaned:
        # "alice: yes" as a name would show as alice saying yes.
        raise BadName("a name cannot hold a colon and a blank")
    if cleaned == "from" or cleaned.startswith(_COMMANDS):
        raise BadName("that name is part of the protocol")
    if cleaned.casefold() == reserved.casefold():
        raise BadName("that is the server's own name")
    return cleaned


def _refuseHidden(name: str) -> None:
    for character in name:
        problem = _REFUSED_CATEGORIES.get(unicodedata.category(character))
        if problem is None and _INVISIBLE.match(character):
            problem = "an invisible character"
        if problem is not None:
            raise BadName(f"a name cannot hold {problem} (U+{ord(character):04X})")


def escape(text: str) -> str:
    r"""
    Show control characters instead of obeying them: ``ESC`` becomes ``\x1b``.

    Tab and newline stay; whoever shows the text must decide what a new line means.
    """
    # Not a callback for each: 64 KiB of them would hold everybody up.
    return text.translate(_VISIBLE) if _UNSAFE.search(text) else text


def escapeLine(text: str, limit: int) -> str:
    """
    The text on one line, for a log or a receipt: tab and newline escaped too.

    :param limit: characters kept of the text; a longer one ends in an ellipsis.
    """
    cut = text if len(text) <= limit else text[: limit - 1] + "\N{HORIZONTAL ELLIPSIS}"
    return cut.translate(_VISIBLE_IN_LINE) if _UNSAFE_IN_LINE.search(cut) else cut


def prefixLines(prefix: str, text: str) -> str:
    """
    Put the prefix in front of every line of the escaped text: nobody can forge a line.

    :param prefix: as it shall be shown, with its colon and blank.
    :param text: CRLF and LF both end a line.
    """
    # Not a list of lines: 64 KiB can be as many of them.
    return prefix + escape(text.replace("\r\n", "\n")).replace("\n", f"\n{prefix}")


def attributeLines(push: str) -> str:
    """
    Give every line of a push the ``NAME:`` of its first line.

    Our server does so already; another one may let a sender's second line pass for somebody
    else's message.
    """
    first, *rest = escape(push.replace("\r\n", "\n")).split("\n")
    name, separator, _ = first.partition(": ")
    # Nobody's name is longer: one of 100 KiB, in front of as many lines, would fill the memory.
    prefix = name + separator if separator and len(name) <= MAX_NAME else "  "
    # The end of a push is stripped, and with it the blank behind the last, empty line's colon.
    owned = [line.startswith(prefix) or line == prefix.rstrip() for line in rest]
    return "\n".join([first, *(line if mine else prefix + line for line, mine in zip(rest, owned))])
