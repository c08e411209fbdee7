"""
Who is served next: one at a time, each source in turn, with a rest in between.

What strangers ask for, and what readers catch up with, is work that the room does beside its own.
As fast as it is asked for, a hundred requests at once would come before the next message.
"""

from collections.abc import Hashable

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime

#: Seconds after the beginning of one, until the next: for most of them the room has to itself.
TURN_SECONDS = 0.002


class Turns:
    """
    All who wait to be served.

    :param clock: the reactor, for its time.
    """

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        # By who they are, those first whose turn is next.
        self._waiting: dict[Hashable, dict[Deferred[None], int]] = {}
        self._resting: IDelayedCall | None = None

    def take(self, who: Hashable, count: int = 1) -> "Deferred[None]":
        """
        Wait for a turn.

        :param who: wants it; others come in between, however much one wants.
        :param count: of how many turns it takes the time, 1 or more.
        :returns: fires when it may begin; at once when it is cancelled, without an error: nobody
            waits for it then.
        """
        turn: Deferred[None] = Deferred(lambda turn: self._gone(who, turn))
        self._waiting.setdefault(who, {})[turn] = count
        if self._resting is None:
            self._next()
        return turn

    def _gone(self, who: Hashable, turn: "Deferred[None]") -> None:
        theirs = self._waiting[who]
        del theirs[turn]
        if not theirs:
            del self._waiting[who]
        turn.callback(None)

    def _next(self) -> None:
        self._resting = None
        if not self._waiting:
            return
        who = next(iter(self._waiting))
        theirs = self._waiting.pop(who)
        turn = next(iter(theirs))
        count = theirs.pop(turn)
        if theirs:
            self._waiting[who] = theirs
        self._resting = self._clock.callLater(count * TURN_SECONDS, self._next)
        turn.callback(None)
