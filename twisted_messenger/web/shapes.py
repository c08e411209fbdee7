"""
How entries and members look in an answer. Pure.

Ids are text: a client keeps and compares them, and reckons with none. Times are seconds since the
epoch.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from twisted_messenger.entry import Entry
from twisted_messenger.steering import MemberStatus
from twisted_messenger.text import prefixLines


def asJSON(value: object) -> bytes:
    """
    One line of JSON, in ASCII.
    """
    return json.dumps(value, separators=(",", ":")).encode() + b"\n"


def entryShape(entry: Entry) -> dict[str, Any]:
    """
    An entry; its text is raw.
    """
    return {
        "id": str(entry.position),
        "time": entry.time,
        "name": entry.name,
        "text": entry.text,
    }


def pageShape(entries: Sequence[Entry], after: int) -> dict[str, Any]:
    """
    A page of the log.

    :param after: after which id the next page begins where this one is empty.
    """
    last = entries[-1].position if entries else after
    return {"messages": [entryShape(entry) for entry in entries], "next": str(last)}


def entryLines(entries: Iterable[Entry]) -> bytes:
    """
    A line of JSON for each entry (NDJSON).
    """
    return b"".join(asJSON(entryShape(entry)) for entry in entries)


def entryText(entry: Entry) -> bytes:
    """
    ``NAME: TEXT``, escaped for a terminal, with the name in front of each line.
    """
    return prefixLines(f"{entry.name}: ", entry.text).encode() + b"\n"


def memberShape(member: MemberStatus, isWhole: bool) -> dict[str, Any]:
    """
    A member.

    :param isWhole: with what only who may operate is to know.
    """
    shape: dict[str, Any] = {"name": member.name, "state": member.state}
    if isWhole:
        shape |= {
            "host": member.host,
            "port": member.port,
            "behind": member.behind,
            "failingSince": member.failingSince,
            "attempts": member.attempts,
            "nextTry": member.nextTry,
            "lastError": member.lastError,
            "lastReached": member.lastReached,
            "node": member.node,
        }
    return shape
