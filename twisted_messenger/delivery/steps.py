"""
What may be done next for a member. Pure.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Send:
    """
    Push the next entry now.
    """


@dataclass(frozen=True)
class Tell:
    """
    Push a notice now.

    :param missed: entries that the member lost and was not told of.
    """

    missed: int


@dataclass(frozen=True)
class Wait:
    """
    Make no attempt yet.

    :param seconds: how long; more than 0.
    """

    seconds: float


@dataclass(frozen=True)
class Evict:
    """
    Give the member up.
    """


Step = Send | Tell | Wait | Evict
