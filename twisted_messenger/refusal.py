"""
Refusals: why a message was not taken, as a value that can be counted, logged and sent.
"""

from dataclasses import dataclass
from enum import Enum
from typing import ClassVar

from twisted_messenger.result import Result
from twisted_messenger.text import escapeLine

#: Characters of detail that reach the sender or the log: room for an address and a sentence.
MAX_DETAIL = 200


class Reason(Enum):
    """
    The reason codes. Each is a word on the wire, a counter and a field of the log line.
    """

    TOO_BIG = "too_big"
    BAD_UTF8 = "bad_utf8"
    MALFORMED = "malformed"
    FOREIGN_CALLBACK = "foreign_callback"
    OWN_PORT = "own_port"
    LOW_PORT = "low_port"
    UNRESOLVABLE = "unresolvable"
    NAME_TAKEN = "name_taken"
    BAD_NAME = "bad_name"
    NOT_OWNER = "not_owner"
    MEMBER_CAP = "member_cap"
    IDLE = "idle"
    TRUNCATED = "truncated"
    CONNECTION_CAP = "connection_cap"
    RATE = "rate"
    STORE_FULL = "store_full"
    STORE_UNAVAILABLE = "store_unavailable"
    SHUTDOWN = "shutdown"


#: Reasons that pass by themselves: the same message may be taken later.
TRANSIENT = frozenset(
    {
        Reason.CONNECTION_CAP,
        Reason.RATE,
        Reason.STORE_FULL,
        Reason.STORE_UNAVAILABLE,
        Reason.SHUTDOWN,
    }
)


@dataclass(frozen=True)
class Refusal(Result):
    """
    A message that was not taken.

    :param reason: the code.
    :param detail: one sentence for people; it may quote what the peer sent, unescaped.
    """

    stored: ClassVar[bool] = False

    reason: Reason
    detail: str

    @property
    def transient(self) -> bool:
        """
        Whether sending the same message again later can succeed.
        """
        return self.reason in TRANSIENT

    def line(self) -> bytes:
        """
        The receipt of a refused message: ``! CODE: DETAIL``, or ``~`` for "try again later".

        :returns: one line of UTF-8, ended by a newline, safe for a terminal.
        """
        mark = "~" if self.transient else "!"
        detail = escapeLine(self.detail, MAX_DETAIL)
        return f"{mark} {self.reason.value}: {detail}\n".encode()
