"""
What the contenders in Python share: orders on standard input, and whose turn it is.
"""

from collections import deque
from collections.abc import Callable
from functools import partial

#: Pushes in flight in all, as in the product.
_WINDOW = 256

#: Pushes a message to a port, and calls back with whether it was confirmed.
Push = Callable[[int, bytes, Callable[[bool], None]], None]


class Lane:
    """
    One member: where it is, and which message it gets next.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self.next = 0


class Lanes:
    """
    Pushes each line of the input to each member, in order, one at a time per member.

    The first line has the members' ports.

    :param push: pushes one message.
    :param finished: called when the input has ended and everything is done.
    """

    def __init__(self, push: Push, finished: Callable[[], None]) -> None:
        self._push = push
        self._finished = finished
        self._input = b""
        self._open = True
        self._messages: list[bytes] = []
        self._lanes: list[Lane] = []
        self._idle: list[Lane] = []
        self._ready: deque[Lane] = deque()
        self._inFlight = 0

    def received(self, data: bytes) -> None:
        """
        Some more of the input.
        """
        *lines, self._input = (self._input + data).split(b"\n")
        for line in lines:
            if self._lanes:
                self._messages.append(line)
            else:
                self._lanes = [Lane(int(port)) for port in line.split()]
                self._idle = list(self._lanes)
                print("ready", flush=True)
        if self._messages:
            self._ready.extend(self._idle)
            self._idle.clear()
            self._fill()

    def ended(self) -> None:
        """
        The end of the input.
        """
        self._open = False
        self._finishIfDone()

    def _fill(self) -> None:
        while self._ready and self._inFlight < _WINDOW:
            lane = self._ready.popleft()
            self._inFlight += 1
            message = self._messages[lane.next]
            lane.next += 1
            self._push(lane.port, message, partial(self._pushed, lane))

    def _pushed(self, lane: Lane, confirmed: bool) -> None:
        # One that failed is lost, which the sink sees. Trying again is what the product is for.
        self._inFlight -= 1
        if lane.next < len(self._messages):
            self._ready.append(lane)
        else:
            self._idle.append(lane)
        self._fill()
        self._finishIfDone()

    def _finishIfDone(self) -> None:
        if not self._open and not self._inFlight:
            self._finished()
