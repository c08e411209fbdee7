"""
What an answer says when it is no yes: a code, a status, and a sentence for people. Pure.
"""

import json

from twisted_messenger.refusal import MAX_DETAIL, Refusal
from twisted_messenger.text import escapeLine

#: The status of each code. Those of the wire are among them; codes of a program's own refuse.
STATUSES = {
    "malformed": 400,
    "bad_name": 400,
    "bad_utf8": 400,
    "unauthorized": 401,
    "not_found": 404,
    "bad_method": 405,
    "too_big": 413,
    "bad_type": 415,
    "bad_host": 421,
    "key_reused": 422,
    "rate": 429,
    "no_metrics": 501,
    "store_full": 503,
    "store_unavailable": 503,
    "connection_cap": 503,
    "shutdown": 503,
    "unknown": 504,
}

_REFUSED = 403
_LATER = 503

#: Seconds after which one may try again what may succeed then.
RETRY_SECONDS = 1


class Problem(Exception):
    """
    Why a request is not done.

    :param code: one of :data:`STATUSES`, or another refusal.
    :param detail: one sentence for people; it may quote what was sent, unescaped.
    :param isTransient: whether the same request may succeed later.
    :param isCounted: whether the room has counted and logged it already.
    """

    def __init__(
        self, code: str, detail: str = "", isTransient: bool = False, isCounted: bool = False
    ) -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail
        self.isTransient = isTransient
        self.isCounted = isCounted

    @classmethod
    def of(cls, refusal: Refusal) -> "Problem":
        """
        What a room refused.
        """
        return cls(refusal.code, refusal.detail, bool(refusal.transient), isCounted=True)

    @property
    def status(self) -> int:
        """
        Of the answer.
        """
        return STATUSES.get(self.code, _LATER if self.isTransient else _REFUSED)

    @property
    def body(self) -> bytes:
        """
        The answer itself.
        """
        detail = escapeLine(self.detail, MAX_DETAIL)
        return json.dumps({"code": self.code, "detail": detail}).encode() + b"\n"
