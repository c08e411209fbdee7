"""
One member's delivery, as a state that sees neither the network nor a clock. Pure.

::

    resting --begin, beginNotice--> in flight --confirmed, hung(unconfirmed)--> resting, one further
       ^                               |
       '--time passed, heardFrom-- backing off <--failed, hung--'   (too long: evict)

Positions are opaque: they grow, and nothing else is known of them. How many entries were due up to
one is the same, whoever counts; so a member that was there already when the log dropped what lies
before it has missed nothing of that, whatever the store believed.
"""

from dataclasses import replace

from twisted_messenger.backoff import Backoff, RetryPolicy
from twisted_messenger.delivery.steps import Evict, Send, Step, Tell, Wait
from twisted_messenger.delivery.trouble import EVICT_SECONDS, Trouble
from twisted_messenger.roster import Progress

# One for all: an empty set takes as much as any small one.
_NONE: frozenset[int] = frozenset()


class DeliveryState:
    """
    Where one member stands in the log, and what to do next.

    :param progress: where it stands now.
    :param retryPolicy: says how long to wait after a failure.
    :param evictSeconds: without one success, before the member is given up; 0 for never. ``None``
        where it is known to be there, so that what fails is no absence.
    """

    # There may be very many.
    __slots__ = (
        "_due",
        "_had",
        "_lastReached",
        "_reachedLately",
        "_retryPolicy",
        "_telling",
        "_trouble",
        "backoff",
        "cursor",
        "evictSeconds",
        "inFlight",
        "missed",
        "reached",
        "taken",
    )

    def __init__(
        self,
        progress: Progress,
        retryPolicy: RetryPolicy,
        *,
        evictSeconds: float | None = EVICT_SECONDS,
    ) -> None:
        self.cursor = progress.cursor
        self.inFlight: int | None = None
        self._due = progress.due
        #: Entries that the member lost and was not told of.
        self.missed = progress.missed
        #: Whether a push was ever confirmed.
        self.reached = progress.reached
        self._telling: int | None = None
        #: Attempts that failed since the member was last heard, and how long it waits for them;
        #: ``None`` where there are none, as for nearly all.
        self.backoff: Backoff | None = None
        self._retryPolicy = retryPolicy
        #: See above.
        self.evictSeconds = evictSeconds
        # What has gone wrong since it last took something; ``None`` as for nearly all.
        self._trouble: Trouble | None = None
        if progress.failingSince is not None or progress.attempts:
            self._trouble = Trouble(progress.failingSince, progress.attempts)
        self._lastReached = progress.lastReached
        self._reachedLately = False
        self._had = _NONE
        #: The entry that the member took with the last push; 0 where there is none.
        self.taken = 0

    @property
    def progress(self) -> Progress:
        """
        What to remember across a restart.
        """
        trouble = None if self.evictSeconds is None else self._trouble
        return Progress(
            self.cursor,
            self._due,
            self._due - self.missed,
            self.reached,
            None if trouble is None else trouble.failingSince,
            0 if trouble is None else trouble.attempts,
            self._lastReached,
        )

    @property
    def standing(self) -> Progress:
        """
        The same with what fails now, whether or not that is to be remembered.
        """
        progress, trouble = self.progress, self._trouble
        if trouble is None:
            return progress
        return replace(progress, failingSince=trouble.failingSince, attempts=trouble.attempts)

    def stamp(self, time: float) -> None:
        """
        Note about when the member was reached: nobody looks at a clock for each push.

        :param time: seconds since the epoch.
        """
        if self._reachedLately:
            self._reachedLately = False
            self._lastReached = time

    @property
    def busy(self) -> bool:
        """
        Whether an attempt is under way.
        """
        return self.inFlight is not None or self._telling is not None

    @property
    def suspect(self) -> bool:
        """
        Whether the next attempt may well fail: the last one did, or none ever succeeded.
        """
        return self.failures > 0 or not self.reached

    @property
    def failures(self) -> int:
        """
        How many attempts have failed since the member was last heard.
        """
        return 0 if self.backoff is None else self.backoff.failures

    def flowOn(self, position: int) -> bool:
        """
        An attempt to deliver an entry starts, where there is nothing else to do first.

        :param position: of the entry; beyond the cursor.
        :returns: whether it does.
        """
        # Who has failed waits, even where it may be tried again by now.
        if self.backoff is not None or not self.reached or self._had or self.missed:
            return False
        self.inFlight, self.taken = position, 0
        return True

    def next(self, now: float) -> Step:
        """
        Say what to do.

        :param now: seconds in which the room was running: what was noted before a restart counts
            on. It may be set back.
        """
        # Not for a member that was heard since it failed last: it gets its attempt.
        if self.failures and self._givenUp(now):
            return Evict()
        wait = 0.0 if self.backoff is None else self.backoff.next(now)
        if wait:
            return Wait(wait)
        return Tell(self.missed) if self.missed else Send()

    def begin(self, position: int) -> None:
        """
        An attempt to deliver an entry starts.

        :param position: of the entry; beyond the cursor.
        """
        assert self.inFlight is None and self._telling is None and position > self.cursor
        self.inFlight, self.taken = position, 0

    def beginNotice(self, missed: int) -> None:
        """
        An attempt to tell of missed entries starts.
        """
        assert not self.busy and missed > 0
        self._telling, self.taken = missed, 0

    def had(self, position: int) -> None:
        """
        The member has an entry already: it got it under the name that it had before.
        """
        if position > self.cursor:
            self._had |= {position}

    def hasHad(self, position: int) -> bool:
        """
        Whether it has an entry already.
        """
        return position in self._had

    def abandoned(self) -> None:
        """
        The attempt was given up, since the member has moved: that says nothing of it.
        """
        assert self.busy
        self.inFlight = self._telling = None

    def skip(self, position: int, own: bool = False) -> None:
        """
        An entry is not to be pushed.

        :param own: whether it never was for this member; else it has it already.
        """
        assert not self.busy and position > self.cursor
        self._due += not own
        self._cameTo(position)

    def trimmed(self, known: Progress) -> None:
        """
        The log may have dropped entries that this member did not have yet.

        :param known: how far the store knows it to be, beyond what was dropped.
        """
        if known.cursor > self.cursor:
            self.missed += max(0, known.due - self._due)
            self._due = known.due
            self._cameTo(known.cursor)

    def confirmed(self) -> None:
        """
        The member took what was in flight and closed in order.
        """
        self.reached = True
        position = self.inFlight
        failed = self._trouble is not None or self.backoff is not None
        if position is None or position <= self.cursor or failed:
            self._delivered()
            return
        # What nearly every push comes to.
        self._due += 1
        self.cursor = self.taken = position
        self.inFlight = None
        self._reachedLately = True

    def rejected(self) -> None:
        """
        The member answered that it will not have what was in flight: it is there, and has lost
        nothing that it wanted.
        """
        self.confirmed()

    def hung(self, now: float, held: bool = False, retry: bool = False) -> bool:
        """
        The member took the bytes but kept the connection open until we gave up.

        :param held: whether we waited for much longer than for others.
        :param retry: whether it is tried again in any case.
        :returns: whether the entry is done with. It counts as delivered for a member that was held,
            and for one that never confirmed anything, or a hanging netcat would show every message
            for ever. Any other is tried again, so often that nobody is blocked by an entry.
        """
        if not retry and (held or not self.reached):
            self._delivered()
            return True
        position = self.inFlight
        trouble = self._failed(now)
        if position is None or position <= self.cursor or not trouble.hung():
            return False
        self._passOver(position)
        return True

    def failed(self, now: float, connected: bool = False) -> bool:
        """
        The attempt did not reach the member; it waits for its next one.

        :param connected: whether it got as far as a connection, which the member then reset.
        :returns: whether the entry is done with: it was reset so often that it is skipped.
        """
        position = self.inFlight
        trouble = self._failed(now)
        if position is None or position <= self.cursor or not connected or not trouble.reset(now):
            return False
        self._passOver(position)
        return True

    def postponed(self, now: float) -> None:
        """
        There was no attempt after all, since this machine lacked something. It says nothing of
        the member.
        """
        assert self.busy
        self.inFlight = self._telling = None
        self._backedOff().postponed(now)

    def heardFrom(self) -> None:
        """
        The member itself spoke or registered: it is there, so try at once.
        """
        self.backoff = None

    def registered(self) -> bool:
        """
        The member registered again, perhaps elsewhere: what failed before says nothing.

        :returns: whether anything had.
        """
        self.heardFrom()
        trouble, self._trouble = self._trouble, None
        return trouble is not None

    def _givenUp(self, now: float) -> bool:
        if self._trouble is None or not self.evictSeconds:
            return False
        return self._trouble.lastsTooLong(now, self.reached, self.evictSeconds)

    def _failed(self, now: float) -> Trouble:
        assert self.busy
        self.inFlight = self._telling = None
        self._backedOff().failed(now)
        if self._trouble is None:
            self._trouble = Trouble()
        self._trouble.failed(now)
        return self._trouble

    def _delivered(self) -> None:
        position = self.inFlight
        if position is None:
            assert self._telling is not None
            self.missed -= self._telling
        elif position > self.cursor:
            self._due += 1
            self.cursor = self.taken = position
        else:
            # What was dropped while it was in flight was counted, but it has arrived.
            self.missed = max(0, self.missed - 1)
        self.inFlight = self._telling = None
        # One that hangs has all the bytes, but nobody has heard of it.
        self._reachedLately |= self.reached
        self.backoff = None
        self._trouble = None

    def _backedOff(self) -> Backoff:
        if self.backoff is None:
            self.backoff = Backoff(self._retryPolicy)
        return self.backoff

    def _passOver(self, position: int) -> None:
        self._due += 1
        self.missed += 1
        self._cameTo(position)

    def _cameTo(self, position: int) -> None:
        self.cursor = max(self.cursor, position)
        if self._had:
            self._had = frozenset(one for one in self._had if one > self.cursor) or _NONE
        if self._trouble is not None:
            self._trouble.isOver()
