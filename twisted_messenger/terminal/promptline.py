"""
The prompt of a terminal: the line that is typed, and what is printed above it.

It runs on prompt_toolkit, whose asyncio loop has a thread of its own: twistd's reactor is
installed before this program has a say in it. A terminal that takes no output then holds up this
thread, and neither the network nor a signal. Everything here runs in it but :meth:`PromptLine.post`
and :meth:`PromptLine.rest`.
"""

import asyncio
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from prompt_toolkit import PromptSession
from prompt_toolkit.application import Application, run_in_terminal
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.history import InMemoryHistory
from prompt_toolkit.input import create_input
from prompt_toolkit.output import ColorDepth
from prompt_toolkit.renderer import print_formatted_text
from twisted.logger import Logger

from twisted_messenger.peer.console import Person
from twisted_messenger.peer.ownmessage import OwnMessage
from twisted_messenger.terminal.heldoutput import HeldOutput
from twisted_messenger.terminal.kepthistory import KeptHistory
from twisted_messenger.terminal.pasting import Answer, Paste
from twisted_messenger.terminal.promptkeys import LineKeys
from twisted_messenger.terminal.promptstyle import STYLE, styled, wrapped
from twisted_messenger.terminal.transcript import Line, noticeLine
from twisted_messenger.terminal.waitinglines import GRACE, WaitingLines

# Seconds until the main thread must have stopped everything, at Ctrl-Z.
_STOP_PATIENCE = 5.0


@dataclass(frozen=True)
class Work:
    """
    Something for the prompt to do.

    :param lines: to print above it.
    :param change: called afterwards, in the prompt's thread.
    :param printed: called in the reactor's thread when the lines are there.
    """

    lines: list[Line] = field(default_factory=list)
    change: Callable[[], object] | None = None
    printed: Callable[[], object] | None = None


class PromptLine:
    """
    A line that is edited while other lines appear above it.

    :param reactor: in whose thread a person is told.
    :param history: the file of earlier lines; ``None`` keeps them in memory.
    :param colours: whether to use any.
    """

    log = Logger()

    def __init__(self, reactor: Any, history: Path | None, colours: bool) -> None:
        self._reactor = reactor
        self._history = history
        self._colours = colours
        # Filled by one thread and emptied by another; a deque is safe for that.
        self._work: deque[Work] = deque()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._person: Person
        self._app: Application[str]
        self._output: HeldOutput
        self._keys: LineKeys
        self._speaker = ""
        self._waiting = WaitingLines()
        self._printed: list[Callable[[], object]] = []

    def post(self, work: Work) -> None:
        """
        Do something soon. From any thread.
        """
        self._work.append(work)
        if self._loop is not None:
            # It may just have ended; then the work is in the rest.
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._drain)

    def rest(self) -> Iterator[Work]:
        """
        What was not done. After the end, from any thread.
        """
        while self._work:
            yield self._work.popleft()

    def run(self, person: Person) -> None:
        """
        Edit lines until :meth:`exit`, or until the terminal is gone.

        :param person: is told of them, in the reactor's thread.
        """
        self._person = person
        asyncio.run(self._edit())

    def exit(self) -> None:
        """
        Give the terminal back.
        """
        if self._app.is_running and not self._app.is_done:
            self._app.exit()

    def resized(self) -> None:
        """
        Draw everything anew: the terminal has another size.
        """
        with self._output.untilDrawn():
            self._app.renderer.erase(leave_alternate_screen=False)

    def ring(self) -> None:
        """
        Ring the bell.
        """
        self._output.bell()
        self._output.flush()

    def speakAs(self, name: str) -> None:
        """
        Show who speaks, or is spoken to.
        """
        self._speaker = name

    def beginWaiting(self, message: OwnMessage, line: Line) -> None:
        """
        Keep a line above the prompt.
        """
        loop = asyncio.get_running_loop()
        self._waiting.begin(message, line, loop.time())
        loop.call_later(GRACE, self._app.invalidate)

    def endWaiting(self, message: OwnMessage) -> None:
        """
        Keep it no longer.
        """
        self._waiting.end(message)

    async def _edit(self) -> None:
        self._output = _standardOutput()
        self._keys = LineKeys(
            self._pasted,
            self._gone,
            self._clear,
            self._suspend,
            self._hint,
            self._person.completed,
        )
        session = self._session()
        self._app = session.app
        # The signal reaches only the main thread, which calls resized().
        self._app.terminal_size_polling_interval = None
        self._app.after_render += self._drawn
        session.default_buffer.accept_handler = self._entered
        self._loop = asyncio.get_running_loop()
        self._loop.set_exception_handler(self._broken)
        with suppress(EOFError):
            await session.prompt_async(pre_run=self._begin, set_exception_handler=False)

    def _session(self) -> "PromptSession[str]":
        return PromptSession(
            self._prompt,
            history=KeptHistory(self._history, self._hint) if self._history else InMemoryHistory(),
            style=STYLE,
            color_depth=None if self._colours else ColorDepth.DEPTH_1_BIT,
            key_bindings=self._keys.bindings,
            erase_when_done=True,
            input=create_input(sys.__stdin__),
            output=self._output,
        )

    def _begin(self) -> None:
        asyncio.get_running_loop().call_soon(self._drain)

    def _broken(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        self.log.error(
            "terminal: {why}: {error!r}", why=context.get("message"), error=context.get("exception")
        )

    def _drain(self) -> None:
        """
        Do all that has come at once: a flood costs few redraws.
        """
        done = list(self.rest())
        if not done:
            return
        fragments: StyleAndTextTuples = []
        columns = self._output.get_size().columns
        for line in [line for work in done for line in work.lines]:
            fragments += styled(wrapped(line, columns))
        if fragments:
            with self._output.untilDrawn():
                self._app.renderer.erase(leave_alternate_screen=False)
                depth = self._app.color_depth
                print_formatted_text(self._output, fragments, STYLE, color_depth=depth)
        for work in done:
            if work.change is not None:
                work.change()
            if work.printed is not None:
                self._printed.append(work.printed)
        self._app.invalidate()

    def _clear(self) -> None:
        with self._output.untilDrawn():
            self._app.renderer.clear()

    def _suspend(self) -> None:
        run_in_terminal(self._standStill)

    def _standStill(self) -> None:
        # The main thread stops itself, and with it all: a stop sent from here would come a moment
        # later, when the prompt is drawn again already.
        goesOn = threading.Event()
        self._reactor.callFromThread(_stopProgram, goesOn)
        goesOn.wait(_STOP_PATIENCE)

    def _drawn(self, app: object) -> None:
        printed, self._printed = self._printed, []
        if printed:
            self._reactor.callFromThread(_callAll, printed)

    def _prompt(self) -> StyleAndTextTuples:
        """
        What stands in front of the line that is typed, and above it.
        """
        now = asyncio.get_running_loop().time()
        above = self._waiting.shown(now, self._output.get_size().rows)
        if self._keys.paste is not None:
            above += [[("question", line)] for line in self._keys.paste.question()]
        fragments: StyleAndTextTuples = []
        for line in above:
            fragments += styled(line)
        return [*fragments, ("class:me", f"{self._speaker}> ")]

    def _entered(self, buffer: Buffer) -> bool:
        self._reactor.callFromThread(self._person.typed, _sendable(buffer.text))
        return False

    def _pasted(self, paste: Paste, answer: Answer) -> None:
        messages = [_sendable(text) for text in paste.messages(answer)]
        self._reactor.callFromThread(self._person.pasted, messages)

    def _gone(self) -> None:
        self._reactor.callFromThread(self._person.ended)

    def _hint(self, text: str) -> None:
        self.post(Work([[("notice", noticeLine(text))]]))


def _standardOutput() -> HeldOutput:
    assert sys.__stdout__ is not None
    output = HeldOutput.from_pty(sys.__stdout__, term=os.environ.get("TERM"))
    assert isinstance(output, HeldOutput)
    # We need no answers of the terminal, and after an exit they would end up in the shell.
    output.enable_cpr = False
    return output


def _sendable(text: str) -> str:
    """
    Bytes that are no characters become question marks, as everywhere.
    """
    return text.encode("utf-8", "replace").decode()


def _stopProgram(goesOn: threading.Event) -> None:
    os.kill(0, signal.SIGTSTP)
    goesOn.set()


def _callAll(calls: list[Callable[[], object]]) -> None:
    for call in calls:
        call()
