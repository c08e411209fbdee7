"""
What the lines of a connection mean that sends several of them. Pure.

Only the first line says who speaks. After ``from:NAME|TEXT`` every line is said by that NAME: who
can put a line into somebody's log must not be able to register, or to speak under another name.
After a registration, every verb is obeyed.
"""

import re
from typing import NamedTuple

from twisted_messenger.errors import WireError
from twisted_messenger.names import MAX_NAME, BadName, cleanName
from twisted_messenger.wire import (
    BLANKS,
    LEAVE,
    MAX_MESSAGE_BYTES,
    REGISTER,
    SAY,
    Command,
    Registration,
    RoomMessage,
    parse,
)

_SAY, _REGISTER = SAY.encode(), REGISTER.encode()
_VERBS = (_SAY, _REGISTER, LEAVE.encode())

_NAME = re.compile(
    rb"\s*(?:%b)([^|\n]{1,%d})\|" % (b"|".join(map(re.escape, _VERBS)), 4 * MAX_NAME)
)


class Voice(NamedTuple):
    """
    Who speaks on a connection.

    :param name: that its last command named, as it was sent.
    :param free: whether every verb may follow.
    """

    name: str
    free: bool


def readLines(
    data: bytes, voice: Voice | None, maxBytes: int = MAX_MESSAGE_BYTES
) -> tuple[list[Command], Voice]:
    """
    Read lines that came together.

    :param data: complete lines; the first ones of a connection begin with a verb.
    :param voice: who has spoken so far; ``None`` before the first lines.
    :returns: what they ask for, and who speaks from now on. Each command holds only if the one
        before was taken. Blank lines alone ask for nothing.
    :raises WireError: a line that is to be a command is none.
    """
    commands: list[Command] = []
    texts: list[str] = []
    for line in _split(data.replace(b"\r\n", b"\n"), voice):
        if voice is None or (voice.free and line.startswith(_VERBS)):
            _say(commands, voice, texts)
            command = parse(line, maxBytes)
            voice = Voice(command.name, voice.free if voice else isinstance(command, Registration))
            if isinstance(command, RoomMessage):
                texts = [command.text]
            else:
                texts = []
                commands.append(command)
        else:
            texts.append(_textOf(line, voice.name))
    _say(commands, voice, texts)
    assert voice is not None
    return commands, voice


def _split(data: bytes, voice: Voice | None) -> list[bytes]:
    # Blanks of any alphabet, as around a message that an end of file ends.
    text = data.decode("utf-8", "surrogateescape")
    text = text.strip(BLANKS) if voice is None else text.rstrip(BLANKS)
    data = text.encode("utf-8", "surrogateescape")
    if voice is None:
        first, newline, rest = data.partition(b"\n")
        # At its beginning, or after a byte order mark, or after what else is a blank.
        free = _REGISTER in first
        return [first.strip(b"\0"), *(_pieces(rest, free) if newline else ())]
    pieces = _pieces(data, voice.free)
    return pieces if any(pieces) else []


def _pieces(data: bytes, free: bool) -> list[bytes]:
    # A text of many short lines need not be taken apart, unless something in it is to be looked at.
    if not (free or data.startswith(_SAY) or b"\n" + _SAY in data or b"\0" in data):
        return [data]
    # A NUL ends a text in C, and comes after a newline or before it.
    return [line.strip(b"\0") for line in data.split(b"\n")]


def _say(commands: list[Command], voice: Voice | None, texts: list[str]) -> None:
    # Lines that one name says together are one message, as they are where an end of file follows.
    if voice is not None and texts:
        commands.append(RoomMessage(voice.name, "\n".join(texts)))


def _textOf(piece: bytes, name: str) -> str:
    if piece.startswith(_SAY):
        try:
            said = parse(piece)
        except WireError:
            pass
        else:
            if isinstance(said, RoomMessage) and _isSame(said.name, name):
                return said.text
    return piece.decode("utf-8", "replace").replace("\N{REPLACEMENT CHARACTER}", "?")


def _isSame(one: str, other: str) -> bool:
    try:
        return one == other or cleanName(one, "") == cleanName(other, "")
    except BadName:
        return False


def nameIn(data: bytes | bytearray) -> str | None:
    """
    Whose message an unfinished one would have been, as far as it tells.
    """
    found = _NAME.match(data)
    return None if found is None else found[1].decode("utf-8", "replace")
