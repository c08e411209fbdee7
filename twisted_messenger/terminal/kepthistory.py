"""
The prompt's history in a file that may fail: the disk is full, or the folder is gone.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

from prompt_toolkit.history import FileHistory

from twisted_messenger.terminal.history import add


class KeptHistory(FileHistory):
    """
    Lines that are kept as far as they can be; those of this start are there in any case.

    An error would reach the prompt while a line is entered: it would be sent, and still be there
    to be sent again.

    :param path: the file.
    :param failing: called with why, when lines begin to be kept no more.
    """

    def __init__(self, path: Path, failing: Callable[[str], object]) -> None:
        super().__init__(str(path))
        self._path = path
        self._tell = failing
        self._isFailing = False

    def load_history_strings(self) -> Iterable[str]:
        """
        Earlier lines, the newest first.
        """
        try:
            return super().load_history_strings()
        except OSError as error:
            self._failed(error)
            return []

    def store_string(self, string: str) -> None:
        """
        Keep a line.
        """
        lines = "".join(f"+{line}\n" for line in string.split("\n"))
        try:
            add(self._path, f"\n# {datetime.now()}\n{lines}".encode("utf-8", "replace"))
            self._isFailing = False
        except OSError as error:
            self._failed(error)

    def _failed(self, error: OSError) -> None:
        if not self._isFailing:
            self._isFailing = True
            self._tell(f"what you type is not kept: {self._path}: {error.strerror}; --no-history")
