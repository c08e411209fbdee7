"""
What an operator is shown of members and counts. Pure.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from twisted_messenger.hostport import addressText
from twisted_messenger.operate.tables import table

Shape = Mapping[str, Any]

# Who is in trouble comes first.
_ORDER = ("failing", "hanging", "paused", "new", "healthy")

_WHY = {
    "failing": "cannot be reached",
    "hanging": "keeps its connection open, so that what follows waits",
}

# How many of those in trouble a summary names.
_NAMED = 5

_STEPS = ((60, 1, "s"), (3600, 60, "min"), (86_400, 3600, "h"), (None, 86_400, "d"))


def span(seconds: float) -> str:
    """
    So many seconds, in the largest unit that fits.
    """
    whole = max(0, round(seconds))
    size, unit = next((size, unit) for limit, size, unit in _STEPS if not limit or whole < limit)
    return f"{whole // size} {unit}"


def _ago(time: float | None, now: float) -> str:
    return "" if time is None else f"{span(now - time)} ago"


def _until(time: float | None, now: float) -> str:
    if time is None:
        return ""
    return "now" if time - now < 1 else f"in {span(time - now)}"


def _isInTrouble(member: Shape) -> bool:
    return member["state"] in _WHY


def worstFirst(members: Sequence[Shape]) -> list[Shape]:
    """
    Members, those in trouble first, and of these those that are furthest behind.
    """
    return sorted(
        members,
        key=lambda one: (_ORDER.index(one["state"]), -one.get("behind", 0), one["name"]),
    )


def memberTable(members: Sequence[Shape], now: float, width: int | None) -> list[str]:
    """
    All members.

    :param members: as the door shapes them.
    :param now: seconds since the epoch.
    :param width: of the terminal.
    """
    if not members:
        return ["nobody has registered"]
    if "behind" not in members[0]:
        # Who may not operate gets no more.
        return table(["NAME", "STATE"], [[one["name"], one["state"]] for one in members], width)
    titles = ["NAME", "STATE", ">BEHIND", "LAST ERROR", "FAILING FOR", "NEXT TRY", "REACHED"]
    hasNodes = any(one["node"] for one in members)
    rows = []
    for one in worstFirst(members):
        since = one["failingSince"]
        row = [one["name"], one["state"], str(one["behind"]), one["lastError"] or ""]
        row += ["" if since is None else span(now - since), _until(one["nextTry"], now)]
        row += [_ago(one["lastReached"], now), _address(one)]
        rows.append([*row, one["node"]] if hasNodes else row)
    return table([*titles, "ADDRESS", *(["NODE"] if hasNodes else [])], rows, width)


def _address(member: Shape) -> str:
    host = member["host"]
    return addressText(host, member["port"]) if host else "(in the program)"


def waitingTable(members: Sequence[Shape], now: float, width: int | None) -> list[str]:
    """
    For whom messages wait, and how many.
    """
    behind = sorted(
        (one for one in members if one["behind"]), key=lambda one: (-one["behind"], one["name"])
    )
    if not behind:
        return ["nothing waits"]
    rows = [
        [one["name"], str(one["behind"]), one["state"], _until(one["nextTry"], now)]
        for one in behind
    ]
    total = ["in all", str(sum(one["behind"] for one in behind)), "", ""]
    return table(["NAME", ">WAITING", "STATE", "NEXT TRY"], [*rows, total], width)


def counterTable(counters: Mapping[str, int], width: int | None) -> list[str]:
    """
    What was counted.
    """
    if not counters:
        return ["nothing was counted yet"]
    return table(["WHAT", ">SINCE THE START"], [[k, str(n)] for k, n in counters.items()], width)


def summary(members: Sequence[Shape], now: float) -> list[str]:
    """
    How the room is: who is in trouble, why, and what happens next.
    """
    if not members:
        return ["nobody has registered"]
    troubled = [one for one in worstFirst(members) if _isInTrouble(one)]
    count = f"{len(members)} member{'' if len(members) == 1 else 's'}"
    said = [f"{len(troubled)} of {count} in trouble" if troubled else f"{count}, none in trouble"]
    byBehind = sorted(troubled, key=lambda one: -one.get("behind", 0))
    said += [f"  {_story(one, now)}" for one in byBehind[:_NAMED]]
    if len(troubled) > _NAMED:
        said.append(f"  {len(troubled) - _NAMED} more: twisted-messenger members")
    paused = [one["name"] for one in members if one["state"] == "paused"]
    if paused:
        said.append(f"{len(paused)} paused: {', '.join(paused[:_NAMED])}")
    nodes = sorted({one["node"] for one in members if one.get("node")})
    said += [f"node {node} serves {sum(one['node'] == node for one in members)}" for node in nodes]
    return said


def _story(member: Shape, now: float) -> str:
    text = f"{member['name']} {_WHY[member['state']]}"
    if member.get("failingSince") is not None:
        text += f", for {span(now - member['failingSince'])}"
    if member.get("lastError") and member["state"] == "failing":
        text += f": {member['lastError'].rstrip('.')}"
    if member.get("behind"):
        text += f"; {member['behind']} waiting"
    if member.get("nextTry") is not None:
        text += f"; next try {_until(member['nextTry'], now)}"
    return text
