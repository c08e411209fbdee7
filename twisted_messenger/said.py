"""
What became of what a client said, by the server's answer. Pure.
"""

import re

from twisted_messenger.refusal import Refusal
from twisted_messenger.result import Stored, Unknown

#: What became of a message, for who said it.
Said = Stored | Refusal | Unknown

#: Bytes of an answer that are read: a receipt is one line.
MAX_RECEIPT = 1024

# The code of answers in words that no room uses.
_NO_ROOM = "not_a_room"

_POSITION = re.compile("[0-9]{1,18}", re.ASCII)


def readReceipt(answer: bytes) -> Stored | Refusal:
    """
    Read what a server answered, whose close was in order or whose line is whole.

    :param answer: its first bytes; none, as a rule, where the message is stored.
    :returns: a refusal too where the words are no room's: then nothing was taken.
    """
    line = answer.partition(b"\n")[0].decode("utf-8", "replace").strip()
    mark, said = line[:1], line[1:].strip()
    if mark in ("", "+"):
        return Stored(int(said) if _POSITION.fullmatch(said) else 0)
    if mark not in ("!", "~"):
        return Refusal(_NO_ROOM, line)
    code, _, detail = said.partition(":")
    try:
        return Refusal(code, detail.strip(), mark == "~")
    except ValueError:
        return Refusal(_NO_ROOM, said, mark == "~")
