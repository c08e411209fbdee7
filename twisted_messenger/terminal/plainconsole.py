"""
The console that only appends: lines in, lines out, notices beside them on standard error.

It serves pipes, screen readers (``--plain``) and terminals that can do no more. A message counts
as shown when it is written, and its sender is told then.
"""

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred, DeferredList

from twisted_messenger.peer.arrival import Arrival
from twisted_messenger.peer.console import NOT_SHOWN, Person, Shown
from twisted_messenger.peer.ownmessage import OwnMessage, State
from twisted_messenger.terminal.stdio import STDERR, STDIN, STDOUT, LineReader, LineWriter
from twisted_messenger.terminal.transcript import Line, noticeLine, ownNotice, plain
from twisted_messenger.wire import MAX_PUSH_BYTES

_BELL = "\a"

# Seconds that a stop waits for a reader that does not read.
_LAST_LINES = 1.0


class PlainConsole:
    """
    A :class:`~twisted_messenger.peer.console.Console` that appends lines.

    :param reactor: watches the descriptors.
    :param render: a message as one or more lines.
    :param inFull: the lines of a message that was cut; none where there is no such message.
    :param interactive: whether a person types: then what becomes of each message is told; else
        only what goes wrong.
    :param rings: whether to ring the bell when a message comes.
    :param reads: whether standard input is read.
    :param descriptors: to read from, to show messages on, and to show notices on.
    """

    def __init__(
        self,
        reactor: Any,
        render: Callable[[Arrival], str],
        *,
        interactive: bool,
        inFull: Callable[[int | None], list[Line]] = lambda number: [],
        rings: Callable[[Arrival], bool] = lambda arrival: False,
        reads: bool = True,
        descriptors: tuple[int, int, int] = (STDIN, STDOUT, STDERR),
    ) -> None:
        self.interactive = interactive
        self.descriptors = descriptors
        self._reactor = reactor
        self._render = render
        self._inFull = inFull
        self._rings = rings
        self._reads = reads
        self._person: Person | None = None
        self._input: LineReader | None = None
        self._messages = LineWriter(reactor, descriptors[1], self._lost)
        # Where notices cannot be shown, nobody can be told so.
        self._notices = LineWriter(reactor, descriptors[2], _nothing)

    def start(self, person: Person) -> None:
        self._person = person
        if self._reads:
            self._input = LineReader(
                self._reactor,
                self.descriptors[0],
                MAX_PUSH_BYTES,
                person.typed,
                self._tooLong,
                person.ended,
            )
            self._input.resume()

    def stop(self) -> "Deferred[None]":
        self.pause()
        self._input = None
        last = DeferredList([self._messages.flushed(), self._notices.flushed()])
        timer = self._reactor.callLater(_LAST_LINES, self.hurry)
        return last.addCallback(lambda _: timer.active() and timer.cancel()).addCallback(_nothing)

    def hurry(self) -> None:
        self._messages.abandon()
        self._notices.abandon()

    def show(self, arrival: Arrival) -> Shown:
        bell = _BELL if self._rings(arrival) else ""
        written = self._messages.write(bell + self._render(arrival))
        return written.addCallback(lambda done: None if done else NOT_SHOWN)

    def notice(self, text: str) -> None:
        self._notices.write(noticeLine(text))

    def outgoing(self, message: OwnMessage) -> None:
        bad = message.state in (State.REFUSED, State.UNKNOWN)
        waits = message.state is State.WAITING and message.detail
        if bad or (self.interactive and (waits or message.state is State.SENT)):
            self.notice(ownNotice(message))

    def more(self, number: int | None) -> bool:
        lines = self._inFull(number)
        for line in lines:
            self._messages.write(plain(line))
        return bool(lines)

    def speaker(self, name: str) -> None:
        """
        There is no prompt to put it in.
        """

    def pause(self) -> None:
        if self._input is not None:
            self._input.pause()

    def resume(self) -> None:
        if self._input is not None:
            self._input.resume()

    def _tooLong(self) -> None:
        self.notice(f"not sent: a line of more than {MAX_PUSH_BYTES} bytes")
        if self._person is not None:
            self._person.tooLong()

    def _lost(self, why: str) -> None:
        self.notice(f"messages cannot be shown: standard output: {why}")
        if self._person is not None:
            self._person.lost()


def _nothing(result: object) -> None:
    """
    Forget a result.
    """
