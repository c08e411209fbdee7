"""
The keys of the prompt that are ours: pasting, and the ways out.
"""

from collections.abc import Callable

from prompt_toolkit.application import get_app
from prompt_toolkit.filters import Condition
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.keys import Keys

from twisted_messenger.peer.completing import Completion
from twisted_messenger.terminal.pasting import KEYS, Answer, Paste, cleaned


class LineKeys:
    """
    Key bindings, and the paste that waits for an answer.

    :param said: called with a paste and the answer.
    :param gone: called when the person wants to go.
    :param clear: called to clear the screen.
    :param suspend: called to stop the program, as a shell's user does.
    :param hint: called with a line for the person.
    :param complete: says how a line may go on.
    """

    def __init__(
        self,
        said: Callable[[Paste, Answer], object],
        gone: Callable[[], object],
        clear: Callable[[], object],
        suspend: Callable[[], object],
        hint: Callable[[str], object],
        complete: Callable[[str], Completion],
    ) -> None:
        self.bindings = KeyBindings()
        self.paste: Paste | None = None
        self._said = said
        self._gone = gone
        self._clear = clear
        self._suspend = suspend
        self._hint = hint
        self._complete = complete
        self._hinted = False
        self._bind()

    def _bind(self) -> None:
        asking = Condition(lambda: self.paste is not None)
        add = self.bindings.add
        add("c-c", filter=~asking)(self._interrupted)
        add("c-d", filter=~asking & Condition(_lineIsEmpty))(self._ended)
        add("c-l", filter=~asking)(self._cleared)
        add("c-z", filter=~asking)(self._suspended)
        add("tab", filter=~asking)(self._completed)
        add(Keys.BracketedPaste, filter=~asking)(self._pasted)
        # While a question stands, every other key is a slip.
        add(Keys.Any, filter=asking, eager=True)(_ignore)
        add("c-d", filter=asking, eager=True)(_ignore)
        for key, answer in KEYS.items():
            add(key, filter=asking, eager=True)(self._answering(answer))

    def _interrupted(self, event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        if buffer.text:
            buffer.reset()
            self._hinted = False
        elif self._hinted:
            self._gone()
        else:
            self._hinted = True
            self._hint("Ctrl-D, /quit, or Ctrl-C again leaves")

    def _ended(self, event: KeyPressEvent) -> None:
        self._gone()

    def _cleared(self, event: KeyPressEvent) -> None:
        self._clear()

    def _suspended(self, event: KeyPressEvent) -> None:
        self._suspend()

    def _completed(self, event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        completion = self._complete(buffer.document.text_before_cursor)
        typed, certain = completion.typed, completion.certain
        if not completion.found:
            return
        if certain == typed:
            self._hint(", ".join(completion.found))
            return
        buffer.delete_before_cursor(len(typed))
        buffer.insert_text(certain)

    def _pasted(self, event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        text = cleaned(event.data)
        if "\n" not in text:
            buffer.insert_text(text)
            return
        before, after = buffer.document.text_before_cursor, buffer.document.text_after_cursor
        self.paste = Paste(before + text + after)

    def _answering(self, answer: Answer) -> Callable[[KeyPressEvent], None]:
        def answered(event: KeyPressEvent) -> None:
            paste, self.paste = self.paste, None
            if paste is not None and answer is not Answer.DROP:
                event.current_buffer.reset()
                self._said(paste, answer)

        return answered


def _lineIsEmpty() -> bool:
    return not get_app().current_buffer.text


def _ignore(event: KeyPressEvent) -> None:
    """
    Do nothing.
    """
