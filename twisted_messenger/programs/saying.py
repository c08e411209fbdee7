"""
``twisted-messenger say``: something that a script says to a room.

A script starts it often, so it imports no Twisted, but to show its help.
"""

import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import BinaryIO

from twisted_messenger import blocking
from twisted_messenger.errors import StartError
from twisted_messenger.programs.sayoptions import Wish, readCommandLine, readWish
from twisted_messenger.refusal import Refusal
from twisted_messenger.result import Stored
from twisted_messenger.said import Said
from twisted_messenger.text import escapeLine
from twisted_messenger.wire import MAX_PUSH_BYTES

#: What is said is in the room's log.
STORED = 0

#: It is not, and will not be however often it is said: nobody takes it as it is.
REFUSED = 1

#: It may be, or could be later: ``EX_TEMPFAIL`` of ``sysexits.h``.
NOT_NOW = 75

# Characters of what a server says that are shown.
_MAX_SHOWN = 500


def wholeText(source: BinaryIO) -> str:
    """
    All of an input as one message.

    :raises StartError: it cannot be one.
    """
    try:
        data = source.read(MAX_PUSH_BYTES + 1)
    except OSError as error:
        raise StartError(f"standard input: {error.strerror}") from None
    if len(data) > MAX_PUSH_BYTES:
        raise StartError(f"{_TOO_LONG}; nothing was said")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise StartError("standard input is no UTF-8; nothing was said") from None


_TOO_LONG = f"a message has at most {MAX_PUSH_BYTES} bytes"


def linesOf(source: BinaryIO) -> Iterator[tuple[int, str | StartError]]:
    """
    The lines of an input as they come, without the empty ones.

    :returns: for each its number, from 1, and what it says, or why it cannot be said.
    :raises StartError: the input cannot be read further.
    """
    number = 0
    try:
        while data := source.readline(MAX_PUSH_BYTES + 1):
            number += 1
            line = _lineOf(data)
            if len(data) > MAX_PUSH_BYTES:
                while data and not data.endswith(b"\n"):
                    data = source.readline(MAX_PUSH_BYTES)
            if line:
                yield number, line
    except OSError as error:
        raise StartError(f"standard input: {error.strerror}") from None


def _lineOf(data: bytes) -> str | StartError:
    if len(data) > MAX_PUSH_BYTES:
        return StartError(_TOO_LONG)
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return StartError("it is no UTF-8")
    return text.rstrip("\r\n") if text.strip() else ""


def _sayOne(wish: Wish, text: str) -> tuple[int, str]:
    """
    :returns: the status, and for people what it means.
    """
    try:
        result = blocking.say(wish.server, wish.name, text, wish.timeout)
    except OSError as error:
        return NOT_NOW, f"--server {wish.server}: {error.strerror or error}"
    except ValueError as problem:
        raise StartError(f"--server {wish.server}: {problem}") from None
    return _judged(result)


def _judged(result: Said) -> tuple[int, str]:
    if isinstance(result, Stored):
        return STORED, ""
    if not isinstance(result, Refusal):
        return NOT_NOW, f"it may have arrived, or not: {result.detail}"
    why = f"{result.code}: {result.detail}".removesuffix(": ")
    return (NOT_NOW, f"not now: {why}") if result.transient else (REFUSED, f"refused: {why}")


def _complain(text: str) -> None:
    if sys.stderr is not None:
        # The status says it too, and the rest is to be said all the same.
        with suppress(OSError):
            line = f"twisted-messenger say: {escapeLine(text, _MAX_SHOWN)}"
            print(line, file=sys.stderr, flush=True)


def _saySingle(wish: Wish) -> int:
    text = wish.text if wish.text is not None else wholeText(_standardInput())
    if not text.strip():
        raise StartError("there is nothing to say")
    status, why = _sayOne(wish, text)
    if why:
        _complain(why)
    return status


def _sayLines(wish: Wish) -> int:
    count = 0
    failed: list[int] = []
    for number, line in linesOf(_standardInput()):
        count += 1
        status, why = (REFUSED, str(line)) if isinstance(line, StartError) else _sayOne(wish, line)
        if status:
            failed.append(status)
            _complain(f"line {number}: {why}")
    if not count:
        raise StartError("there is nothing to say")
    if failed:
        _complain(f"{len(failed)} of {count} messages were not stored, as far as known")
    return REFUSED if REFUSED in failed else max(failed, default=STORED)


def _standardInput() -> BinaryIO:
    if sys.stdin is None:
        raise StartError("standard input is closed: give TEXT")
    return sys.stdin.buffer


def say(arguments: Sequence[str]) -> None:
    """
    Run ``twisted-messenger say``, and end the program with its status.

    :raises StartError: nothing was said.
    """
    options, words = readCommandLine(arguments)
    for asked in ("help", "version"):
        if asked in options:
            # Not at the top: it needs Twisted.
            from twisted_messenger.programs.sayhelp import SayOptions

            SayOptions().parseOptions([f"--{asked}"])
    wish = readWish(options, words)
    sys.exit(_sayLines(wish) if wish.lines else _saySingle(wish))
