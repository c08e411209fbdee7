"""
The time that stands in front of a message, and the date between two days.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from twisted_messenger.peer.arrival import Arrival

# A message that is older when it comes has waited, and is shown with its own time.
_WAITED = timedelta(minutes=1)


class Timestamps:
    """
    Tells times in words.

    :param now: the date and the time of day, here.
    :param always: whether each message has its time; else only those that waited have.
    """

    def __init__(self, now: Callable[[], datetime], always: bool) -> None:
        self._now = now
        self._always = always
        self._day = now().date()

    def heard(self, arrival: Arrival) -> str:
        """
        When a message was said; empty for none of interest.
        """
        now = self._now()
        said = timeOf(arrival.said)
        if said is not None and now - said > _WAITED:
            isToday = said.date() == now.date()
            return said.strftime("%H:%M" if isToday else "%Y-%m-%d %H:%M")
        return self.said()

    def said(self) -> str:
        """
        The time for what the person says now; empty for none.
        """
        return self._now().strftime("%H:%M") if self._always else ""

    def newDay(self) -> str:
        """
        The date, where it is another one than at the last call; else empty.
        """
        before, self._day = self._day, self._now().date()
        return "" if before == self._day else self._day.strftime("%A, %Y-%m-%d")


def isoTime(seconds: float | None) -> str | None:
    """
    A moment as ISO 8601, with the zone.

    :param seconds: since the epoch; whatever a server says.
    """
    moment = timeOf(seconds)
    return None if moment is None else moment.astimezone().isoformat()


def timeOf(seconds: float | None) -> datetime | None:
    """
    A moment as the clock here showed it.

    :param seconds: since the epoch; whatever a server says.
    """
    try:
        return None if seconds is None else datetime.fromtimestamp(seconds)
    except (OverflowError, ValueError, OSError):
        return None
