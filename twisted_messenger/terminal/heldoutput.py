"""
What the prompt writes to: a terminal that gets the erased prompt and the next one in one piece.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from prompt_toolkit.output.vt100 import Vt100_Output


class HeldOutput(Vt100_Output):
    """
    An output that can be held back for a while, so that the terminal gets an erased prompt and the
    next one in one piece: it does not flicker, and it does not take a paste for typed lines.
    """

    held = False

    @contextmanager
    def untilDrawn(self) -> Iterator[None]:
        """
        Hold back what is written here until the prompt is drawn again.
        """
        self.held = True
        try:
            yield
        finally:
            self.held = False

    def flush(self) -> None:
        """
        Write everything, unless it is held back.
        """
        if not self.held:
            super().flush()

    def disable_bracketed_paste(self) -> None:
        """
        Leave pastes marked, where the prompt is drawn again anyway.
        """
        if not self.held:
            super().disable_bracketed_paste()
