"""
Members as rows of a table. Pure.
"""

from functools import lru_cache
from typing import Any

from twisted_messenger.address import machineKey
from twisted_messenger.key import KeptKey
from twisted_messenger.roster import PLAIN, Member, MemberOptions, MemberState, Progress, Registrant

#: What is read of a member that is no more than itself, in the order that :func:`memberIn` takes.
MEMBER = "name, host, port, members.owner, id, options, key_salt, key_hash"

#: What is read of a member, in the order that :func:`memberState` takes.
MEMBER_STATE = (
    f"{MEMBER}, cursor, due, settled, reached, failing_since, attempts, last_reached, registered,"
    " named, paused, retried"
)


def memberState(row: Any) -> MemberState:
    """
    A member, as :data:`MEMBER_STATE` reads it.
    """
    cursor, due, settled, reached, failingSince, attempts, lastReached = row[8:15]
    progress = Progress(cursor, due, settled, bool(reached), failingSince, attempts, lastReached)
    registered, named, paused, retried = row[15:19]
    return MemberState(memberIn(row), progress, registered, named, bool(paused), retried)


def memberIn(row: Any) -> Member:
    """
    A member, as :data:`MEMBER` reads it.
    """
    name, host, port, owner, memberId, options, salt, hash = row[:8]
    key = None if salt is None else KeptKey(bytes(salt), bytes(hash))
    kept = MemberOptions.fromFlags(options.split(",")) if options else PLAIN
    return Member(name, _shared(host), port, _shared(owner), memberId, kept, key)


# Many members may be at one host, and most are registered from where they are.
@lru_cache(maxsize=1024)
def _shared(address: str) -> str:
    return address


def columnsOf(who: Registrant, options: MemberOptions, key: KeptKey | None) -> dict[str, object]:
    """
    What a registration says of a member, by the names of the values.
    """
    return {
        "options": ",".join(options.flags()),
        "salt": None if key is None else key.salt,
        "hash": None if key is None else key.hash,
        "name": who.name,
        "host": who.host,
        "port": who.port,
        "machine": machineKey(who.host),
        "address": who.address,
        "owner": who.owner,
    }
