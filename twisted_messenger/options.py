"""
The fifth field of a registration: options, separated by commas. Pure.

::

    connect_request|ann|10.0.0.7|9000|json,ack,key=correct-horse
"""

import re
from dataclasses import dataclass, field

from twisted_messenger.errors import WireError
from twisted_messenger.key import WHAT_A_KEY_IS, isKey
from twisted_messenger.refusal import Reason
from twisted_messenger.roster import MemberOptions

_FLAGS = ("newline", "json", "ack", "refresh", "who")
_ALL = "newline, json, ack, history=N, key=SECRET, refresh, who"

# What of an unknown option is quoted: never what may be a mistyped key's secret.
_WORD = re.compile("[A-Za-z_-]{0,20}", re.ASCII)

_NUMBER = re.compile("[0-9]{1,6}", re.ASCII)


@dataclass(frozen=True)
class RegistrationOptions:
    """
    What a fifth field says.

    :param member: how the member wants its pushes.
    :param key: see :mod:`twisted_messenger.key`.
    :param refresh: only ask whether the registration stands, and make it if nothing is there.
    :param who: only ask who is in the room.
    """

    member: MemberOptions = field(default_factory=MemberOptions)
    key: str | None = field(default=None, repr=False)
    refresh: bool = False
    who: bool = False


def readOptions(text: str) -> RegistrationOptions:
    """
    Read a fifth field; an empty one states that there is nothing special.

    :raises WireError: an option is not known, or its value is none.
    """
    given: dict[str, str | None] = {}
    for option in filter(None, (one.strip() for one in text.split(","))):
        word, equals, value = option.partition("=")
        name = word.strip()
        if name not in ("key", "history") if equals else name not in _FLAGS:
            # Behind a key it may be the rest of one.
            which = "after the key, which has no comma" if "key" in given else _quoted(option)
            raise _malformed(f"unknown option {which}; there are {_ALL}")
        if name in given:
            raise _malformed(f"the option {name} is given twice")
        given[name] = value.strip() if equals else None
    member = MemberOptions(
        "newline" in given, "json" in given, "ack" in given, _history(given.get("history"))
    )
    return RegistrationOptions(member, _key(given.get("key")), "refresh" in given, "who" in given)


def _quoted(option: str) -> str:
    match = _WORD.match(option)
    return "" if match is None else match[0]


def _history(value: str | None) -> int:
    if value is None:
        return 0
    if not _NUMBER.fullmatch(value):
        raise _malformed("history=N takes a number from 0 to 999999")
    return int(value)


def _key(value: str | None) -> str | None:
    if value is not None and not isKey(value):
        raise _malformed(f"key=SECRET takes {WHAT_A_KEY_IS}")
    return value


def _malformed(detail: str) -> WireError:
    return WireError(Reason.MALFORMED, detail)


def formatOptions(options: RegistrationOptions) -> str:
    """
    What a peer sends as the fifth field.
    """
    member = options.member
    words = [*member.flags()]
    if member.history:
        words.append(f"history={member.history}")
    if options.key is not None:
        words.append(f"key={options.key}")
    words += [word for word in ("refresh", "who") if getattr(options, word)]
    return ",".join(words)
