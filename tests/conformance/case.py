"""
Cases, in sections.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass

from tests.conformance.room import Room

#: Raises :class:`~tests.conformance.verdicts.Violation`, or returns what was seen.
Check = Callable[[Room], str]


@dataclass(frozen=True)
class Case:
    """
    One case of the wire.

    :param name: a few words.
    :param promise: what the wire format says.
    :param check: whether a server keeps it.
    """

    name: str
    promise: str
    check: Check


class Section:
    """
    Cases that belong together.

    :param title: stands above them in the table.
    :param atOnce: whether they are tried all at once, since each waits most of its time.
    """

    def __init__(self, title: str, *, atOnce: bool = False) -> None:
        self.title = title
        self.atOnce = atOnce
        self.cases: list[Case] = []

    def add(self, name: str, promise: str, check: Check) -> None:
        """
        Add a case.
        """
        self.cases.append(Case(name, promise, check))

    def case(self, name: str) -> Callable[[Check], Check]:
        """
        Add the decorated check; its docstring is the promise.
        """

        def decorate(check: Check) -> Check:
            self.add(name, " ".join((inspect.getdoc(check) or "").split()), check)
            return check

        return decorate
