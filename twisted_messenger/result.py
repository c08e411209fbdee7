"""
What became of what a room was asked for, as values. Pure.

A :class:`~twisted_messenger.refusal.Refusal` is one of them, and so is what a registration did,
:class:`~twisted_messenger.roster.Enrolled`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, NoReturn

from twisted_messenger.text import escapeLine

#: Characters of a reply.
MAX_REPLY = 1000


#: Names that may find room in a reply, the shortest and what stands between them.
MAX_LISTED = MAX_REPLY // len("a, ")


def listed(names: Sequence[str]) -> str:
    """
    Names in the words of a reply: as many as find room, and dots where there are more.
    """
    text = ", ".join(names)
    most = MAX_REPLY - len(_MORE)
    return text if len(text) <= most else text[: text.rindex(", ", 0, most + 1)] + _MORE


_MORE = ", ..."


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
class Unknown(Result):
    """
    A message that may have arrived: the connection broke before the answer.

    To say it again may double it.

    :param detail: what happened, for people.
    """

    stored: ClassVar[bool] = False

    detail: str = ""


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
