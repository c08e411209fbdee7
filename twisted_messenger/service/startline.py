"""
The line that a room logs when it has started: what an operator asks first. Pure.
"""

from collections.abc import Sequence
from urllib.parse import urlsplit

from twisted_messenger.entry import LogLimits
from twisted_messenger.roster import MemberState


def startLine(
    store: str, waiting: str, places: Sequence[str], limits: str, doors: Sequence[str] = ()
) -> str:
    """
    All of it in one line.

    :param store: from :func:`storeName` or :func:`nodeOf`.
    :param waiting: from :func:`whatWaits`.
    :param places: where it listens.
    :param limits: those that depend on the machine or on options.
    :param doors: where it is open to people and operators.
    """
    where = ", ".join(places) or "nowhere"
    door = f"; the door: {', '.join(doors)}" if doors else ""
    return f"{store} has {waiting}; listening at {where}; {limits}{door}"


def nodeOf(store: str, node: str) -> str:
    """
    A store that several nodes share, and which of them this is.

    :param store: from :func:`storeName`.
    """
    return f"node {node} of {store}"


def whatWaits(members: Sequence[MemberState], head: int) -> str:
    """
    How many members there are, and how much waits for those that are behind.

    :param head: the last position of the log.
    """
    behind = [head - one.progress.cursor for one in members if one.progress.cursor < head]
    there = f"{len(members)} member{'' if len(members) == 1 else 's'}"
    if not behind:
        return there
    # "Up to": their own messages are among them.
    return f"{there}, {len(behind)} of them up to {max(behind)} messages behind"


def whatIsKept(limits: LogLimits) -> str:
    """
    How much is kept for members that are behind, and for those who come later.
    """
    bounds = {"messages": limits.entries, "bytes": limits.bytes, "s": limits.seconds}
    kept = [f"{most:.0f} {what}" for what, most in bounds.items() if most]
    later = "nothing"
    if limits.keptEntries and limits.keptSeconds:
        later = f"{limits.keptEntries} messages, {limits.keptSeconds:.0f} s"
    return f"kept for who is behind: {', '.join(kept) or 'everything'}; who comes later: {later}"


def storeName(description: str) -> str:
    """
    A store's description without what nobody else is to know.

    :param description: as on the command line.
    """
    kind, _, rest = description.partition(":")
    if kind in ("memory", "sqlite"):
        return description
    if not rest.startswith("//"):
        return f"{kind}:"
    address = urlsplit(description)
    user, at, host = address.netloc.rpartition("@")
    return f"{kind}://{user.partition(':')[0]}{at}{host}{address.path}"
