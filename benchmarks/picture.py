"""
The tables as one picture, an SVG written by hand: nothing needs to be installed for it.
"""

from collections.abc import Iterator, Sequence
from html import escape

from benchmarks.table import Bar, Table

_WIDTH = 760

# To the left of the bars are the names, to the right the figures.
_LEFT, _RIGHT = 200, 80

_BAR, _GAP, _HEADING = 16, 10, 50

#: Ours are the ones in colour.
_OURS, _OTHERS, _WORDS, _SMALL = "#2a7ab0", "#b9bfc6", "#24292f", "#6a737d"


def picture(tables: Sequence[Table]) -> str:
    """
    Draw a panel of bars for each table that has some.

    :returns: the text of the SVG file.
    """
    parts: list[str] = []
    top = 0
    for table in tables:
        if table.bars:
            parts += _heading(table, top)
            top += _HEADING
            for bar, place in _placed(table.bars):
                parts += _drawn(bar, top + place, max(bar.value for bar in table.bars))
            top += place + _BAR + 2 * _GAP
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {top}" '
            'font-family="sans-serif" font-size="12">',
            '<rect width="100%" height="100%" fill="#ffffff"/>',
            *parts,
            "</svg>",
            "",
        ]
    )


def _heading(table: Table, top: int) -> list[str]:
    return [
        _text(
            _GAP, top + 22, f"{table.title}: {table.unit}", f'font-weight="bold" fill="{_WORDS}"'
        ),
        _text(_GAP, top + 38, table.work, f'fill="{_SMALL}"'),
    ]


def _placed(bars: Sequence[Bar]) -> Iterator[tuple[Bar, int]]:
    """
    :returns: each bar and where it begins, groups apart.
    """
    place, group = 0, bars[0].group
    for bar in bars:
        if bar.group != group:
            place, group = place + _GAP, bar.group
        yield bar, place
        place += _BAR + 2


def _drawn(bar: Bar, top: int, longest: float) -> list[str]:
    length = (_WIDTH - _LEFT - _RIGHT) * bar.value / (longest or 1)
    colour = _OURS if "ours" in bar.name else _OTHERS
    return [
        _text(_LEFT - 8, top + 12, bar.name, f'text-anchor="end" fill="{_WORDS}"'),
        f'<rect x="{_LEFT}" y="{top}" width="{length:.1f}" height="{_BAR}" fill="{colour}"/>',
        _text(_LEFT + length + 6, top + 12, f"{bar.value:.3g}", f'fill="{_WORDS}"'),
    ]


def _text(x: float, y: float, words: str, style: str) -> str:
    return f'<text x="{x:.1f}" y="{y}" {style}>{escape(words)}</text>'
