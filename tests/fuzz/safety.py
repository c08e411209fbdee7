"""
What may reach a terminal, said once more and in another way than the package says it.
"""

_CONTROLS = {*map(chr, range(0x20)), *map(chr, range(0x7F, 0xA0))}
_LINE_ENDS = {"\N{LINE SEPARATOR}", "\N{PARAGRAPH SEPARATOR}"}
# Not the marks LRM, RLM and ALM, which keyboards insert.
_BIDI = {*map(chr, range(0x202A, 0x202F)), *map(chr, range(0x2066, 0x206A))}

_UNSAFE_IN_LINE = frozenset(_CONTROLS | _LINE_ENDS | _BIDI)
_UNSAFE = _UNSAFE_IN_LINE - {"\t", "\n"}


def assertSafe(text: str) -> None:
    """
    Fail unless a terminal shows the text as it is, line by line.
    """
    assert _UNSAFE.isdisjoint(text), f"unsafe: {_UNSAFE & set(text)}"
    # Half a pair of surrogates cannot be shown at all.
    text.encode()


def assertSafeLine(text: str) -> None:
    """
    Fail unless the text is one line besides.
    """
    assert _UNSAFE_IN_LINE.isdisjoint(text), f"unsafe in a line: {_UNSAFE_IN_LINE & set(text)}"
    text.encode()
