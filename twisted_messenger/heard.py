"""
What a room pushes, taken apart. Pure.
"""

import json
from dataclasses import dataclass
from typing import Any

from twisted_messenger.text import saidBy, speakerOf

#: So begins a push to a member that asked for JSON, and no name.
JSON_START = '{"'

# What is in it, and of which type.
_FIELDS = {"id": (int, type(None)), "time": (int, float), "name": (str,), "text": (str,)}


@dataclass(frozen=True)
class Heard:
    """
    Something that somebody said in a room.

    Take a text apart that a receiver got::

        def received(sender, text):
            heard = Heard.read(text, sender)
            if heard is not None:
                print(heard.name, "says", heard.text)

    :param name: who says it; the room itself speaks as ``server``, where nobody named it otherwise.
    :param text: what, without the names in front of its lines. It is not safe to show: a room of
        ours shows control characters escaped, except in JSON.
    :param id: its position in the room's log, by which doubles can be told; ``None`` in a push that
        is no JSON, and in a notice of the room.
    :param time: when it was said, in seconds since the epoch; ``None`` in a push that is no JSON.
    :param sender: where its connection came from, an ``IAddress``.
    """

    name: str
    text: str
    id: int | None = None
    time: float | None = None
    sender: Any = None

    @classmethod
    def read(cls, text: str, sender: Any = None) -> "Heard | None":
        """
        Take a push apart, JSON or not.

        :param text: as a receiver gets it: whole, its end stripped.
        :param sender: where it came from, to be kept with it.
        :returns: ``None`` where it is no push: no name is in front, or not the same one in front
            of every line.
        """
        return (
            _fromObject(text, sender) if text.startswith(JSON_START) else _fromLines(text, sender)
        )


def _fromLines(push: str, sender: Any) -> Heard | None:
    push = push.replace("\r\n", "\n")
    name, lines = speakerOf(push), push.split("\n")
    if not name or not all(saidBy(name, line) for line in lines):
        return None
    start = len(f"{name}: ")
    return Heard(name, "\n".join(line[start:] for line in lines), sender=sender)


def _fromObject(push: str, sender: Any) -> Heard | None:
    try:
        fields = json.loads(push)
    except (ValueError, RecursionError):
        return None
    if any(type(fields.get(name)) not in kinds for name, kinds in _FIELDS.items()):
        return None
    name, text = (_whole(fields[each]) for each in ("name", "text"))
    return Heard(name, text, fields.get("id"), fields["time"], sender)


def _whole(text: str) -> str:
    # JSON can spell halves of characters, which nobody can print.
    return text.encode(errors="replace").decode()
