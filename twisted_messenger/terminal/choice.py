"""
Which console a peer gets: what it runs on, and what its user wants.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from twisted_messenger.peer.arrival import Arrival
from twisted_messenger.peer.console import Console
from twisted_messenger.terminal.display import Display
from twisted_messenger.terminal.history import historyFile, prepare
from twisted_messenger.terminal.plainconsole import PlainConsole
from twisted_messenger.terminal.stdio import STDIN, STDOUT
from twisted_messenger.terminal.timestamps import Timestamps, isoTime
from twisted_messenger.terminal.transcript import asJSON, plain

#: When the bell rings.
BELLS: dict[str, Callable[[Arrival], bool]] = {
    "off": lambda arrival: False,
    "all": lambda arrival: True,
    "name": lambda arrival: arrival.named,
}

# What a terminal without cursor movements is called.
_DUMB = ("", "dumb", "unknown")


@dataclass(frozen=True)
class Wishes:
    """
    What the options say about the console.

    :param plain: only append.
    :param json: one JSON object a message; implies plain.
    :param time: the time of day in front of each message.
    :param bell: ring at which messages: a word of :data:`BELLS`.
    :param history: keep the lines that are typed across starts.
    """

    plain: bool = False
    json: bool = False
    time: bool = False
    bell: str = "off"
    history: bool = True


@dataclass(frozen=True)
class Ends:
    """
    What the program is connected to.

    :param typed: whether standard input is a terminal.
    :param seen: whether standard output is one.
    """

    typed: bool
    seen: bool


def ourEnds() -> Ends:
    """
    What this process is connected to.
    """
    return Ends(os.isatty(STDIN), os.isatty(STDOUT))


def chooseConsole(
    reactor: Any, wishes: Wishes, ends: Ends, environ: Mapping[str, str], *, talks: bool
) -> tuple[Console, list[str]]:
    """
    Make a console.

    :param environ: for ``TERM``, ``NO_COLOR``, ``ACCESSIBLE``, ``XDG_STATE_HOME`` and ``HOME``.
    :param talks: whether there is somebody to talk to; without, a pipe's input is not read.
    :returns: the console, and what to tell the person once it runs.
    """
    display = Display(Timestamps(datetime.now, wishes.time), cuts=ends.typed)
    rings = BELLS[wishes.bell if ends.seen else "off"]
    plain = wishes.plain or environ.get("ACCESSIBLE", "") not in ("", "0")
    notices: list[str] = []
    if ends.typed and ends.seen and not (plain or wishes.json):
        if environ.get("TERM", "") in _DUMB:
            notices.append("this terminal cannot move its cursor: lines are only appended")
        else:
            prompt = _promptConsole(notices)
            if prompt is not None:
                history = _history(environ, notices) if wishes.history else None
                # The convention of no-color.org: set, to anything but nothing.
                colours = not environ.get("NO_COLOR")
                return prompt(reactor, display, history, colours=colours, rings=rings), notices
    console = PlainConsole(
        reactor,
        rendererOf(wishes.json, ends, display),
        interactive=ends.typed,
        inFull=display.inFull,
        rings=rings,
        reads=talks or ends.typed,
    )
    return console, notices


def _promptConsole(notices: list[str]) -> Callable[..., Console] | None:
    try:
        from twisted_messenger.terminal.promptconsole import PromptConsole
    except ImportError:
        notices.append(
            "to edit lines while messages arrive: pip install prompt_toolkit; "
            "--plain does without, and without this line"
        )
        return None
    return PromptConsole


def _history(environ: Mapping[str, str], notices: list[str]) -> Path | None:
    path = historyFile(environ)
    try:
        prepare(path)
    except OSError as error:
        notices.append(f"what you type is not kept: {path}: {error.strerror}; --no-history")
        return None
    return path


def rendererOf(json: bool, ends: Ends, display: Display) -> Callable[[Arrival], str]:
    """
    How messages look where lines are only appended.
    """
    if json:
        return _asJSON
    linesOf = display.heard if ends.seen else display.piped
    return lambda arrival: "\n".join(plain(line) for line in linesOf(arrival))


def _asJSON(arrival: Arrival) -> str:
    return asJSON(arrival, datetime.now().astimezone().isoformat(), isoTime(arrival.said))
