"""
``twistd`` with timers that are as slow as the program is while it is counted.

What is due ten times a second would else come, for each push, a dozen times as often as it does.
"""

import os
import sys
from typing import Any

from twisted.internet import reactor
from twisted.scripts.twistd import run

from benchmarks.counters import SLOWNESS


def slowDown(reactor: Any, factor: float) -> None:
    """
    Let every delayed call come so many times later, and threads take turns so much less often.
    """
    sys.setswitchinterval(sys.getswitchinterval() * factor)
    callLater = reactor.callLater
    vars(reactor)["callLater"] = lambda seconds, *call, **keywords: callLater(
        seconds * factor, *call, **keywords
    )


if __name__ == "__main__":
    slowDown(reactor, float(os.environ[SLOWNESS]))
    run()
