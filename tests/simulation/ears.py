"""
The program that has the server's room, and listens there.
"""

from collections.abc import Awaitable
from enum import Enum
from random import Random

from twisted.internet.defer import CancelledError
from twisted.internet.task import deferLater
from twisted.python.failure import Failure

from tests.simulation.process import Process
from tests.simulation.record import Kind, Record, idIn
from twisted_messenger.entry import Entry
from twisted_messenger.errors import StoreError
from twisted_messenger.room.chatroom import ChatRoom
from twisted_messenger.subscription import Subscription

#: What it is called.
EAR = "ear"

# So long after its start, at most, the program subscribes; and so long after a failure again.
_LATE_SECONDS = 2.0
_AGAIN_SECONDS = 1.0


class Trouble(Exception):
    """
    What the listener raises.
    """


class Mood(Enum):
    """
    What the listener does with an entry.
    """

    WELL = "well"
    #: It raises.
    RAISING = "raising"
    #: It takes some seconds.
    SLOW = "slow"
    #: It takes some seconds, and fails then.
    FAILING = "failing"


class Ear:
    """
    A listener that behaves as the story says.

    :param random: when it subscribes.
    """

    def __init__(self, record: Record, random: Random) -> None:
        self.mood = Mood.WELL
        self.slowSeconds = 0.0
        #: Whether it is to be subscribed.
        self.wanted = False
        #: What it was told that it missed, before its present subscription.
        self._missed = 0
        self._after: int | None = None
        self._subscription: Subscription | None = None
        self._record = record
        self._random = random
        self._room: ChatRoom
        self._process: Process

    @property
    def missed(self) -> int:
        """
        What it was told in all that it missed.
        """
        return self._missed + (self._subscription.missed if self._subscription else 0)

    def begin(self, room: ChatRoom, process: Process) -> None:
        """
        The program starts.
        """
        self._forget()
        self._room, self._process = room, process
        if self.wanted:
            process.callLater(_LATE_SECONDS * self._random.random() ** 3, self._subscribe, process)

    def subscribe(self, after: int | None = None) -> None:
        """
        Listen from now on.

        :param after: where to begin.
        """
        self.cancel()
        self.wanted, self._after = True, after
        self._subscribe(self._process)

    def cancel(self) -> None:
        """
        Listen no more.
        """
        self.wanted = False
        if self._subscription is not None and self._process.alive:
            self._subscription.cancel()
            self._record.note(Kind.CANCELLED, EAR)
        self._forget()

    def _forget(self) -> None:
        self._missed, self._subscription = self.missed, None

    def _subscribe(self, process: Process) -> None:
        # One that failed may be tried again, or not be wanted any more.
        if process.alive and process is self._process and self.wanted and not self._subscription:
            after = self._after
            subscribing = self._room.subscribe(EAR, self._heard, after=after)
            subscribing.addCallbacks(
                self._subscribed, self._refused, (process, after), errbackArgs=(process,)
            )

    def _subscribed(self, subscription: Subscription, process: Process, after: int | None) -> None:
        self._subscription = subscription
        self._record.note(Kind.SUBSCRIBED, EAR, "", "" if after is None else str(after))
        if not self.wanted:
            self.cancel()
        elif self._after == after:
            self._after = None
        else:
            # Meanwhile it wants to begin elsewhere.
            self.subscribe(self._after)

    def _refused(self, reason: Failure, process: Process) -> None:
        # It is subscribing already, the disk is full, or the room stops.
        reason.trap(StoreError, ValueError, RuntimeError)
        process.callLater(_AGAIN_SECONDS, self._subscribe, process)

    def _heard(self, entry: Entry) -> Awaitable[None] | None:
        id = idIn(entry.text)
        message = self._record.messages[id]
        if (entry.name, entry.text) != (message.name, message.text):
            self._record.violated("whole", f"{EAR} heard {entry}")
        self._record.note(Kind.HEARD, EAR, id, str(entry.position))
        fails = self.mood in (Mood.RAISING, Mood.FAILING)
        if self.mood in (Mood.WELL, Mood.RAISING):
            self._end(entry, fails)
            return None
        work = deferLater(self._process, self.slowSeconds, self._end, entry, fails)
        return work.addErrback(self._cancelled, entry)

    def _cancelled(self, reason: Failure, entry: Entry) -> Failure:
        if reason.check(CancelledError):
            self._record.note(Kind.BALKED, EAR, idIn(entry.text), str(entry.position))
        return reason

    def _end(self, entry: Entry, fails: bool) -> None:
        kind = Kind.BALKED if fails else Kind.HEEDED
        self._record.note(kind, EAR, idIn(entry.text), str(entry.position))
        if fails:
            raise Trouble
