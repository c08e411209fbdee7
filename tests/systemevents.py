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
        #: What is to be called.
        self.triggers: list[Callable[[], object]] = []

    def addSystemEventTrigger(
        self, phase: str, event: str, call: Callable[..., object], *arguments: object
    ) -> object:
        """
        See ``IReactorCore``.
        """
        assert (phase, event) == ("before", "shutdown")
        self.triggers.append(lambda: call(*arguments))
        return self.triggers[-1]

    def removeSystemEventTrigger(self, trigger: Callable[[], object]) -> None:
        """
        See ``IReactorCore``.
        """
        self.triggers.remove(trigger)

    def stop(self) -> "Deferred[Any]":
        """
        :returns: fires when a reactor would close what is left.
        """
        before, self.triggers = self.triggers, []
        return DeferredList([maybeDeferred(call) for call in before])


class StoppingClock(SystemEvents, Clock):
    """
    A clock that can be stopped.
    """


class StoppingNetwork(SystemEvents, MemoryNetwork):
    """
    A network in memory that can be stopped.
    """
