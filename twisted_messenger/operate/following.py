"""
What is said, as it is said: the end of the log, and what follows, across breaks of the connection.
"""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

from twisted_messenger.operate.doorclient import DoorAway, DoorClient

# Seconds between two tries.
_AGAIN = 2.0


def lastMessages(door: DoorClient, count: int) -> tuple[list[dict[str, Any]], str]:
    """
    The end of the log.

    :returns: the messages, and the id after which one may go on.
    """
    if not count:
        return [], str(door.ask("/messages?last=1")["next"])
    page = door.ask(f"/messages?last={count}")
    return page["messages"], str(page["next"])


def follow(
    door: DoorClient, after: str, broke: Callable[[str], object]
) -> Iterator[dict[str, Any]]:
    """
    What is said after an id, for ever: messages, and gaps as ``{"lost": N}``.

    :param broke: is told why, each time that the connection is lost for the first time.
    """
    isBroken = False
    while True:
        try:
            for position, data in _events(door, after):
                after, isBroken = position, False
                if data is not None:
                    yield data
            why = "the server has ended the stream"
        except DoorAway as error:
            why = str(error)
        if not isBroken:
            broke(why)
        isBroken = True
        time.sleep(_AGAIN)


def _events(door: DoorClient, after: str) -> Iterator[tuple[str, dict[str, Any] | None]]:
    data = None
    for line in door.stream(f"/events?after={after}"):
        field, _, value = line.decode("utf-8", "replace").partition(": ")
        if field == "id":
            after = value
        elif field == "data":
            data = json.loads(value)
        elif not line:
            yield after, data
            data = None
