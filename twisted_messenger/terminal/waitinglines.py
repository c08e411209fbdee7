"""
The lines of a person that are not settled yet, as they stand above the prompt. Pure.
"""

from twisted_messenger.peer.ownmessage import OwnMessage
from twisted_messenger.terminal.transcript import Line

#: Seconds before a message that is not settled is shown as waiting: most are by then.
GRACE = 0.3

# Waiting messages above the prompt, and rows of a low terminal that they leave free.
_MAX_LINES = 5
_FREE_ROWS = 4


class WaitingLines:
    """
    Lines that wait, in the order in which they were said.
    """

    def __init__(self) -> None:
        self._waiting: dict[OwnMessage, tuple[float, Line]] = {}

    def begin(self, message: OwnMessage, line: Line, now: float) -> None:
        """
        Keep a line.
        """
        self._waiting[message] = now, line

    def end(self, message: OwnMessage) -> None:
        """
        Keep it no longer.
        """
        self._waiting.pop(message, None)

    def shown(self, now: float, rows: int) -> list[Line]:
        """
        What stands above the prompt.

        :param rows: of the terminal.
        """
        waiting = [line for since, line in self._waiting.values() if since + GRACE <= now]
        room = max(1, min(_MAX_LINES, rows - _FREE_ROWS))
        above: list[Line] = []
        if len(waiting) > room:
            above.append([("waiting", f"{len(waiting) - room} more wait, and")])
        return [*above, *waiting[-room:]]
