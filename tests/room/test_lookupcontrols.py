"""
What the system's resolver must not see.
"""

from collections.abc import Callable
from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.room.lookup import Lookup


class _Reactor(Clock):
    """
    A clock, where there is one thread only.
    """

    def callFromThread(self, call: Callable[..., object], *args: Any) -> None:
        """
        Call it.
        """
        call(*args)


class ControlTests(SynchronousTestCase):
    """
    A host name has no control characters.
    """

    def setUp(self) -> None:
        """
        Nothing is being looked up; what is, is at once.
        """
        self.lookup = Lookup(_Reactor(), lambda work: work())

    def test_refused(self) -> None:
        """
        A NUL would hide what stands behind it; others are in no name. Each is like a name that is
        not there.
        """
        for control in ("\x00", "\n", "\r", "\t", "\x1b", "\x7f", "\x85", "\u2028", "\u200b"):
            for host in (f"127.0.0.1{control}", f"127.0.0.1{control}.example.org", control):
                found = self.lookup.addresses(host, "somebody")
                problem = self.failureResultOf(found, OSError).value
                self.assertEqual((host, str(problem)), (host, "not a host name"))

    def test_others(self) -> None:
        """
        An address is found as ever, afterwards too.
        """
        for _ in range(10):
            self.failureResultOf(self.lookup.addresses("127.0.0.1\x00", "somebody"), OSError)
        found = self.lookup.addresses("127.0.0.1", "somebody")
        addresses = self.successResultOf(found)
        self.assertEqual(set(addresses), {"127.0.0.1"})
