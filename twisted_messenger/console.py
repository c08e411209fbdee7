"""
The terminal of a chatpeer: lines in, lines out, notices beside them.

Standard output carries messages only. It is written while the message's connection is still
open, so that its close says "shown".
"""

import os
import sys
from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IAddress, IReadDescriptor
from twisted.internet.main import CONNECTION_DONE
from twisted.python.failure import Failure
from zope.interface import implementer

from twisted_messenger.text import attributeLines, escapeLine, prefixLines

# Characters of a notice; the other side's words may be in it.
_MAX_NOTICE = 500

_STDIN, _STDOUT, _STDERR = 0, 1, 2


def fromFriend(address: IAddress, text: str) -> str:
    """
    A friend's message as the tutorial shows it: ``('127.0.0.1', 47893): text``.
    """
    shown = getattr(address, "host", ""), getattr(address, "port", 0)
    return prefixLines(f"{shown}: ", text)


def fromRoom(address: IAddress, text: str) -> str:
    """
    A push as the tutorial shows it; the server has put the name in front.
    """
    return attributeLines(text)


def show(line: str) -> None:
    """
    Write one message to standard output; it is there when this returns.
    """
    _writeAll(_STDOUT, line)


def notice(line: str) -> None:
    """
    Tell the person something that is not a message, on standard error.
    """
    _writeAll(_STDERR, noticeLine(line))


def noticeLine(text: str) -> str:
    """
    A notice as it is shown: one line, marked.
    """
    return f"* {escapeLine(text, _MAX_NOTICE)}"


def _writeAll(descriptor: int, line: str) -> None:
    data = (line + "\n").encode("utf-8", "replace")
    while data:
        data = data[os.write(descriptor, data) :]


def isTerminal() -> bool:
    """
    Whether a person can be asked.
    """
    return os.isatty(_STDIN) and os.isatty(_STDOUT)


def ask(prompt: str) -> str:
    """
    Ask the person; it blocks.

    :returns: the answer, trimmed; empty at the end of input.
    """
    try:
        return input(prompt).strip()
    except EOFError:
        return ""
    except KeyboardInterrupt:
        sys.exit("")


@implementer(IReadDescriptor)
class StandardInput:
    """
    Reads lines from standard input without making it non-blocking: the shell shares it.

    :param lineReceived: called with each line, without its end.
    :param ended: called once at the end of input.
    """

    def __init__(self, lineReceived: Callable[[str], object], ended: Callable[[], object]) -> None:
        self._lineReceived = lineReceived
        self._ended = ended
        self._rest = b""

    def fileno(self) -> int:
        """
        See ``IReadDescriptor``.
        """
        return _STDIN

    def logPrefix(self) -> str:
        """
        See ``IReadDescriptor``.
        """
        return "stdin"

    def doRead(self) -> Any:
        """
        Read what is there; the reactor has seen that there is something.
        """
        data = os.read(_STDIN, 65536)
        if not data:
            return CONNECTION_DONE
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._lineReceived(line.decode("utf-8", "replace"))
        return None

    def connectionLost(self, reason: Failure) -> None:
        """
        The end of input; a last line without its newline counts.
        """
        if self._rest:
            self._lineReceived(self._rest.decode("utf-8", "replace"))
        self._ended()
