"""
What is written down of peers: every refusal counted, and one line for it, within reason.
"""

import time
from collections import defaultdict
from collections.abc import Callable

from twisted.logger import Logger

from twisted_messenger.address import Source
from twisted_messenger.rates import RateLimit
from twisted_messenger.refusal import MAX_DETAIL, Refusal
from twisted_messenger.text import escapeLine


class Counters:
    """
    How often each thing happened since the start.

    Names are words with underscores, grouped by a dot: ``refused.too_big``.
    """

    def __init__(self) -> None:
        #: By name. Who counts every message, or every push, adds there itself, without a call; and
        #: it is no Counter, which takes three times as long.
        self.counts: defaultdict[str, int] = defaultdict(int)

    def add(self, name: str, amount: int = 1) -> None:
        """
        Count something that happened.

        :param amount: how often, or how much of it; never negative.
        """
        self.counts[name] += amount

    def __getitem__(self, name: str) -> int:
        """
        :returns: the count; 0 for what never happened.
        """
        return self.counts.get(name, 0)

    def snapshot(self) -> dict[str, int]:
        """
        :returns: every count that is not 0, ordered by name.
        """
        return {name: count for name, count in sorted(self.counts.items()) if count}


#: Log lines a second that one source may cause, and at once. A flood would fill the disk with
#: what the counters say in a word.
LINE_RATE = 1.0
LINE_BURST = 50

_NO_MORE = "; what else comes from there is not logged for now"


class EventLog:
    """
    Counts refusals and logs them, so many for each source.

    :param counters: every refusal is counted there as ``refused.CODE``, and what was not logged
        as ``unlogged``.
    :param clock: seconds that nobody sets.
    """

    log = Logger()

    def __init__(
        self, counters: Counters | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.counters = counters or Counters()
        self._clock = clock
        self._lines = RateLimit(LINE_RATE, LINE_BURST)

    def refused(self, refusal: Refusal, source: Source) -> Refusal:
        """
        Something was refused.

        :returns: the refusal.
        """
        self.counters.add(f"refused.{refusal.code}")
        self.note(
            source,
            "refused {reason} from {source}: {detail}",
            reason=refusal.code,
            source=source.host,
            detail=escapeLine(refusal.detail, MAX_DETAIL),
        )
        return refusal

    def note(self, by: Source, line: str, /, **fields: object) -> None:
        """
        Log something else that a peer can cause as often as it likes.

        :param by: who caused it.
        :param line: a format string.
        :param fields: its values, with nothing in them that a terminal obeys.
        """
        # Loopback too: a limit on lines refuses nobody.
        left = self._lines.take(by.subscriber, self._clock())
        if left:
            self.log.info(line + "{more}", more=_NO_MORE if left == 1 else "", **fields)
        else:
            self.counters.add("unlogged")
