"""
What may reach a terminal or a log. Pure.
"""

import re
from functools import cached_property

from twisted_messenger.names import MAX_NAME

# C0 but tab and newline, DEL, C1, the two Unicode line ends, the bidi controls that reach beyond
# their place (embeddings, overrides, isolates: they reorder what stands after them) and lone
# surrogates (they cannot be encoded). LRM, RLM and ALM stay: keyboards insert them, and they only
# act as a letter of their direction would.
_UNSAFE_RANGES = (
    *((0x00, 0x08), (0x0B, 0x1F), (0x7F, 0x9F), (0x2028, 0x2029)),
    *((0x202A, 0x202E), (0x2066, 0x206F), (0xD800, 0xDFFF)),
)
_TAB_AND_NEWLINE = (0x09, 0x0A)


class _Escaper:
    """
    Shows some characters instead of obeying them.

    What it needs is made when it is first used: a program that starts has nothing to escape yet,
    and should not wait for it.

    :param ranges: of the characters, each from its first to its last one.
    """

    def __init__(self, *ranges: tuple[int, int]) -> None:
        self._ranges = ranges

    @cached_property
    def _unsafe(self) -> "re.Pattern[str]":
        ranges = (f"{chr(first)}-{chr(last)}" for first, last in self._ranges)
        return re.compile(f"[{''.join(ranges)}]")

    @cached_property
    def _visible(self) -> dict[int, str]:
        codes = [code for first, last in self._ranges for code in range(first, last + 1)]
        return {code: f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" for code in codes}

    def __call__(self, text: str) -> str:
        # Not a callback for each: 64 KiB of them would hold everybody up.
        return text.translate(self._visible) if self._unsafe.search(text) else text


_escaped = _Escaper(*_UNSAFE_RANGES)
_escapedInLine = _Escaper(*_UNSAFE_RANGES, _TAB_AND_NEWLINE)


def escape(text: str) -> str:
    r"""
    Show control characters instead of obeying them: ``ESC`` becomes ``\x1b``.

    Tab and newline stay; a program that shows the text must decide what a new line means.
    """
    return _escaped(text)


def escapeLine(text: str, limit: int) -> str:
    """
    The text on one line, for a log or a receipt: tab and newline escaped too.

    :param limit: characters kept of the text; a longer one ends in an ellipsis.
    """
    cut = text if len(text) <= limit else text[: limit - 1] + "\N{HORIZONTAL ELLIPSIS}"
    return _escapedInLine(cut)


def prefixLines(prefix: str, text: str) -> str:
    """
    Put the prefix in front of every line of the escaped text: nobody can forge a line.

    :param prefix: as it shall be shown, with its colon and blank.
    :param text: CRLF and LF both end a line.
    """
    # Not a list of lines: 64 KiB can be as many of them.
    return prefix + escape(text.replace("\r\n", "\n")).replace("\n", f"\n{prefix}")


def speakerOf(push: str) -> str:
    """
    The name that stands in front of a push.

    :param push: its end is stripped, as its receiver gets it.
    :returns: empty where there is none.
    """
    name, separator, _ = push.partition("\n")[0].partition(": ")
    if not separator and push.endswith(":") and "\n" not in push:
        # Of an empty text, stripping took the blank after the colon too.
        name, separator = push.removesuffix(":"), ":"
    # Nobody's name is longer: one of 100 KiB, in front of as many lines, would fill the memory.
    return name if separator and len(name) <= MAX_NAME else ""


def saidBy(name: str, line: str) -> bool:
    """
    Whether a line of a push has that name in front, as each of ours has.
    """
    # Stripping takes the blank after the last, empty line's colon.
    return line.startswith(f"{name}: ") or line == f"{name}:"


def attributeLines(push: str) -> str:
    """
    Give every line of a push the ``NAME:`` of its first line.

    Our server does so already; another one may let a sender's second line pass for somebody
    else's message.
    """
    shown = escape(push.replace("\r\n", "\n"))
    name = speakerOf(shown)
    prefix = f"{name}: " if name else "  "
    first, *rest = shown.split("\n")
    lines = [line if name and saidBy(name, line) else prefix + line for line in rest]
    return "\n".join([first, *lines])
