"""
What the word that is being typed may become. Pure.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import takewhile

from twisted_messenger.peer.commandline import COMMANDS

# Commands after which a friend of the address book is named.
_FOR_FRIENDS = ("/to", "/friend")


@dataclass(frozen=True)
class Completion:
    """
    How a line may go on.

    :param typed: the end of the line that is completed.
    :param found: what it may become, sorted.
    """

    typed: str
    found: tuple[str, ...]

    @property
    def certain(self) -> str:
        """
        What it becomes in any case: with a blank after it, where there is one choice.
        """
        if len(self.found) == 1:
            return f"{self.found[0]} "
        longest = _common(self.found)
        # In another case than it was typed, it is not the beginning of all.
        return longest if len(longest) > len(self.typed) else self.typed


def complete(line: str, heard: Iterable[str], friends: Iterable[str]) -> Completion:
    """
    Look for what the person may mean.

    :param line: up to the cursor.
    :param heard: names of those who spoke.
    :param friends: names in the address book.
    """
    before, blank, typed = line.rpartition(" ")
    if line.startswith("/") and not blank:
        return _among([f"/{name}" for name in COMMANDS], typed)
    if before in _FOR_FRIENDS:
        return _among(friends, typed)
    return _among([*heard, *friends], typed) if typed else Completion("", ())


def _among(words: Iterable[str], typed: str) -> Completion:
    start = typed.casefold()
    return Completion(typed, tuple(sorted({w for w in words if w.casefold().startswith(start)})))


def _common(words: tuple[str, ...]) -> str:
    """
    How all sorted words begin.
    """
    pairs = zip(words[0], words[-1]) if words else ()
    return "".join(one for one, _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
