"""
Taking inputs apart and putting them together: what bytes and scripts have in common.
"""

from collections.abc import Callable
from random import Random
from typing import Any, TypeVar

Pieces = TypeVar("Pieces", bytes, tuple[Any, ...])

# How often a piece is put behind itself: mostly once, rarely as often as blows things up.
_TIMES = (*(1,) * 20, *(2,) * 8, *(7,) * 6, *(60,) * 4, 500, 70_000)


def span(whole: Pieces, random: Random) -> tuple[int, int]:
    """
    Where a piece begins and ends; most are short.
    """
    start = random.randrange(len(whole) + 1)
    length = int(len(whole) * random.random() ** 3) + random.randrange(3)
    return start, min(len(whole), start + length)


def without(whole: Pieces, other: Pieces, random: Random) -> Pieces:
    """
    Leave a piece out.
    """
    start, end = span(whole, random)
    return whole[:start] + whole[end:]


def repeated(whole: Pieces, other: Pieces, random: Random, longest: int = 80_000) -> Pieces:
    """
    Say a piece more than once.

    :param longest: of what comes out, roughly.
    """
    start, end = span(whole, random)
    piece = whole[start:end]
    times = min(random.choice(_TIMES), longest // (len(piece) + 1))
    return whole[:end] + piece * times + whole[end:]


def spliced(whole: Pieces, other: Pieces, random: Random) -> Pieces:
    """
    Put a piece of another input in.
    """
    start, end = span(other, random)
    at, until = span(whole, random)
    return whole[:at] + other[start:end] + whole[random.choice((at, until)) :]


def shrunk(whole: Pieces, fails: Callable[[Pieces], bool]) -> Pieces:
    """
    Leave out whatever is not needed: all, halves, quarters, in the end single pieces.

    :param fails: whether an input still shows what the whole showed.
    """
    size = len(whole)
    while size:
        start = 0
        while start < len(whole):
            smaller = whole[:start] + whole[start + size :]
            if fails(smaller):
                whole = smaller
            else:
                start += size
        size //= 2
    return whole
