"""
Refusals: why a message was not taken, as a value that can be counted, logged and sent.
"""

import re
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


_REASONS = {reason.value: reason for reason in Reason}

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


# A code is a word on the wire, a part of a counter's name and of a log line.
_CODE = re.compile("[a-z_]{1,32}")


@dataclass(frozen=True)
class Refusal(Result):
    """
    A message that was not taken.

    It has no truth value: where ``None`` means that all is well, a refusal that counted as false
    would let everybody in. Compare with ``is None``.

    :param reason: why, or a code of a program's own, 1 to 32 of ``a`` to ``z`` and ``_``.
    :param detail: one sentence for people; it may quote what the peer sent, unescaped.
    :param transient: whether sending the same message again later can succeed; ``None``: as the
        reason says, and a code of one's own does not pass.
    :raises ValueError: the code is none.
    """

    stored: ClassVar[bool] = False

    reason: Reason | str
    detail: str = ""
    transient: bool | None = None

    def __post_init__(self) -> None:
        """
        Bring a reason that is spelled as its code, and what the reason decides, to one form: equal
        refusals are equal however they were written.
        """
        reason = self.reason
        if isinstance(reason, str):
            # One of the wire's has a digit in it.
            if reason not in _REASONS and not _CODE.fullmatch(reason):
                raise ValueError(f"{reason!r} is no code: give 1 to 32 of a to z and _")
            reason = _REASONS.get(reason, reason)
            object.__setattr__(self, "reason", reason)
        if self.transient is None:
            object.__setattr__(self, "transient", reason in TRANSIENT)

    @property
    def code(self) -> str:
        """
        The reason in one word.
        """
        return self.reason.value if isinstance(self.reason, Reason) else self.reason

    def line(self) -> bytes:
        """
        The receipt of a refused message: ``! CODE: DETAIL``, or ``~`` for "try again later".

        :returns: one line of UTF-8, ended by a newline, safe for a terminal.
        """
        mark = "~" if self.transient else "!"
        detail = escapeLine(self.detail, MAX_DETAIL)
        return f"{mark} {self.code}: {detail}\n".encode()
