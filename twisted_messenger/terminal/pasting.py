"""
What to do with a pasted block: a question, and its answers. Pure.
"""

from dataclasses import dataclass
from enum import Enum

from twisted_messenger.text import escapeLine

# Characters of the first line that the question shows.
_GLIMPSE = 40


class Answer(Enum):
    """
    What becomes of a pasted block.
    """

    WHOLE = "one message"
    LINES = "line by line"
    DROP = "nothing of it"


#: Keys and what they mean. Enter, pressed by habit, must not send thirty messages.
KEYS = {
    "enter": Answer.WHOLE,
    "m": Answer.WHOLE,
    "l": Answer.LINES,
    "escape": Answer.DROP,
    "c-c": Answer.DROP,
}


@dataclass(frozen=True)
class Paste:
    """
    A block of several lines that waits for an answer.

    :param text: with what stood before and after it in the line that was typed.
    """

    text: str

    def question(self) -> tuple[str, str]:
        """
        Two lines for the person: what it is about, and the answers.
        """
        lines = self.text.split("\n")
        glimpse = escapeLine(lines[0], _GLIMPSE)
        return (
            f"send these {len(lines)} lines? [{glimpse}]",
            "Enter or m: as one message  l: line by line  Esc: not at all",
        )

    def messages(self, answer: Answer) -> list[str]:
        """
        What to say after an answer.
        """
        if answer is Answer.WHOLE:
            return [self.text]
        # An empty line says nothing to anybody.
        return [line for line in self.text.split("\n") if line] if answer is Answer.LINES else []


def cleaned(data: str) -> str:
    """
    A paste as text: every kind of line end is a newline, those at the end are dropped.

    A copied line often has its newline with it, and pasting it must not send it.
    """
    return data.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")
