"""
What a person gets to see, line by line. What is too long for a terminal is kept for later.
"""

from twisted_messenger.peer.arrival import Arrival
from twisted_messenger.peer.ownmessage import OwnMessage
from twisted_messenger.terminal.timestamps import Timestamps
from twisted_messenger.terminal.transcript import (
    Line,
    cut,
    cutLines,
    isLong,
    noticeLine,
    own,
    ownLines,
    uncut,
    whole,
)

# Long messages that are kept: of 256 KiB each, some megabytes.
_MAX_KEPT = 20


class Display:
    """
    Makes the lines of a terminal.

    :param times: what stands in front of them.
    :param cuts: whether a person can ask for what is missing; else everything is shown at once.
    """

    def __init__(self, times: Timestamps, *, cuts: bool = True) -> None:
        self._times = times
        self._cuts = cuts
        self._kept: dict[int, list[Line]] = {}
        self._number = 0

    def heard(self, arrival: Arrival) -> list[Line]:
        """
        A message that came.
        """
        stamp = self._times.heard(arrival)
        lines = uncut(arrival, stamp)
        if self._cuts and isLong(arrival.lines):
            lines = cut(arrival, stamp, self._keep(lines))
        return self._dated(lines)

    def piped(self, arrival: Arrival) -> list[Line]:
        """
        A message that came, for a pipe: all of it.
        """
        return whole(arrival, self._times.heard(arrival))

    def said(self, message: OwnMessage) -> list[Line]:
        """
        What the person said, and what became of it.
        """
        texts, more = ownLines(message), ""
        if isLong(texts):
            more = self._keep([[("", text)] for text in texts])
        return self._dated(own(message, cutLines(texts, more), self._times.said()))

    def told(self, text: str) -> list[Line]:
        """
        A notice.
        """
        return self._dated([[("notice", noticeLine(text))]])

    def inFull(self, number: int | None) -> list[Line]:
        """
        A message that was cut.

        :param number: which one; ``None`` for the last.
        :returns: nothing where it is not there, or no more.
        """
        if number is None:
            number = self._number
        return self._kept.get(number, [])

    def _keep(self, lines: list[Line]) -> str:
        self._number += 1
        self._kept[self._number] = lines
        if len(self._kept) > _MAX_KEPT:
            del self._kept[next(iter(self._kept))]
        return f"; /more {self._number}"

    def _dated(self, lines: list[Line]) -> list[Line]:
        day = self._times.newDay()
        return [[("notice", noticeLine(day))], *lines] if day else lines
