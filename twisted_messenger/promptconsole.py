"""
The console of a terminal: the line that is typed stays below, what arrives appears above it.

prompt_toolkit edits the line. It needs an asyncio loop, and twistd's reactor is installed before
this program has a say in it; so its loop runs in a thread of its own, and the two call each other
(``callFromThread``, ``call_soon_threadsafe``). A terminal that takes no output then holds up this
thread, and neither the network nor a signal.
"""

import asyncio
import atexit
import os
import sys
import termios
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from prompt_toolkit import PromptSession
from prompt_toolkit.application import Application
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.history import FileHistory, InMemoryHistory
from prompt_toolkit.input import create_input
from prompt_toolkit.output import ColorDepth
from prompt_toolkit.output.vt100 import Vt100_Output
from prompt_toolkit.renderer import print_formatted_text
from prompt_toolkit.styles import Style
from twisted.internet.defer import Deferred
from twisted.logger import Logger

from twisted_messenger.colours import PALETTE
from twisted_messenger.console import STDERR, STDIN, STDOUT, Person, Shown
from twisted_messenger.outgoing import Outgoing, State
from twisted_messenger.pasting import Answer, Paste
from twisted_messenger.promptkeys import LineKeys
from twisted_messenger.transcript import (
    Arrival,
    Line,
    cut,
    noticeLine,
    own,
    ownWaiting,
    plain,
)

# Seconds that a stop waits for the terminal.
_LAST_LINES = 2.0

# Seconds before a message that is not settled is shown as waiting: most are by then.
_GRACE = 0.3

# Waiting messages above the prompt.
_MAX_WAITING_LINES = 5

# Seconds between looks at the terminal's size: signals reach only the main thread.
_SIZE_LOOK = 0.1

# Ends what prompt_toolkit switched on: bracketed paste, a hidden cursor, colours.
_RESET = b"\x1b[?2004l\x1b[?25h\x1b[0m\r\n"

_STYLE = Style.from_dict(
    {
        **{f"name{place}": colour for place, colour in enumerate(PALETTE)},
        "address": "#808080",
        "me": "bold",
        "notice": "#808080",
        "question": "bold",
        "refused": "ansired",
        "sent": "#808080",
        "time": "#808080",
        "unknown": "#af875f",
        "waiting": "#af875f",
    }
)


class PromptConsole:
    """
    Keeps the line that is typed below what arrives.

    :param reactor: what runs everything else.
    :param stamp: the time of day for a message that comes now; empty for none.
    :param history: the file of earlier lines; ``None`` keeps them in memory.
    :param colours: whether to use any.
    :param bell: whether to ring when a message comes.
    """

    log = Logger()
    interactive = True

    def __init__(
        self,
        reactor: Any,
        stamp: Callable[[], str],
        history: Path | None,
        *,
        colours: bool,
        bell: bool,
    ) -> None:
        self._reactor = reactor
        self._stamp = stamp
        self._history = history
        self._colours = colours
        self._bell = bell
        # Of the reactor's thread.
        self._person: Person
        self._stopped: Deferred[None] | None = None
        self._started = False
        self._over = False
        self._attributes: list[Any] | None = None
        # Handed from the reactor's thread to the terminal's; deques are safe between threads.
        self._work: deque[tuple[list[Line], Callable[[], object], Shown | None]] = deque()
        self._loop: asyncio.AbstractEventLoop | None = None
        # Of the terminal's thread.
        self._app: Application[str]
        self._output: Vt100_Output
        self._prompt = "> "
        self._waiting: dict[Outgoing, tuple[float, Line]] = {}

    def start(self, person: Person) -> None:
        """
        See :class:`~twisted_messenger.console.Console`.
        """
        self._person = person
        self._started = True
        self._attributes = termios.tcgetattr(STDIN)
        atexit.register(self.hurry)
        threading.Thread(target=self._run, name="terminal", daemon=True).start()

    def stop(self) -> "Deferred[None]":
        """
        See :class:`~twisted_messenger.console.Console`.
        """
        stopped = self._stopped = Deferred()
        if self._over or not self._started:
            stopped.callback(None)
        else:
            self._post([], self._exit)
            stopped.addTimeout(_LAST_LINES, self._reactor, lambda *_: self._ended())
        return stopped

    def hurry(self) -> None:
        """
        See :class:`~twisted_messenger.console.Console`.
        """
        attributes, self._attributes = self._attributes, None
        if attributes is not None and not self._over:
            with suppress(OSError, termios.error):
                termios.tcsetattr(STDIN, termios.TCSANOW, attributes)
                os.write(STDOUT, _RESET)

    def show(self, arrival: Arrival) -> Shown:
        """
        See :class:`~twisted_messenger.console.Console`.
        """
        shown: Shown = Deferred()
        self._post(cut(arrival, self._stamp()), self._ring, shown)
        return shown

    def notice(self, text: str) -> None:
        """
        See :class:`~twisted_messenger.console.Console`.
        """
        self._post([[("notice", noticeLine(text))]])

    def outgoing(self, message: Outgoing) -> None:
        """
        See :class:`~twisted_messenger.console.Console`.
        """
        if message.state is State.WAITING:
            line = ownWaiting(message)
            self._post([], lambda: self._beginWaiting(message, line))
        else:
            self._post(own(message, self._stamp()), lambda: self._waiting.pop(message, None))

    def speaker(self, name: str) -> None:
        """
        See :class:`~twisted_messenger.console.Console`.
        """
        self._post([], lambda: setattr(self, "_prompt", f"{name}> "))

    def pause(self) -> None:
        """
        See :class:`~twisted_messenger.console.Console`; a person is told, and stops.
        """

    def resume(self) -> None:
        """
        See :class:`~twisted_messenger.console.Console`.
        """

    def _post(
        self, lines: list[Line], change: Callable[[], object] = bool, shown: Shown | None = None
    ) -> None:
        """
        Print lines above the prompt and change what belongs to the terminal's thread, in its turn.
        """
        self._work.append((lines, change, shown))
        if self._over:
            self._leftOver()
        elif self._loop is not None:
            # It may just have ended; then _ended finds the work.
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._drain)

    def _ended(self) -> None:
        """
        The terminal is as it was, or does not answer.
        """
        if self._over:
            return
        self.hurry()
        self._over = True
        atexit.unregister(self.hurry)
        self._leftOver()
        if self._stopped is None:
            self._person.lost()
        elif not self._stopped.called:
            self._stopped.callback(None)

    def _leftOver(self) -> None:
        while self._work:
            lines, _, shown = self._work.popleft()
            for line in lines:
                with suppress(OSError):
                    os.write(STDERR, (plain(line) + "\n").encode("utf-8", "replace"))
            if shown is not None:
                shown.callback(None)

    # What follows runs in the terminal's thread.

    def _run(self) -> None:
        try:
            asyncio.run(self._edit())
        except Exception:
            self.log.failure("the terminal's thread broke")
        self._reactor.callFromThread(self._ended)

    async def _edit(self) -> None:
        assert sys.__stdout__ is not None
        self._output = Vt100_Output.from_pty(sys.__stdout__, term=os.environ.get("TERM"))
        # Answers of the terminal would end up in the shell after an exit, and we need none.
        self._output.enable_cpr = False
        keys = LineKeys(self._said, self._gone, self._hint)
        session: PromptSession[str] = PromptSession(
            lambda: self._message(keys.paste),
            history=FileHistory(str(self._history)) if self._history else InMemoryHistory(),
            style=_STYLE,
            color_depth=None if self._colours else ColorDepth.DEPTH_1_BIT,
            key_bindings=keys.bindings,
            enable_suspend=True,
            erase_when_done=True,
            input=create_input(sys.__stdin__),
            output=self._output,
        )
        self._app = session.app
        self._app.terminal_size_polling_interval = _SIZE_LOOK
        session.default_buffer.accept_handler = self._accept
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(self._broken)
        self._loop = loop
        with suppress(EOFError):
            await session.prompt_async(pre_run=self._begin, set_exception_handler=False)

    def _begin(self) -> None:
        asyncio.get_running_loop().call_soon(self._drain)

    def _broken(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        self.log.error("terminal: {message} {exception!r}", **{"exception": None, **context})

    def _exit(self) -> None:
        if self._app.is_running and not self._app.is_done:
            self._app.exit()

    def _drain(self) -> None:
        fragments: StyleAndTextTuples = []
        shown: list[Shown] = []
        changes: list[Callable[[], object]] = []
        while self._work:
            lines, change, one = self._work.popleft()
            for line in lines:
                fragments += _styled(line)
            changes.append(change)
            if one is not None:
                shown.append(one)
        if fragments:
            self._app.renderer.erase(leave_alternate_screen=False)
            depth = self._app.color_depth
            print_formatted_text(self._output, fragments, _STYLE, color_depth=depth)
        for change in changes:
            change()
        self._app.invalidate()
        if shown:
            self._reactor.callFromThread(_tellShown, shown)

    def _message(self, paste: Paste | None) -> StyleAndTextTuples:
        """
        What stands in front of the line that is typed, and above it.
        """
        now = asyncio.get_running_loop().time()
        waiting = [line for since, line in self._waiting.values() if since + _GRACE <= now]
        room = max(1, min(_MAX_WAITING_LINES, self._output.get_size().rows - 4))
        above: list[Line] = []
        if len(waiting) > room:
            above.append([("waiting", f"{len(waiting) - room} more wait, and")])
        above += waiting[-room:]
        if paste is not None:
            above.append([("question", paste.question())])
        fragments: StyleAndTextTuples = []
        for line in above:
            fragments += _styled(line)
        return [*fragments, ("class:me", self._prompt)]

    def _beginWaiting(self, message: Outgoing, line: Line) -> None:
        loop = asyncio.get_running_loop()
        self._waiting[message] = loop.time(), line
        loop.call_later(_GRACE, self._app.invalidate)

    def _ring(self) -> None:
        if self._bell:
            self._output.bell()
            self._output.flush()

    def _accept(self, buffer: Buffer) -> bool:
        text = _sendable(buffer.text)
        self._reactor.callFromThread(self._person.typed, text)
        return False

    def _said(self, paste: Paste, answer: Answer) -> None:
        messages = [_sendable(text) for text in paste.messages(answer)]
        self._reactor.callFromThread(self._person.pasted, messages)

    def _gone(self) -> None:
        self._reactor.callFromThread(self._person.ended)

    def _hint(self, text: str) -> None:
        self._work.append(([[("notice", noticeLine(text))]], bool, None))
        self._drain()


def _styled(line: Line) -> StyleAndTextTuples:
    styled: StyleAndTextTuples = [(f"class:{role}" if role else "", text) for role, text in line]
    return [*styled, ("", "\n")]


def _sendable(text: str) -> str:
    """
    Bytes that are no characters become question marks, as everywhere.
    """
    return text.encode("utf-8", "replace").decode()


def _tellShown(shown: list[Shown]) -> None:
    for one in shown:
        one.callback(None)
