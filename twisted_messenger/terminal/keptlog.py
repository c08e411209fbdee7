"""
A conversation kept in a file, besides what is shown.
"""

import os
from collections.abc import Callable
from datetime import datetime

from twisted_messenger.peer.arrival import Arrival
from twisted_messenger.peer.console import Console, Shown
from twisted_messenger.peer.ownmessage import OwnMessage, State
from twisted_messenger.refusal import Refusal
from twisted_messenger.terminal.timestamps import timeOf
from twisted_messenger.terminal.transcript import (
    Line,
    noticeLine,
    own,
    ownLines,
    plain,
    uncut,
)

_FORMAT = "%Y-%m-%d %H:%M:%S "


def openLog(path: str) -> int:
    """
    Open a file to append to, which only its user can read if it is new.

    :returns: its descriptor.
    :raises OSError: it cannot be written.
    """
    return os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)


class LoggedConsole:
    """
    A :class:`~twisted_messenger.peer.console.Console` that is written down, line by line.

    :param console: where the person is.
    :param descriptor: of the file.
    :param now: the date and the time of day, here.
    """

    def __init__(self, console: Console, descriptor: int, now: Callable[[], datetime]) -> None:
        self.interactive = console.interactive
        self._console = console
        self._descriptor = descriptor
        self._now = now
        self._isBroken = False
        self.start = console.start
        self.stop = console.stop
        self.hurry = console.hurry
        self.more = console.more
        self.speaker = console.speaker
        self.pause = console.pause
        self.resume = console.resume

    def show(self, arrival: Arrival) -> Shown:
        """
        Show a message, and write it down once it is shown: else it comes again.
        """
        return self._console.show(arrival).addCallback(self._shown, arrival)

    def _shown(self, refusal: Refusal | None, arrival: Arrival) -> Refusal | None:
        if refusal is None:
            self._write(uncut(arrival), timeOf(arrival.said))
        return refusal

    def notice(self, text: str) -> None:
        """
        Tell something, and write it down.
        """
        self._console.notice(text)
        self._write([[("notice", noticeLine(text))]])

    def outgoing(self, message: OwnMessage) -> None:
        """
        Show what was said, and write it down when it is settled.
        """
        self._console.outgoing(message)
        if message.state is not State.WAITING:
            self._write(own(message, ownLines(message)))

    def _write(self, lines: list[Line], said: datetime | None = None) -> None:
        stamp = (said or self._now()).strftime(_FORMAT)
        text = "".join(f"{stamp}{plain(line)}\n" for line in lines)
        try:
            os.write(self._descriptor, text.encode("utf-8", "replace"))
        except OSError as error:
            self._broke(error)
        else:
            self._isBroken = False

    def _broke(self, error: OSError) -> None:
        # Each line is tried: a disk may have room again. It is told once.
        if not self._isBroken:
            self._isBroken = True
            self._console.notice(f"not written to --log: {error.strerror}")
