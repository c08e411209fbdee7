"""
The wire: bytes to frozen values and back. No transport, no policy; standard library only.

One message is all the bytes of one connection. To the server::

    connect_request|NAME|HOST|PORT      register a callback address; OPTIONS may follow
    leave_request|NAME|HOST|PORT        remove it
    from:NAME|TEXT                      say something to the room

From the server, a push: ``NAME: TEXT``.
"""

import json
import re
from collections.abc import Sequence
from typing import NamedTuple

from twisted_messenger.errors import WireError
from twisted_messenger.key import MIN_KEY
from twisted_messenger.options import RegistrationOptions, formatOptions, readOptions
from twisted_messenger.refusal import Reason
from twisted_messenger.text import prefixLines

#: Bytes of one message to the server. The tutorial names no limit; 64 KiB is the buffer that
#: one unfinished connection may cost, and a thousand times a typical line.
MAX_MESSAGE_BYTES = 64 * 1024

#: No configuration may go below this: a message of 32 KiB always passes.
MIN_MAX_MESSAGE_BYTES = 32 * 1024

#: Bytes of one push. Escapes and the name in front of every line make text grow.
MAX_PUSH_BYTES = 256 * 1024

#: Bytes of the same push in JSON: a quotation mark takes two there, a control character six where
#: it takes four in lines. Position, time and name fit into the rest.
MAX_JSON_PUSH_BYTES = 2 * MAX_PUSH_BYTES + 1024

#: Characters of a host: a name has no more (RFC 1035). Resolving takes quadratic time.
MAX_HOST = 253

#: What each message to the server begins with.
REGISTER = "connect_request|"
LEAVE = "leave_request|"
SAY = "from:"

_BOM = "\ufeff"

#: What Python calls white space; and NUL, which ends a text in C, and fills a field of fixed size.
BLANKS = (
    "\0\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006"
    "\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)

# The bytes that begin UTF-16 with a byte order mark; without one its ASCII has a NUL at every
# other place, and every verb is ASCII.
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_UTF16_BYTES = 8
_PORT = re.compile("[1-9][0-9]{0,4}", re.ASCII)

# What escaping adds to a character at most: a control character of one byte is shown as four, one
# of three bytes as six.
_ESCAPE_GROWTH = 3

# Bytes of a character, and of one that is escaped or of what stands around a name in a push.
_MOST_BYTES = 4
_MOST_SHOWN = 6

# Stands for a bad sequence until we know whether it lies in a text or in a name. No valid
# UTF-8 decodes to a surrogate.
_BAD = "\udcff"


class Registration(NamedTuple):
    """
    ``connect_request|NAME|HOST|PORT`` or ``connect_request|NAME|HOST|PORT|OPTIONS``.

    :param name: as sent, trimmed, not yet judged.
    :param host: as sent, trimmed: an address, a name, ``localhost``, or empty.
    :param port: 1 to 65535.
    :param options: what the fifth field says; ``None`` where there is none.
    """

    name: str
    host: str
    port: int
    options: RegistrationOptions | None = None


class Departure(NamedTuple):
    """
    ``leave_request|NAME|HOST|PORT``; the fields are the first of :class:`Registration`.
    """

    name: str
    host: str
    port: int


class RoomMessage(NamedTuple):
    """
    ``from:NAME|TEXT``.

    :param name: as sent, trimmed, not yet judged.
    :param text: everything after the first ``|``; may be empty, may hold newlines.
    """

    name: str
    text: str


Command = Registration | Departure | RoomMessage


def parse(data: bytes, maxBytes: int = MAX_MESSAGE_BYTES) -> Command:
    """
    Read one whole message.

    :param data: all the bytes of a connection that ended in order.
    :param maxBytes: the longest message taken; the line end that netcat adds is not counted.
    :returns: what the sender wants.
    :raises WireError: it is no message; never another exception, whatever the bytes.
    """
    if len(data) > maxBytes and len(data.removesuffix(b"\n").removesuffix(b"\r")) > maxBytes:
        raise tooBig(maxBytes)
    message = _decoded(data)
    if message.startswith(SAY):
        return _readRoomMessage(message)
    if message.startswith(REGISTER):
        return _readRegistration(message)
    if message.startswith(LEAVE):
        return Departure(*_readAddress(_fieldsOf(message, 3, "four fields")))
    if _isUtf16(data):
        raise WireError(Reason.BAD_UTF8, "this is UTF-16: send UTF-8")
    raise WireError(
        Reason.MALFORMED,
        "a message begins with connect_request|NAME|HOST|PORT or from:NAME|TEXT",
    )


def _decoded(data: bytes) -> str:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        # A replacement character that was sent as one becomes a ? too; to tell them apart would
        # take a call for each bad byte.
        text = data.decode("utf-8", "replace").replace("\N{REPLACEMENT CHARACTER}", _BAD)
    return text.removeprefix(_BOM).strip(BLANKS)


def _isUtf16(data: bytes) -> bool:
    start = data[:_UTF16_BYTES]
    even, odd = start[::2], start[1::2]
    alternating = any(even) != any(odd) and (all(even) or all(odd))
    return start.startswith(_UTF16_MARKS) or (len(start) == _UTF16_BYTES and alternating)


def tooBig(maxBytes: int) -> WireError:
    """
    The error for a message of more than ``maxBytes`` bytes, before or after it is whole.
    """
    return WireError(Reason.TOO_BIG, f"a message has at most {maxBytes} bytes")


def _fieldsOf(message: str, most: int, how: str) -> list[str]:
    verb, *fields = message.split("|")
    if not 3 <= len(fields) <= most:
        raise WireError(Reason.MALFORMED, f"use {verb}|NAME|HOST|PORT, {how}")
    if _BAD in message:
        raise WireError(Reason.BAD_UTF8, f"{verb} must be UTF-8")
    return fields


def _readRegistration(message: str) -> Registration:
    fields = _fieldsOf(message, 4, "four fields, and options in a fifth")
    options = readOptions(fields[3].strip(BLANKS)) if len(fields) > 3 else None
    return Registration(*_readAddress(fields), options)


def _readAddress(fields: Sequence[str]) -> tuple[str, str, int]:
    name, host = (field.strip(BLANKS) for field in fields[:2])
    # A port has one spelling, without blanks.
    port = fields[2].strip("\0")
    if len(host) > MAX_HOST:
        raise WireError(Reason.MALFORMED, f"a host has at most {MAX_HOST} characters")
    if not _PORT.fullmatch(port) or int(port) > 65535:
        # Where a field was left out, a key stands there, and refusals are logged.
        shown = f": {port}" if len(port) < MIN_KEY else ""
        raise WireError(Reason.MALFORMED, f"the port must be a number from 1 to 65535{shown}")
    return name, host, int(port)


def _readRoomMessage(message: str) -> RoomMessage:
    name, separator, text = message.removeprefix(SAY).partition("|")
    if not separator:
        raise WireError(Reason.MALFORMED, "use from:NAME|TEXT, with a | after the name")
    if _BAD in name:
        raise WireError(Reason.BAD_UTF8, "a name must be UTF-8")
    return RoomMessage(name.strip(BLANKS), text.lstrip("\0").replace(_BAD, "?"))


def parsePush(data: bytes) -> str:
    """
    Read what a receiver got: a push, or a friend's raw text.

    :returns: the text, stripped, each bad sequence a ``?``; not yet safe for a terminal.
    """
    return _decoded(data).replace(_BAD, "?")


def formatPush(name: str, text: str) -> bytes:
    """
    What a member receives: ``NAME: `` in front of every line, control characters shown.

    :param name: a clean name.
    :returns: UTF-8 without a newline at the end.
    """
    return prefixLines(f"{name}: ", text).encode()


def formatJSONPush(id: int | None, time: float, name: str, text: str) -> bytes:
    """
    What a member receives that asked for JSON: an object on one line, ended by a newline.

    :param id: the position, by which doubles can be told; ``None`` for a notice.
    :param time: when it was said, in seconds since the epoch.
    :param text: as it was said: JSON shows control characters escaped.
    """
    fields = {"id": id, "time": time, "name": name, "text": text}
    return json.dumps(fields, ensure_ascii=False).encode() + b"\n"


def fitsPush(name: str, text: str) -> bool:
    """
    Whether a push of this has at most :data:`MAX_PUSH_BYTES`.

    :param name: a clean name.
    """
    if (len(text) + 1) * (_MOST_BYTES * len(name) + _MOST_SHOWN) <= MAX_PUSH_BYTES:
        # Even if it were all newlines, or all to be escaped: so it is with most.
        return True
    # Counting tells nearly always; what would be many megabytes must not be made to find out.
    newlines = text.count("\n")
    prefixes = (newlines + 1) * len(f"{name}: ".encode())
    least = prefixes + len(text.encode("utf-8", "surrogatepass")) - text.count("\r\n")
    if least > MAX_PUSH_BYTES:
        return False
    most = least + _ESCAPE_GROWTH * (len(text) - newlines)
    return most <= MAX_PUSH_BYTES or len(formatPush(name, text)) <= MAX_PUSH_BYTES


def formatRegistration(
    name: str, host: str, port: int, options: RegistrationOptions | None = None
) -> bytes:
    """
    What a peer sends to join a room.

    :param options: a fifth field, which a tutorial server ignores.
    """
    fifth = "" if options is None else f"|{formatOptions(options)}"
    return f"{REGISTER}{name}|{host}|{port}{fifth}".encode()


def formatDeparture(name: str, host: str, port: int) -> bytes:
    """
    What a peer sends to leave a room; the fields are those it registered with.
    """
    return f"{LEAVE}{name}|{host}|{port}".encode()


def formatRoomMessage(name: str, text: str) -> bytes:
    """
    What a peer sends to say something to a room.

    :param text: halves of characters, as a bad file name has them, become ``?``.
    """
    return f"{SAY}{name}|{text}".encode(errors="replace")
