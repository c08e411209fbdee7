"""
The end of a reactor, for tests whose time stands still.
"""

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred, DeferredList, maybeDeferred
from twisted.internet.task import Clock

from twisted_messenger.testing import MemoryNetwork


class SystemEvents:
    """
    What is to be called before a reactor stops, as ``IReactorCore`` has it.
    """

    def __init__(self) -> None:
        super().__init__()
        self._before: list[Callable[[], object]] = []

    def addSystemEventTrigger(
        self, phase: str, event: str, call: Callable[..., object], *arguments: object
    ) -> object:
        """
        See ``IReactorCore``.
        """
        assert (phase, event) == ("before", "shutdown")
        self._before.append(lambda: call(*arguments))
        return None

    def stop(self) -> "Deferred[Any]":
        """
        :returns: fires when a reactor would close what is left.
        """
        before, self._before = self._before, []
        return DeferredList([maybeDeferred(call) for call in before])


class StoppingClock(SystemEvents, Clock):
    """
    A clock that can be stopped.
    """


class StoppingNetwork(SystemEvents, MemoryNetwork):
    """
    A network in memory that can be stopped.
    """
