"""
The console of a terminal: the line that is typed stays below, what arrives appears above it.

The prompt has a thread of its own; here is the side of the reactor, and the care for the
terminal: however the program ends, it is left as it was.
"""

import atexit
import os
import signal
import termios
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from twisted_messenger.peer.arrival import Arrival
from twisted_messenger.peer.console import NOT_SHOWN, Person, Shown
from twisted_messenger.peer.ownmessage import OwnMessage, State
from twisted_messenger.refusal import Refusal
from twisted_messenger.terminal.display import Display
from twisted_messenger.terminal.promptline import PromptLine, Work
from twisted_messenger.terminal.stdio import STDERR, STDIN, STDOUT, canWrite
from twisted_messenger.terminal.transcript import ownWaiting, plain

# Seconds that a stop waits for the terminal.
_LAST_LINES = 2.0

# Ends what prompt_toolkit switched on: bracketed paste, a hidden cursor, colours.
_RESET = b"\x1b[?2004l\x1b[?25h\x1b[0m\r\n"


class PromptConsole:
    """
    A :class:`~twisted_messenger.peer.console.Console` that keeps the line that is typed below what
    arrives.

    :param reactor: what runs everything else.
    :param display: makes the lines.
    :param history: the file of earlier lines; ``None`` keeps them in memory.
    :param colours: whether to use any.
    :param rings: whether to ring the bell when a message comes.
    """

    log = Logger()
    interactive = True

    def __init__(
        self,
        reactor: Any,
        display: Display,
        history: Path | None,
        *,
        colours: bool,
        rings: Callable[[Arrival], bool],
    ) -> None:
        self._reactor = reactor
        self._display = display
        self._line = PromptLine(reactor, history, colours)
        self._rings = rings
        self._person: Person | None = None
        self._stopped: Deferred[None] | None = None
        self._over = False
        self._attributes: list[Any] | None = None
        self._unshown: set[Shown] = set()

    def start(self, person: Person) -> None:
        self._person = person
        self._attributes = termios.tcgetattr(STDIN)
        atexit.register(self.hurry)
        signal.signal(signal.SIGWINCH, lambda *_: self._post(Work(change=self._line.resized)))
        threading.Thread(target=self._run, args=(person,), name="prompt", daemon=True).start()

    def stop(self) -> "Deferred[None]":
        stopped = self._stopped = Deferred()
        if self._over or self._person is None:
            stopped.callback(None)
        else:
            self._post(Work(change=self._line.exit))
            stopped.addTimeout(_LAST_LINES, self._reactor, lambda *_: self._ended(False, True))
        return stopped

    def hurry(self) -> None:
        attributes, self._attributes = self._attributes, None
        if attributes is not None:
            with suppress(OSError, termios.error):
                termios.tcsetattr(STDIN, termios.TCSANOW, attributes)
                if canWrite(STDOUT):
                    os.write(STDOUT, _RESET)

    def show(self, arrival: Arrival) -> Shown:
        shown: Shown = Deferred()
        self._unshown.add(shown)
        printed = partial(self._tell, shown, None)
        ring = self._line.ring if self._rings(arrival) else None
        self._post(Work(self._display.heard(arrival), ring, printed))
        return shown

    def notice(self, text: str) -> None:
        self._post(Work(self._display.told(text)))

    def outgoing(self, message: OwnMessage) -> None:
        if message.state is State.WAITING:
            line = ownWaiting(message)
            self._post(Work(change=lambda: self._line.beginWaiting(message, line)))
        else:
            lines = self._display.said(message)
            self._post(Work(lines, lambda: self._line.endWaiting(message)))

    def more(self, number: int | None) -> bool:
        lines = self._display.inFull(number)
        if lines:
            self._post(Work(lines))
        return bool(lines)

    def speaker(self, name: str) -> None:
        self._post(Work(change=lambda: self._line.speakAs(name)))

    def pause(self) -> None:
        """
        A person is told, and stops.
        """

    def resume(self) -> None:
        """
        Nothing was paused.
        """

    def _post(self, work: Work) -> None:
        self._line.post(work)
        if self._over and canWrite(STDERR):
            self._showRest()

    def _run(self, person: Person) -> None:
        restored = True
        try:
            self._line.run(person)
        except Exception:
            restored = False
            self.log.failure("the prompt broke")
        self._reactor.callFromThread(self._ended, restored)

    def _ended(self, restored: bool, stuck: bool = False) -> None:
        """
        The prompt has ended, or does not answer.

        :param restored: whether it left the terminal as it was.
        :param stuck: whether the terminal takes no output.
        """
        if self._over:
            return
        self._over = True
        signal.signal(signal.SIGWINCH, signal.SIG_DFL)
        if restored:
            self._attributes = None
        self.hurry()
        if not stuck:
            self._showRest()
        for shown in list(self._unshown):
            self._tell(shown, NOT_SHOWN)
        if self._stopped is None:
            assert self._person is not None
            self._person.lost()
        elif not self._stopped.called:
            self._stopped.callback(None)

    def _showRest(self) -> None:
        """
        Show on the shell's screen what came too late for the prompt.
        """
        for work in self._line.rest():
            for line in work.lines:
                with suppress(OSError):
                    os.write(STDERR, (plain(line) + "\n").encode("utf-8", "replace"))
            if work.printed is not None:
                work.printed()

    def _tell(self, shown: Shown, refusal: Refusal | None) -> None:
        """
        Tell a sender, once.
        """
        if shown in self._unshown:
            self._unshown.remove(shown)
            shown.callback(refusal)
