"""
What one source may do to others.
"""

from functools import partial

from tests.conformance.case import Section
from tests.conformance.room import Room
from tests.conformance.verdicts import Violation

LIMITS = Section("Limits of one source")

# Hosts of their own: who has been here needs some time to be welcome again.
_MANY = "127.0.0.3"
_LARGE = "127.0.0.4"


def _limited(source: str, size: int, most: int, room: Room) -> str:
    """
    :param size: of each message, in bytes. None of them is one that anybody would see.
    :param most: of so many one must be answered with ``~ rate``.
    """
    room.needsHome()
    bob = room.member("bob@")
    for number in range(1, most + 1):
        answer = room.send("x" * size, source)
        if answer.text.startswith("~ rate: ") and not answer.trouble:
            room.says("hello")
            room.hears(bob, "ann: hello")
            return f"{answer} (message {number})"
        if not answer.refuses("malformed"):
            raise Violation(str(answer))
    raise Violation(f"{most} messages, {answer}")


_PROMISE = "~ rate, while others are served"
LIMITS.add("500 messages at once", _PROMISE, partial(_limited, _MANY, 1, 500))
LIMITS.add("10 MiB at once", _PROMISE, partial(_limited, _LARGE, 64 * 1024, 160))
