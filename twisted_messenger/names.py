r"""
What may be a name. Pure.

A push is ``NAME: TEXT``, so a name must be one line that anybody can read as what it is: it has one
spelling, hides nothing, holds nothing that looks like ``: ``, and does not look like the server's
own. Letters of different alphabets may look alike otherwise: a name belongs to an address, and
people of all alphabets share a room.

All nodes of a room must judge alike, on whatever Python: what can be seen comes from tables of our
own, and what Python is still asked (NFKC and case, of characters that the tables let pass) is the
same in every version of Unicode.
"""

import unicodedata
from bisect import bisect_right
from functools import lru_cache

from twisted_messenger import charactertable

#: Characters of a name; long enough for people and host names, short enough for a prompt.
MAX_NAME = 64

# Characters that are looked at: blanks and marks may vanish. Normalising takes quadratic time.
_MAX_RAW_NAME = 4 * MAX_NAME

# A push is "NAME: TEXT". A name that begins so would make the push a command to another server, or
# a JSON object, which says by itself who speaks.
_COMMANDS = ("from:", "connect_request", "leave_request", '{"')

# What keyboards and clipboards leave at the ends: blanks, LRM, RLM, ALM and ZWNJ.
_EDGES = (
    " \xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f"
    "\u3000\u200e\u200f\u061c\u200c"
)

_ZWNJ = "\u200c"
_ZWJ = "\u200d"
_TEXT_STYLE = "\ufe0e"
_EMOJI_STYLE = "\ufe0f"
_KEYCAP = "\u20e3"
_SKIN_TONES = "\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff"

# They draw nothing, but change how their neighbours are drawn.
_JOINERS = (_ZWNJ, _ZWJ, _TEXT_STYLE, _EMOJI_STYLE)
_NO_JOINERS = dict.fromkeys(map(ord, _JOINERS))

# The flags of England, Scotland and Wales: a black one, with the name in invisible tags.
_TAGGED_FLAGS = tuple(
    f"\U0001f3f4{''.join(chr(0xE0000 + ord(letter)) for letter in name)}\U000e007f"
    for name in ("gbeng", "gbsct", "gbwls")
)

# ASCII that looks like other ASCII, in lower case.
_ALIKE = str.maketrans({"i": "l", "1": "l", "|": "l", "0": "o", "m": "rn", "`": "'", '"': "''"})


class BadName(ValueError):
    """
    The text cannot be a name; the message says why.
    """


class _Characters:
    """
    A set of characters.

    :param ends: of its ranges, see :mod:`twisted_messenger.charactertable`.
    """

    def __init__(self, ends: str) -> None:
        # In the string itself, every look would make characters.
        self._ends = tuple(ends)

    def __contains__(self, character: str) -> bool:
        """
        Whether a character, or an empty string where there is none, is one of them.
        """
        # It lies in a range when more have begun than have ended.
        return bisect_right(self._ends, character) % 2 == 1


_NAMEABLE = _Characters(charactertable.NAMEABLE)
_MARKS = _Characters(charactertable.MARKS)
_JOINING = _Characters(charactertable.JOINING)
_PICTOGRAPHS = _Characters(charactertable.PICTOGRAPHS)
_SELECTABLE = _Characters(charactertable.SELECTABLE)

_LOOKS = {ord(one): shown for shown, alike in charactertable.LOOKS for one in alike}


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
@lru_cache(maxsize=1024)
def _cleaned(name: str, reserved: str) -> str:
    trimmed = name.strip(_EDGES)
    _refuseHidden(trimmed)
    cleaned = " ".join(unicodedata.normalize("NFKC", trimmed).split())
    if not 1 <= len(cleaned) <= MAX_NAME:
        raise BadName(f"a name has 1 to {MAX_NAME} characters")
    if cleaned[0] in _MARKS:
        raise BadName("a name cannot begin with a mark that belongs to the letter before it")
    _refuseLoose(cleaned)
    if "|" in cleaned:
        raise BadName("a name cannot hold a |")
    if cleaned == "from" or cleaned.startswith(_COMMANDS):
        raise BadName("that name is part of the protocol")
    if ": " in _unmarked(_shown(cleaned)):
        # "alice: yes" as a name would show as alice saying yes.
        raise BadName("a name cannot hold a colon and a blank, or what looks like them")
    if _looks(cleaned) & _serversLooks(reserved):
        raise BadName("that is the server's own name, or looks like it")
    return cleaned


def _refuseHidden(name: str) -> None:
    if name.isascii() and name.isprintable():
        # As nearly all are: asking for each character would take longer than all else.
        return
    for flag in _TAGGED_FLAGS:
        name = name.replace(flag, "")
    for character in name:
        if character not in _NAMEABLE and character not in _JOINERS:
            raise BadName(f"a name cannot hold U+{ord(character):04X}, which nobody can see")


def _refuseLoose(name: str) -> None:
    """
    Refuse a joiner or a selector that changes nothing where it stands: two names would look the
    same.
    """
    if name.isascii():
        return
    for place, character in enumerate(name):
        if character not in _JOINERS:
            continue
        before, after = name[:place], name[place + 1 : place + 2]
        if character in (_ZWJ, _ZWNJ):
            good = _joinsLetters(before, character, after) or _joinsEmoji(before, character, after)
        else:
            good = _selects(before, character, after)
        if not good:
            raise BadName(f"a name cannot hold U+{ord(character):04X} where nobody can see it")


def _joinsLetters(before: str, joiner: str, after: str) -> bool:
    # Not IDNA's rule, which wants a virama in front: the ya-phalaa of Bengali has it after.
    start = len(before)
    while start and before[start - 1] in _MARKS:
        start -= 1
    # At the end of a word a ZWJ makes half a letter.
    ends = joiner == _ZWJ and after in ("", " ")
    return start > 0 and before[start - 1] in _JOINING and (ends or after in _JOINING)


def _joinsEmoji(before: str, joiner: str, after: str) -> bool:
    whole = before[:-1] if before[-1:] in (_EMOJI_STYLE, *_SKIN_TONES) else before
    return joiner == _ZWJ and whole[-1:] in _PICTOGRAPHS and after in _PICTOGRAPHS


def _selects(before: str, selector: str, after: str) -> bool:
    if before[-1:].isascii():
        # Alone it changes nothing that one could see.
        return selector == _EMOJI_STYLE and before[-1:] in _SELECTABLE and after == _KEYCAP
    return before[-1:] in _SELECTABLE


def _unmarked(name: str) -> str:
    if name.isascii():
        return name
    return "".join(character for character in name if character not in _MARKS)


def _shown(name: str) -> str:
    """
    The name in ASCII as far as it looks so (UTS 39; decomposed).
    """
    if name.isascii():
        return name
    return unicodedata.normalize("NFD", name).translate(_NO_JOINERS).translate(_LOOKS)


def _looks(name: str) -> set[str]:
    """
    What is the same for all that one could mix up, upper and lower case included.

    In other alphabets, a small letter may look like another one than its capital does: a Cyrillic
    capital Ve is a Latin B, a small one nothing but itself. So both ways are gone.
    """
    return {_shown(one).casefold().translate(_ALIKE) for one in {name, name.casefold()}}


# A room has one server.
@lru_cache(maxsize=16)
def _serversLooks(name: str) -> set[str]:
    return _looks(name)
