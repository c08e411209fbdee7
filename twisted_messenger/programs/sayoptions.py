"""
The command line of ``twisted-messenger say``. Pure, and without Twisted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from getopt import GetoptError, gnu_getopt
from math import isfinite
from typing import Any

from twisted_messenger.errors import StartError
from twisted_messenger.hostport import BadAddress, readAddress

# Seconds; a day is longer than any script waits.
_TIMEOUT = 30
_MAX_TIMEOUT = 86_400

#: As ``usage.Options`` has them: long and short name, default, what it is.
PARAMETERS: list[list[Any]] = [
    ["server", "s", None, "The room's HOST:PORT"],
    ["name", None, None, "The name to speak under"],
    [
        "timeout",
        None,
        _TIMEOUT,
        "Seconds for each message; meanwhile a server that is away, or says that it takes "
        "nothing now, is tried again",
    ],
]
#: Those without a value.
FLAGS: list[list[Any]] = [
    ["lines", None, "Say each line of standard input as one message; leave empty ones out"]
]

_SHORT = {"-s": "server", "-h": "help"}

_HELP = "(--help lists the options)"


@dataclass(frozen=True)
class Wish:
    """
    What a command line asks for.

    :param text: what to say; ``None`` for standard input.
    :param lines: whether each line of standard input is a message.
    """

    server: str
    name: str
    text: str | None
    lines: bool
    timeout: float


def readCommandLine(arguments: Sequence[str]) -> tuple[dict[str, str], Sequence[str]]:
    """
    Take a command line apart.

    :returns: the options by their names without dashes, and the words of the text.
    :raises StartError: there is no such option, or it lacks its value.
    """
    names = [*(f"{row[0]}=" for row in PARAMETERS), *(row[0] for row in FLAGS)]
    try:
        given, words = gnu_getopt(list(arguments), "s:h", [*names, "help", "version"])
    except GetoptError as problem:
        raise StartError(f"{problem}; -- ends the options {_HELP}") from None
    return {_SHORT.get(name, name[2:]): value for name, value in given}, words


def readWish(options: Mapping[str, str], words: Sequence[str]) -> Wish:
    """
    Read the options and the text.

    :raises StartError: one is missing, or its value is none.
    """
    lines = "lines" in options
    if lines and words:
        raise StartError("--lines is for standard input: give no TEXT")
    return Wish(
        _server(options.get("server")),
        _given("--name NAME", options.get("name")),
        _textOf(words),
        lines,
        _timeout(options.get("timeout", str(_TIMEOUT))),
    )


def _given(option: str, value: str | None) -> str:
    if not value:
        raise StartError(f"give {option} {_HELP}")
    return value


def _server(text: str | None) -> str:
    server = _given("--server HOST:PORT", text)
    try:
        readAddress(server)
    except BadAddress as problem:
        raise StartError(f"--server {server}: {problem}") from None
    return server


def _timeout(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0
    if not (isfinite(seconds) and 0 < seconds <= _MAX_TIMEOUT):
        raise StartError(f"--timeout {text}: give seconds, up to {_MAX_TIMEOUT}")
    return seconds


def _textOf(words: Sequence[str]) -> str | None:
    if not words:
        return None
    text = " ".join(words)
    try:
        text.encode()
    except UnicodeEncodeError:
        raise StartError("TEXT is no UTF-8; nothing was said") from None
    return text
