"""
A message that is sent again, since nobody knew what became of it: how it is known, and until when.
Pure.

Who sends it chooses a key, and gives it each time. It is the sender's own: under another name, or
from elsewhere, the same key is another one. What is kept of it goes after a day, and earlier where
one source has very many, or there is no room.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple

from twisted_messenger.refusal import Refusal

#: Characters of the longest key.
MAX_REPEAT_KEY = 255

#: Seconds, in which the room runs, for which a key is kept.
REPEAT_SECONDS = 86_400.0

#: Keys kept for one source, the newest.
REPEATS_PER_SOURCE = 1000

#: Each key that is kept takes so much of a store's limit in bytes; it needs less.
REPEAT_BYTES = 4096

# Characters of a digest: nobody finds two texts with the same.
_DIGEST = 32


@dataclass(frozen=True)
class Repeat:
    """
    How a message is known when it comes again.

    :param key: stands for its name and its key.
    :param text: stands for its text.
    """

    key: str
    text: str

    @classmethod
    def of(cls, name: str, key: str, text: str) -> "Repeat":
        """
        Of a message that its sender has given a key.
        """
        return cls(_digest(f"{name}\n{key}"), _digest(text))

    def judge(self, found: tuple[int, str] | None) -> int | Refusal | None:
        """
        Judge whether a message has come again.

        :param found: the position and the :attr:`text` that are kept under its key.
        :returns: its place in the log, where it is there; the refusal, where another one is; else
            ``None``.
        """
        if found is None:
            return None
        position, text = found
        if text == self.text:
            return position
        return Refusal("key_reused", "the key has been given to another text")


class KeptRepeat(NamedTuple):
    """
    What a store keeps of a message, to know it again.

    :param position: its place in the log, whether or not it is still there.
    :param source: see :attr:`~twisted_messenger.entry.Post.source`.
    :param repeat: how it is known.
    :param ran: how long the room had been running when it was taken, in seconds.
    """

    position: int
    source: str
    repeat: Repeat
    ran: float


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", "replace")).hexdigest()[:_DIGEST]


def forgettable(oldest: Sequence[tuple[int, float]], count: int, most: int, now: float) -> int:
    """
    Find the last key that is to be forgotten.

    :param oldest: position and age of the room of each key, from the oldest on.
    :param count: how many there are.
    :param most: how many may be kept; 0 for no limit.
    :param now: how old the room is.
    :returns: its position; 0 where all may stay.
    """
    floor = 0
    for position, ran in oldest:
        tooMany = 0 < most < count
        if not tooMany and now - ran <= REPEAT_SECONDS:
            break
        floor = position
        count -= 1
    return floor
