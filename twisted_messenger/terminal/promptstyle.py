"""
How lines look at the prompt of a terminal: prompt_toolkit's words for what ``transcript`` says.
"""

from textwrap import fill

from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.styles import Style

from twisted_messenger.terminal.colours import PALETTE
from twisted_messenger.terminal.transcript import Line

STYLE = Style.from_dict(
    {
        **{f"name{place}": colour for place, colour in enumerate(PALETTE)},
        "address": "#808080",
        "me": "bold",
        "notice": "#808080",
        "question": "bold",
        "refused": "ansired",
        "sent": "#808080",
        "time": "#808080",
        "unknown": "#af875f",
        "waiting": "#af875f",
    }
)


def styled(line: Line) -> StyleAndTextTuples:
    """
    A line, with its end.
    """
    styled: StyleAndTextTuples = [(f"class:{role}" if role else "", text) for role, text in line]
    return [*styled, ("", "\n")]


def wrapped(line: Line, columns: int) -> Line:
    """
    Break a notice between words. Messages are left to the terminal, so that they can be copied.
    """
    if len(line) != 1 or line[0][0] != "notice":
        return line
    return [("notice", fill(line[0][1], columns, subsequent_indent="  "))]
