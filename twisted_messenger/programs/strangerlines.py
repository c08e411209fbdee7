"""
Keeps what Twisted itself logs about strangers within reason.
"""

import time
from collections.abc import Callable
from importlib import import_module

from twisted.logger import ILogObserver, LogEvent, globalLogPublisher
from zope.interface import implementer

from twisted_messenger.eventlog import LINE_BURST, LINE_RATE
from twisted_messenger.rates import RateLimit

# A tls: listener writes three lines for each handshake with a host name that it has no certificate
# for, without a word of where it comes from.
_TALKATIVE = "twisted.protocols._sni"


@implementer(ILogObserver)
class BoundedObserver:
    """
    Passes on so many events a second, and counts no others: their module has no source to tell.

    :param observer: gets them.
    :param clock: seconds that nobody sets.
    """

    def __init__(
        self,
        observer: Callable[[LogEvent], object] = globalLogPublisher,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._observer = observer
        self._clock = clock
        self._lines = RateLimit(LINE_RATE, LINE_BURST)

    def __call__(self, event: LogEvent) -> None:
        """
        Something was logged.
        """
        if self._lines.take(None, self._clock()):
            self._observer(event)


def boundStrangersLines() -> None:
    """
    Bound the lines of this process that a stranger's handshake can cause.
    """
    try:
        module = import_module(_TALKATIVE)
    except ImportError:
        # There is no TLS, or an older Twisted.
        return
    module.log.observer = BoundedObserver()
