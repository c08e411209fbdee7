"""
The kernel's sockets, for tests that run in memory too.
"""

from collections.abc import Callable
from importlib import import_module
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall

# It has no type annotations.
blockon: Callable[[Deferred[Any]], Any] = import_module("pytest_twisted").blockon

#: Seconds after which a test has failed.
PATIENCE = 10.0

#: Seconds between looks at a condition.
LOOK = 0.001


class LoopbackWaiting:
    """
    Runs the real reactor as far as a test needs it.
    """

    reactor: Any = reactor

    def waitFor(self, work: "Deferred[Any]") -> Any:
        """
        Run the reactor until it fires.
        """
        return blockon(work.addTimeout(PATIENCE, self.reactor))

    def waitUntil(self, condition: Callable[[], object]) -> None:
        """
        Run the reactor until it is true.
        """

        def look() -> None:
            if condition():
                looking.stop()

        looking = LoopingCall(look)
        self.waitFor(looking.start(LOOK))
