"""
When it is enough: of a member that takes nothing, and of an entry that it does not take. Pure.
"""

#: A member that takes nothing for so many seconds, in so many attempts, is evicted.
EVICT_SECONDS = 86_400.0
EVICT_ATTEMPTS = 20

#: One that was never reached is evicted so many seconds after the first failure.
NEVER_REACHED_SECONDS = 600.0

#: An entry that a member has reset so many times, over so many seconds, is skipped: it
#: must not block those after it.
POISON_RESETS = 20
POISON_SECONDS = 600.0

#: Times that a member sees an entry for which it never closes a connection.
MAX_HANGS = 3


class Trouble:
    """
    What has gone wrong with a member since it last took something.

    :param failingSince: seconds in which the room was running; ``None`` before the first failure.
    :param attempts: that have failed.
    """

    # There may be very many.
    __slots__ = ("_hangs", "_resetSince", "_resets", "attempts", "failingSince")

    def __init__(self, failingSince: float | None = None, attempts: int = 0) -> None:
        self.failingSince = failingSince
        self.attempts = attempts
        # Of the entry that it is to get.
        self._resets = self._hangs = 0
        self._resetSince = 0.0

    def failed(self, now: float) -> None:
        """
        An attempt has failed.
        """
        self.attempts += 1
        if self.failingSince is None:
            self.failingSince = now

    def lastsTooLong(self, now: float, reached: bool, evictSeconds: float) -> bool:
        """
        Whether the member is to be given up.

        :param now: it may be set back.
        :param reached: whether it ever confirmed anything.
        :param evictSeconds: without one success, more than 0.
        """
        if self.failingSince is None:
            return False
        self.failingSince = min(self.failingSince, now)
        failing = now - self.failingSince
        if not reached:
            return failing >= min(NEVER_REACHED_SECONDS, evictSeconds)
        return failing >= evictSeconds and self.attempts >= EVICT_ATTEMPTS

    def hung(self) -> bool:
        """
        The member never closed the connection for an entry.

        :returns: whether the entry is to be skipped.
        """
        self._hangs += 1
        return self._hangs >= MAX_HANGS

    def reset(self, now: float) -> bool:
        """
        The member reset the connection for an entry.

        :returns: whether the entry is to be skipped.
        """
        self._resetSince = min(self._resetSince, now) if self._resets else now
        self._resets += 1
        return self._resets >= POISON_RESETS and now - self._resetSince >= POISON_SECONDS

    def isOver(self) -> None:
        """
        The entry that made it is no longer the next one.
        """
        self._resets = self._hangs = 0
