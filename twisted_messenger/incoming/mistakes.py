"""
Programs that speak something else to this port. Pure.
"""

from twisted_messenger.refusal import Reason, Refusal

# With the blank that follows; "PRI" begins HTTP/2.
_METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "CONNECT", "TRACE", "PRI")
_HTTP = tuple(method.encode() + b" " for method in _METHODS)

# The record of a handshake, and the first byte of its version (RFC 8446).
_TLS = (b"\x16\x03",)

# The first bytes of all these. Hardly any message begins so: there is no need to compare it with
# each of them.
_FIRST = {greeting[0] for greeting in (*_HTTP, *_TLS)}

#: As many bytes of a connection tell.
GREETING_BYTES = max(len(greeting) for greeting in (*_HTTP, *_TLS))

_ROOM = "this is a chat room over raw TCP"


def mistakeIn(data: bytes | bytearray) -> Refusal | None:
    """
    What to tell a program that begins so where messages are expected.

    :returns: ``None`` for one that may be sending a message.
    """
    if data and data[0] not in _FIRST:
        # Nearly every message, and each is looked at.
        return None
    if data.startswith(_HTTP):
        return Refusal(Reason.MALFORMED, f"{_ROOM}, not HTTP; send from:NAME|TEXT")
    if data.startswith(_TLS):
        return Refusal(Reason.MALFORMED, f"{_ROOM}, without TLS; send from:NAME|TEXT")
    return None


def mistakeBeforeTLS(data: bytes) -> Refusal | None:
    """
    The same where a TLS handshake is expected.
    """
    if data.startswith(_HTTP):
        return Refusal(Reason.MALFORMED, "this is a chat room over TLS, not HTTP; begin with TLS")
    return None


def mistakeBeforeHeader(data: bytes) -> Refusal | None:
    """
    The same where a PROXY header is expected.
    """
    if data.startswith(_HTTP + _TLS):
        return Refusal(Reason.MALFORMED, f"{_ROOM}, for proxies that send a PROXY header")
    return None
