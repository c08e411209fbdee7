"""
The lines that a person or a pipe gets to see. Pure.

A line is a list of fragments, each a role and a text; where nothing is decorated, the texts alone
make the line. Everything is escaped here, whatever the other side did.
"""

import json
from dataclasses import dataclass

from twisted_messenger.addressbook import AddressBook
from twisted_messenger.colours import colourOf
from twisted_messenger.outgoing import Outgoing, State
from twisted_messenger.text import MAX_NAME, attributeLines, escape, escapeLine

#: A role (``name3``, ``time``, ``sent`` and so on; empty for plain text) and a text.
Fragment = tuple[str, str]
Line = list[Fragment]

#: Characters and lines of one message on a terminal: a screen. A pipe gets all of it.
MAX_SHOWN = 2000
MAX_SHOWN_LINES = 60

# Characters of a notice; the other side's words may be in it.
_MAX_NOTICE = 500

# Characters of a message that a notice about it repeats.
_MAX_REPEATED = 60

# What a line of ours begins with. No name may pass for one.
_OUR_MARKS = ("* ", "> ")

_MARKS = {
    State.SENT: "\N{CHECK MARK}",
    State.WAITING: "\N{HORIZONTAL ELLIPSIS}",
    State.REFUSED: "\N{BALLOT X}",
    State.UNKNOWN: "?",
}


@dataclass(frozen=True)
class Arrival:
    """
    A message that came, ready to show.

    :param host: where the connection came from.
    :param port: where the connection came from.
    :param name: who says it, as far as is known; empty for nobody known.
    :param lines: the text, escaped, line by line.
    :param pushed: whether a room's server put the name in front.
    """

    host: str
    port: int
    name: str
    lines: tuple[str, ...]
    pushed: bool

    def prefix(self) -> Line:
        """
        What stands in front of every line: nobody can forge one.
        """
        if self.pushed:
            return [(_nameRole(self.name), self.name), ("", ": ")]
        address: Line = [("address", str((self.host, self.port))), ("", ": ")]
        return [(_nameRole(self.name), self.name), ("", " "), *address] if self.name else address


def fromFriend(book: AddressBook, host: str, port: int, text: str) -> Arrival:
    """
    A message without a server: the tutorial's ``('127.0.0.1', 47893): text``, and in front of it
    the name, if the address is in the book.
    """
    lines = escape(text.replace("\r\n", "\n")).split("\n")
    return Arrival(escape(host), port, book.nameAt(host), tuple(lines), False)


def fromRoom(book: AddressBook, host: str, port: int, text: str) -> Arrival:
    """
    A push, ``NAME: TEXT``; what is none did not come from a server and shows its address.
    """
    shown = attributeLines(text).split("\n")
    name, separator, _ = shown[0].partition(": ")
    if len(shown) == 1 and not separator and shown[0].endswith(":"):
        # The end of a push is stripped, and with it the blank behind an empty text's colon.
        name, separator = shown[0].removesuffix(":"), ":"
    if not separator or not 1 <= len(name) <= MAX_NAME:
        return fromFriend(book, host, port, text)
    start = len(name) + 2
    return Arrival(escape(host), port, name, tuple(line[start:] for line in shown), True)


def whole(arrival: Arrival, stamp: str = "") -> list[Line]:
    """
    A message's lines for a pipe: all of it.

    :param stamp: the time of day, to stand in front; empty for none.
    """
    front = [*_stamped(stamp), *arrival.prefix()]
    return [[*front, ("", line)] for line in arrival.lines]


def cut(arrival: Arrival, stamp: str = "") -> list[Line]:
    """
    A message's lines for a terminal: what is very long ends in an ellipsis, and no name passes
    for one of our own marks.
    """
    lines = whole(_shortened(arrival), stamp)
    if arrival.pushed and f"{arrival.name}: ".startswith(_OUR_MARKS):
        return [[("", "\\"), *line] for line in lines]
    return lines


def _shortened(arrival: Arrival) -> Arrival:
    shown = cutLines(list(arrival.lines))
    return Arrival(arrival.host, arrival.port, arrival.name, tuple(shown), arrival.pushed)


def cutLines(lines: list[str]) -> list[str]:
    """
    The beginning of a text of many characters or lines, with a word on how much is missing.
    """
    shown: list[str] = []
    room = MAX_SHOWN
    for line in lines[:MAX_SHOWN_LINES]:
        if len(line) > room:
            missing = sum(map(len, lines)) - sum(map(len, shown)) - room
            return [*shown, f"{line[:room]}\N{HORIZONTAL ELLIPSIS} ({missing} more characters)"]
        shown.append(line)
        room -= len(line)
    if len(lines) > len(shown):
        shown.append(f"\N{HORIZONTAL ELLIPSIS} ({len(lines) - len(shown)} more lines)")
    return shown


def asJSON(arrival: Arrival, time: str) -> str:
    """
    A message as one JSON object on one line.

    :param time: when it came, in ISO 8601.
    """
    fields = {
        "time": time,
        "name": arrival.name or None,
        "text": "\n".join(arrival.lines),
        "host": arrival.host,
        "port": arrival.port,
    }
    return json.dumps(fields, ensure_ascii=False)


def own(message: Outgoing, stamp: str = "") -> list[Line]:
    """
    What the person said, and what became of it.

    :param stamp: the time of day, to stand in front; empty for none.
    """
    first, *rest = cutLines(escape(message.text).split("\n"))
    lines: list[Line] = [[*_stamped(stamp), ("me", f"{message.speaker}> "), ("", first)]]
    lines.extend([("me", "> "), ("", line)] for line in rest)
    role = message.state.value
    lines[-1].append((role, f"  {_MARKS[message.state]} {_stateWords(message)}"))
    return lines


def ownWaiting(message: Outgoing) -> Line:
    """
    The same on one line, while it waits.
    """
    text = escapeLine(message.text, _MAX_REPEATED)
    state = f"  {_MARKS[message.state]} {_stateWords(message)}"
    return [("me", f"{message.speaker}> "), ("", text), (message.state.value, state)]


def ownNotice(message: Outgoing) -> str:
    """
    The same as a notice, for a terminal that only appends, or standard error.
    """
    return f"{_stateWords(message)} [{escapeLine(message.text, _MAX_REPEATED)}]"


def pendingLines(messages: list[Outgoing], count: int) -> list[str]:
    """
    The list that ``/pending`` shows.

    :param messages: the oldest of those that wait.
    :param count: how many wait in all.
    """
    if not count:
        return ["nothing waits"]
    shown = [f"waiting: {one.speaker}> {escapeLine(one.text, _MAX_REPEATED)}" for one in messages]
    more = count - len(messages)
    return [*shown, f"and {more} more wait"] if more else shown


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


def _stateWords(message: Outgoing) -> str:
    word = message.state.value
    return f"{word}: {escapeLine(message.detail, _MAX_NOTICE)}" if message.detail else word


def _nameRole(name: str) -> str:
    return f"name{colourOf(name)}"
