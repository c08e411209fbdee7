"""
What became of what a room was asked for, as values. Pure.

A :class:`~twisted_messenger.refusal.Refusal` is one of them, and so is what a registration did,
:class:`~twisted_messenger.roster.Enrolled`.
"""

from dataclasses import dataclass
from typing import ClassVar, NoReturn

from twisted_messenger.text import escapeLine

#: Characters of a reply.
MAX_REPLY = 1000


class Result:
    """
    What became of it.

    It has no truth value: a refusal that counted as false would let everybody in where a program
    meant to ask whether there is one.
    """

    #: Whether what was asked for is done, as durably as the store is.
    stored: ClassVar[bool]

    def __bool__(self) -> NoReturn:
        raise TypeError(f"a {type(self).__name__} has no truth value: ask for .stored")


@dataclass(frozen=True)
class Stored(Result):
    """
    A message that is in the log, or a departure that is done.

    :param position: in the log; 0 where there is none, or nobody told.
    """

    stored: ClassVar[bool] = True

    position: int = 0


@dataclass(frozen=True)
class Reply(Result):
    """
    What the sender of a message wants to be told, besides that it was taken.

    :param text: what it is told.
    """

    stored: ClassVar[bool] = True

    text: str

    def line(self) -> bytes:
        """
        The receipt of a message that asked for a reply.

        :returns: one line of UTF-8, ended by a newline, safe for a terminal.
        """
        return f"+ {escapeLine(self.text, MAX_REPLY)}\n".encode()
