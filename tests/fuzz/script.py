"""
Scripts: what the senders of a room do, one act after the other.
"""

from typing import NamedTuple

#: Where senders are; the last is the server's own machine, by its address.
SENDERS = ("10.0.0.2", "10.0.0.3", "127.0.0.1", "10.0.0.1")

#: Seconds that pass: none, a moment, a little more than each time-out and each back-off, and less
#: than the store takes. No sum of some of them meets another, else two things would happen at one
#: moment that are told apart by chance.
WAITS = (
    *(0.0, 0.0100003, 0.3000017, 1.7000071, 5.1000113, 11.0000171, 31.0000303),
    *(61.0000507, 121.0000709, 700.0001009, 0.0010001),
)

#: How often an act is made up, against the others.
VERBS = {
    "connect": 4,
    "write": 5,
    "end": 4,
    "reset": 1,
    "close": 1,
    "wait": 4,
    "stop": 0.1,
}


class Act(NamedTuple):
    """
    One thing that happens.

    :param verb: ``connect`` from a host, ``wait`` for a time, ``stop`` the room; a connection may
        ``write``, ``end`` its half, ``reset`` or ``close``.
    :param who: which host, time or connection; too large a number begins again, -1 is the last.
    :param data: what is written.
    """

    verb: str
    who: int = -1
    data: bytes = b""


Script = tuple[Act, ...]


def said(host: int, *chunks: bytes) -> Script:
    """
    A whole message.

    :param host: of the sender.
    """
    writes = [Act("write", data=chunk) for chunk in chunks]
    return (Act("connect", host), *writes, Act("end"), Act("wait", 1))
