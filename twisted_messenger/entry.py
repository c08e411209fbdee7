"""
What the log holds: a message on its way in, a message with its place, and how many are kept. Pure.
"""

from dataclasses import dataclass
from typing import NamedTuple

from twisted_messenger.repeats import Repeat


class Post(NamedTuple):
    """
    A message on its way into the log.

    :param name: who says it, clean.
    :param text: what is said; encodable as UTF-8.
    :param source: the machine key it came from.
    :param time: when it was taken, in seconds since the epoch.
    :param subscriber: whose share of the log it uses; see
        :attr:`~twisted_messenger.address.Source.subscriber`.
    :param share: bytes that the subscriber may have in the log, with this one; 0 for no limit.
    :param repeat: how it is known when it comes again; ``None`` where it does not matter.
    """

    name: str
    text: str
    source: str
    time: float
    subscriber: str | None = None
    share: int = 0
    repeat: Repeat | None = None


class Entry(NamedTuple):
    """
    A message with its place in the log.

    :param position: greater than that of every older entry; otherwise opaque.
    :param name: who said it.
    :param text: what was said.
    :param owned: whether the registered owner of the name said it.
    :param time: when it was taken, in seconds since the epoch.
    """

    position: int
    name: str
    text: str
    owned: bool
    time: float


@dataclass(frozen=True)
class LogExtent:
    """
    How far the log reaches, and how much is in it.

    :param head: the last position that was given; 0 before the first message.
    :param oldest: the first position that is still there; one beyond the head where none is.
    :param entries: how many there are.
    :param size: bytes of these, as :class:`LogLimits` counts them.
    """

    head: int
    oldest: int
    entries: int
    size: int


@dataclass(frozen=True)
class LogLimits:
    """
    How much the log keeps: for members that are behind, where 0 means no limit, and of what
    everybody has, where 0 means that nothing of it is kept.

    :param entries: how many wait for members that are behind.
    :param bytes: of names and texts, and :data:`ENTRY_OVERHEAD` for each; of all that the log
        has. What everybody has goes first.
    :param seconds: how old what waits may be.
    :param keptEntries: how many of those that everybody has, or has lost, the newest.
    :param keptSeconds: how old these may be.
    """

    entries: int = 0
    bytes: int = 256 * 1024 * 1024
    seconds: float = 86_400.0
    keptEntries: int = 1000
    keptSeconds: float = 86_400.0


#: Bytes that an entry costs besides its name and text, roughly.
ENTRY_OVERHEAD = 64
