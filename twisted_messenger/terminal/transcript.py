"""
The lines that a person or a pipe gets to see. Pure.

A line is a list of fragments, each a role and a text; where nothing is decorated, the texts alone
make the line. Everything is escaped here, whatever the other side did.
"""

import json
from collections.abc import Sequence
from dataclasses import replace

from twisted_messenger.peer.arrival import Arrival
from twisted_messenger.peer.ownmessage import MAX_REPEATED, OwnMessage, State
from twisted_messenger.terminal.colours import colourOf
from twisted_messenger.text import escape, escapeLine

#: A role (``name3``, ``time``, ``sent`` and so on; empty for plain text) and a text.
Fragment = tuple[str, str]
Line = list[Fragment]

#: Characters and lines of one message on a terminal: a screen. A pipe gets all of it.
MAX_SHOWN = 2000
MAX_SHOWN_LINES = 60

# Characters of a notice; the other side's words may be in it.
_MAX_NOTICE = 500


# What a line of ours begins with. No name may look like it.
_OUR_MARKS = ("* ", "> ")

_MARKS = {
    State.SENT: "\N{CHECK MARK}",
    State.WAITING: "\N{HORIZONTAL ELLIPSIS}",
    State.REFUSED: "\N{BALLOT X}",
    State.UNKNOWN: "?",
}


def prefix(arrival: Arrival) -> Line:
    """
    What stands in front of every line of a message, so that nobody can forge a line.
    """
    if arrival.pushed:
        return [(_nameRole(arrival.name), arrival.name), ("", ": ")]
    address: Line = [("address", str((arrival.host, arrival.port))), ("", ": ")]
    if not arrival.name:
        return address
    return [(_nameRole(arrival.name), arrival.name), ("", " "), *address]


def whole(arrival: Arrival, stamp: str = "") -> list[Line]:
    """
    A message's lines for a pipe: all of it.

    :param stamp: the time of day, to stand in front; empty for none.
    """
    front = [*_stamped(stamp), *prefix(arrival)]
    return [[*front, ("", line)] for line in arrival.lines]


def uncut(arrival: Arrival, stamp: str = "") -> list[Line]:
    """
    A message's lines for a terminal, where no name passes for one of our own marks.
    """
    lines = whole(arrival, stamp)
    if arrival.pushed and f"{arrival.name}: ".startswith(_OUR_MARKS):
        return [[("", "\\"), *line] for line in lines]
    return lines


def cut(arrival: Arrival, stamp: str = "", more: str = "") -> list[Line]:
    """
    The same, where what is very long ends in an ellipsis.

    :param more: how to get all of it.
    """
    return uncut(replace(arrival, lines=tuple(cutLines(arrival.lines, more))), stamp)


def isLong(lines: Sequence[str]) -> bool:
    """
    Whether a text has too many characters or lines for a terminal.
    """
    return len(lines) > MAX_SHOWN_LINES or sum(map(len, lines)) > MAX_SHOWN


def cutLines(lines: Sequence[str], more: str = "") -> list[str]:
    """
    The beginning of a text of many characters or lines, with a word on how much is missing.

    :param more: how to get it.
    """
    shown: list[str] = []
    room = MAX_SHOWN
    for line in lines[:MAX_SHOWN_LINES]:
        if len(line) > room:
            missing = sum(map(len, lines)) - sum(map(len, shown)) - room
            words = f"{missing} more characters{more}"
            return [*shown, f"{line[:room]}\N{HORIZONTAL ELLIPSIS} ({words})"]
        shown.append(line)
        room -= len(line)
    if len(lines) > len(shown):
        words = f"{len(lines) - len(shown)} more lines{more}"
        shown.append(f"\N{HORIZONTAL ELLIPSIS} ({words})")
    return shown


def asJSON(arrival: Arrival, time: str, said: str | None = None) -> str:
    """
    A message as one JSON object on one line.

    :param time: when it came, in ISO 8601.
    :param said: when it was said; ``None`` where nobody told.
    """
    fields = {
        "time": time,
        "said": said,
        "name": arrival.name or None,
        "text": "\n".join(arrival.lines),
        "host": arrival.host,
        "port": arrival.port,
    }
    return json.dumps(fields, ensure_ascii=False)


def ownLines(message: OwnMessage) -> list[str]:
    """
    What the person said, safe to show, line by line.
    """
    return escape(message.text).split("\n")


def own(message: OwnMessage, texts: list[str], stamp: str = "") -> list[Line]:
    """
    What the person said, and what became of it.

    :param texts: the lines of it that are shown, one at least.
    :param stamp: the time of day, to stand in front; empty for none.
    """
    first, *rest = texts
    lines: list[Line] = [[*_stamped(stamp), ("me", f"{message.speaker}> "), ("", first)]]
    lines.extend([("me", "> "), ("", line)] for line in rest)
    role = message.state.value
    lines[-1].append((role, f"  {_MARKS[message.state]} {_stateWords(message)}"))
    return lines


def ownWaiting(message: OwnMessage) -> Line:
    """
    The same on one line, while it waits.
    """
    text = escapeLine(message.text, MAX_REPEATED)
    state = f"  {_MARKS[message.state]} {_stateWords(message)}"
    return [("me", f"{message.speaker}> "), ("", text), (message.state.value, state)]


def ownNotice(message: OwnMessage) -> str:
    """
    The same as a notice, for a terminal that only appends, or standard error.
    """
    return f"{_stateWords(message)} [{escapeLine(message.text, MAX_REPEATED)}]"


def noticeLine(text: str) -> str:
    """
    A notice as it is shown: one line, marked.
    """
    return f"* {escapeLine(text, _MAX_NOTICE)}"


def plain(line: Line) -> str:
    """
    A line without its roles.
    """
    return "".join(text for _, text in line)


def _stamped(stamp: str) -> Line:
    return [("time", f"{stamp} ")] if stamp else []


def _stateWords(message: OwnMessage) -> str:
    word = message.state.value
    return f"{word}: {escapeLine(message.detail, _MAX_NOTICE)}" if message.detail else word


def _nameRole(name: str) -> str:
    return f"name{colourOf(name)}"
