"""
A quiet colour for each name. Pure.
"""

from zlib import crc32

#: Colours of middle lightness and little strength: they can be read on black and on white, and
#: none is the red of a refusal.
PALETTE = (
    "#5f87af",
    "#5f8787",
    "#878751",
    "#af5f87",
    "#875faf",
    "#5f875f",
    "#af875f",
    "#8787af",
)


def colourOf(name: str) -> int:
    """
    The place of a name's colour in :data:`PALETTE`: the same in every program and at every start.
    """
    return crc32(name.casefold().encode("utf-8", "replace")) % len(PALETTE)
