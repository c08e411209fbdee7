"""
Whether a store may be asked: not before it is open, and no more once it is to close.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from twisted.internet.defer import Deferred, fail
from twisted.python.failure import Failure

from twisted_messenger.errors import StoreClosed

T = TypeVar("T")
P = ParamSpec("P")


class Opening:
    """
    What becomes of a store, as far as its callers are concerned.
    """

    def __init__(self) -> None:
        self._wasOpen = False
        #: Whether it may be asked now.
        self.isOpen = False

    def opened(self) -> None:
        """
        It may be asked from now on.
        """
        self._wasOpen = self.isOpen = True

    def closed(self) -> bool:
        """
        It may be asked no more, until it is opened again.

        :returns: whether it was open.
        """
        wasOpen, self.isOpen = self.isOpen, False
        return wasOpen

    def problem(self) -> StoreClosed | None:
        """
        :returns: why it cannot be asked now, if it cannot.
        :raises RuntimeError: it was never open, which is a mistake of the program.
        """
        if self.isOpen:
            return None
        if self._wasOpen:
            return StoreClosed("the store is closed")
        raise RuntimeError("the store is not open: call its open() first")

    def failure(self) -> Failure:
        """
        :returns: why it cannot be asked now, also where that is a mistake.
        """
        try:
            return Failure(self.problem())
        except RuntimeError:
            return Failure()


def whileOpen(
    method: "Callable[Concatenate[Any, P], Deferred[T]]",
) -> "Callable[Concatenate[Any, P], Deferred[T]]":
    """
    Let a method of a store, which keeps an ``opening``, be called while it is open only.
    """

    @wraps(method)
    def checked(store: Any, /, *arguments: P.args, **named: P.kwargs) -> "Deferred[T]":
        opening: Opening = store.opening
        if opening.isOpen:
            return method(store, *arguments, **named)
        return fail(opening.problem())

    return checked
