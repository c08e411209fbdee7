"""
Tables for people: as wide as the terminal, with what does not fit cut visibly. Pure.
"""

from collections.abc import Sequence
from unicodedata import combining, east_asian_width

from twisted_messenger.text import escapeLine

_GAP = "  "

# A column that is not shortened below this, unless it is the last.
_LEAST = 8

_CELL_LIMIT = 300


def widthOf(text: str) -> int:
    """
    How many columns of a terminal a text takes.
    """
    return sum(0 if combining(one) else 2 if east_asian_width(one) in "WF" else 1 for one in text)


def fitted(text: str, width: int) -> str:
    """
    A text in so many columns: cut with an ellipsis, or filled up.
    """
    have = widthOf(text)
    if have <= width:
        return text + " " * (width - have)
    kept, used = "", 0
    for one in text:
        more = widthOf(one)
        if used + more > width - 1:
            break
        kept, used = kept + one, used + more
    return kept + "…" + " " * (width - used - 1)


def table(
    titles: Sequence[str], rows: Sequence[Sequence[str]], width: int | None = None
) -> list[str]:
    """
    Lines of a table.

    :param titles: of the columns; one that begins with ``>`` stands to the right.
    :param rows: their cells; whatever stands there is escaped.
    :param width: of the terminal; ``None`` where lines may be of any length.
    """
    isRight = [title.startswith(">") for title in titles]
    names = [title.lstrip(">") for title in titles]
    cells = [names, *([escapeLine(cell, _CELL_LIMIT) for cell in row] for row in rows)]
    widths = [max(widthOf(row[n]) for row in cells) for n in range(len(names))]
    if width is not None:
        widths = _narrowed(widths, width - len(_GAP) * (len(widths) - 1))
    return [_line(row, widths, isRight) for row in cells]


def _line(row: Sequence[str], widths: Sequence[int], isRight: Sequence[bool]) -> str:
    shown = []
    for cell, width, right in zip(row, widths, isRight):
        padded = fitted(cell, width)
        if right and widthOf(cell) <= width:
            padded = " " * (width - widthOf(cell)) + cell
        shown.append(padded)
    return _GAP.join(shown).rstrip()


def _narrowed(widths: Sequence[int], room: int) -> list[int]:
    """
    Take from the widest column what is too much, as long as each keeps its least.
    """
    found = list(widths)
    while sum(found) > room:
        widest = max(range(len(found)), key=found.__getitem__)
        if found[widest] <= _LEAST:
            break
        found[widest] -= 1
    return found
