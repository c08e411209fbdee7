"""
What a judge knows of the store, as it was when the store was copied.
"""

from copy import deepcopy
from typing import Any


class Backup:
    """
    A copy of some of a judge's knowledge.

    :param judge: whose.
    :param names: of its attributes.
    """

    def __init__(self, judge: object, *names: str) -> None:
        self._judge = judge
        self._names = names
        self._copies: dict[str, Any] = {}

    def make(self) -> None:
        """
        Copy it now.
        """
        self._copies = {name: deepcopy(getattr(self._judge, name)) for name in self._names}

    def restore(self) -> None:
        """
        Let it be again what it was.
        """
        for name, value in self._copies.items():
            setattr(self._judge, name, deepcopy(value))
