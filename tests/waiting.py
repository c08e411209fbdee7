"""
Waiting, for tests that run on the network in memory and on real sockets.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.testing import MemoryNetwork

#: Seconds after which a test has failed, and by which time goes on.
PATIENCE, STEP = 10.0, 0.001


class WaitingTestCase(SynchronousTestCase, ABC):
    """
    A test that waits, on whatever reactor the subclass provides.
    """

    reactor: Any

    @abstractmethod
    def waitFor(self, work: "Deferred[Any]") -> Any:
        """
        Let the reactor run until it fires.

        :returns: its result; raises what it fails with.
        """

    @abstractmethod
    def waitUntil(self, condition: Callable[[], object]) -> None:
        """
        Let the reactor run until something is true.
        """


class MemoryWaiting(SynchronousTestCase):
    """
    Lets time pass as far as a test needs it.
    """

    reactor: Any

    def setUp(self) -> None:
        """
        A new network.
        """
        super().setUp()
        self.reactor = MemoryNetwork()

    def waitFor(self, work: "Deferred[Any]") -> Any:
        """
        Let time pass until it has fired.
        """
        results: list[Any] = []
        work.addBoth(results.append)
        self.waitUntil(lambda: results)
        if isinstance(results[0], Failure):
            results[0].raiseException()
        return results[0]

    def waitUntil(self, condition: Callable[[], object]) -> None:
        """
        Let time pass until it is true.
        """
        until = self.reactor.seconds() + PATIENCE
        self.reactor.settle()
        while not condition():
            if self.reactor.seconds() >= until:
                raise AssertionError("it never happened")
            self.reactor.advance(STEP)
