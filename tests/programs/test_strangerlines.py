"""
What Twisted logs about strangers.
"""

from twisted.internet.task import Clock
from twisted.logger import LogEvent, Logger
from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.eventlog import LINE_BURST, LINE_RATE
from twisted_messenger.programs.strangerlines import BoundedObserver


class BoundedObserverTests(SynchronousTestCase):
    """
    A logger that strangers can make write.
    """

    def test_bounded(self) -> None:
        """
        A flood fills the log with so many lines, and then with one a second.
        """
        clock = Clock()
        events: list[LogEvent] = []
        log = Logger(observer=BoundedObserver(events.append, clock.seconds))
        for _ in range(3 * LINE_BURST):
            log.warn("no server certificate for name {name!r}", name=b"x.example")
        self.assertEqual(len(events), LINE_BURST)
        clock.advance(3 / LINE_RATE)
        for _ in range(LINE_BURST):
            log.warn("no server certificate for name {name!r}", name=b"x.example")
        self.assertEqual(len(events), LINE_BURST + 3)
