"""
The clock that leases are believed by.
"""

import time

from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.clock import uptime


class UptimeTests(SynchronousTestCase):
    """
    A clock that nobody sets.
    """

    def test_forward(self) -> None:
        """
        It goes forward, in seconds, and has seen at least what the steady clock has.
        """
        steady, before = time.monotonic(), uptime()
        while uptime() == before:
            pass
        self.assertGreater(uptime(), before)
        self.assertGreaterEqual(before, steady)
