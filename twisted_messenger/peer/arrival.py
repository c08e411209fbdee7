"""
A message that came: who says it, and its lines. Pure.
"""

import re
from dataclasses import dataclass

from twisted_messenger.heard import JSON_START, Heard
from twisted_messenger.names import MAX_NAME
from twisted_messenger.peer.addressbook import AddressBook
from twisted_messenger.text import attributeLines, escape, escapeLine, speakerOf


@dataclass(frozen=True)
class Arrival:
    """
    A message that came, ready to show.

    :param host: where the connection came from.
    :param port: where the connection came from.
    :param name: of the speaker; empty where it is not known.
    :param lines: the text, escaped, line by line.
    :param pushed: whether a room's server put the name in front.
    :param said: when it was said, in seconds since the epoch, as the server tells; ``None`` where
        nobody does.
    :param named: whether it has the person's name in it.
    """

    host: str
    port: int
    name: str
    lines: tuple[str, ...]
    pushed: bool
    said: float | None = None
    named: bool = False


def fromFriend(book: AddressBook, host: str, port: int, text: str) -> Arrival:
    """
    A message without a server: the tutorial's ``('127.0.0.1', 47893): text``, and in front of it
    the name, if the address is in the book.
    """
    lines = escape(text.replace("\r\n", "\n")).split("\n")
    return Arrival(escape(host), port, book.nameAt(host), tuple(lines), False)


def fromRoom(book: AddressBook, host: str, port: int, text: str) -> Arrival:
    """
    A push: JSON, or ``NAME: TEXT``. Anything else did not come from a server and shows its address.
    """
    if text.startswith(JSON_START):
        heard = Heard.read(text)
        if heard is None or not heard.name:
            return fromFriend(book, host, port, text)
        return _fromHeard(heard, host, port)
    shown = attributeLines(text)
    name = speakerOf(shown)
    if not name:
        return fromFriend(book, host, port, text)
    start = len(name) + 2
    lines = tuple(line[start:] for line in shown.split("\n"))
    return Arrival(escape(host), port, name, lines, True)


def _fromHeard(heard: Heard, host: str, port: int) -> Arrival:
    lines = escape(heard.text.replace("\r\n", "\n")).split("\n")
    name = escapeLine(heard.name, MAX_NAME)
    return Arrival(escape(host), port, name, tuple(lines), True, heard.time)


def names(name: str, arrival: Arrival) -> bool:
    """
    Whether a message has a name in it, as a word of its own, in upper or lower case.
    """
    word = re.compile(rf"(?<!\w){re.escape(name.casefold())}(?!\w)")
    return any(word.search(line.casefold()) for line in arrival.lines)
