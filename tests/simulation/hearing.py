"""
Judges what the program's listener hears: everything, in order, one after the other, and twice only
for a reason.
"""

from bisect import bisect_right, insort

from tests.simulation.backup import Backup
from tests.simulation.ears import EAR, Ear
from tests.simulation.record import Event, Kind, Message, Record
from tests.simulation.server import Settings

# A crash repeats what was done at most so long before it: see the judge of deliveries.
_FLUSH_SECONDS = 1.5


class HearingJudge:
    """
    Watches the listener.

    :param ear: the listener.
    :param settings: whether the log may drop anything, and when places are given up.
    """

    def __init__(self, record: Record, ear: Ear, settings: Settings) -> None:
        self._record = record
        self._ear = ear
        self._tight = settings.backlog > 0
        self._evictSeconds = settings.evictSeconds
        #: Positions of what is for the listener, in order.
        self._log: list[int] = []
        #: Up to where it has done everything, in its place; ``None`` where it has none.
        self._done: int | None = None
        self._start = 0
        #: Whether it began anew when it got its place last.
        self._isNew = False
        #: When it did each.
        self._doneAt: dict[int, float] = {}
        self._working = False
        #: Whether what it does now counts for its place, and not for the one that it has left.
        self._counts = False
        self._subscribed = False
        self._deserted = 0.0
        #: Whether it may go back: the server knows only what was written before it started.
        self._mayRepeat = False
        self._crashed: list[float] = []
        self._full = -1.0
        self._skipped = 0
        self._backup = Backup(self, "_log", "_done", "_start", "_isNew", "_doneAt", "_deserted")
        self._backedUp = 0.0
        self.heard = 0

    def noted(self, event: Event) -> None:
        """
        See :class:`~tests.simulation.record.Judge`.
        """
        if event.kind is Kind.APPENDED:
            if event.who != EAR:
                insort(self._log, int(event.detail))
        elif event.kind is Kind.PLACED:
            self._placed(event)
        elif event.kind is Kind.SUBSCRIBED:
            self._begun(event)
        elif event.kind is Kind.HEARD:
            self._hears(event)
        elif event.kind in (Kind.HEEDED, Kind.BALKED):
            self._ended(event)
        elif event.kind in (Kind.CANCELLED, Kind.CRASHED, Kind.STOPPED):
            self._left(event)
        elif event.kind is Kind.FULL:
            self._full = event.time
        elif event.kind is Kind.ABANDONED:
            self._abandoned(event)
        elif event.kind is Kind.BACKED_UP:
            self._backup.make()
            self._backedUp = event.time
        elif event.kind is Kind.RESTORED:
            self._backup.restore()
            # What was done last before the copy was made, that may lack, as after a crash.
            self._crashed.append(self._backedUp)

    def _placed(self, event: Event) -> None:
        self._isNew = event.what == "joined"
        if self._isNew:
            self._done = self._start = int(event.detail)
            self._doneAt.clear()
            self._counts = False

    def _begun(self, event: Event) -> None:
        self._subscribed = True
        if not event.detail:
            return
        # Where there is no room, what everybody has is forgotten.
        isKept = not self._tight and self._full < 0
        if not self._isNew or (isKept and self._start > int(event.detail)):
            self._record.violated("rewind", f"asked for {event.detail}, began at {self._start}")

    def _left(self, event: Event) -> None:
        if self._subscribed:
            self._deserted = event.time
        self._subscribed = False
        if event.kind is not Kind.CANCELLED:
            # None of its code runs any more.
            self._working, self._mayRepeat = False, True
        if event.kind is Kind.CRASHED:
            self._crashed.append(event.time)

    def _hears(self, event: Event) -> None:
        self.heard += 1
        position = int(event.detail)
        message = self._record.messages[event.what]
        if self._working:
            self._record.violated("one at a time", f"{EAR} hears {event.what} while it is at work")
        if message.name == EAR:
            self._record.violated("own", f"{EAR} hears its own {event.what}")
        if message.answer in ("refused", "later"):
            self._record.violated("refused", f"{EAR} hears {event.what}, which was refused")
        self._working = self._counts = True
        self._follow(position, event)
        self._mayRepeat = False

    def _follow(self, position: int, event: Event) -> None:
        """
        It must be what comes next.
        """
        assert self._done is not None
        if position <= self._done:
            if not (self._mayRepeat and self._hasReason(position)):
                self._record.violated("twice", f"{EAR} hears {event.what} without a reason")
            self._done = position - 1
        between = bisect_right(self._log, position - 1) - bisect_right(self._log, self._done)
        self._skipped += between
        if between and (not self._tight or self._skipped > self._ear.missed):
            self._record.violated("order", f"{EAR} hears {event.what} before {between} others")
        self._done = position - 1

    def _hasReason(self, position: int) -> bool:
        at = self._doneAt.get(position)
        if at is None or self._full >= at:
            return at is not None
        return any(0 <= crash - at <= _FLUSH_SECONDS for crash in self._crashed)

    def _ended(self, event: Event) -> None:
        self._working = False
        if event.kind is Kind.HEEDED and self._counts:
            self._done = int(event.detail)
            self._doneAt[self._done] = event.time

    def _abandoned(self, event: Event) -> None:
        self._done = None
        if self._subscribed or not self._evictSeconds:
            self._record.violated("eviction", f"{EAR} lost its place")
        elif event.time - self._deserted < self._evictSeconds:
            self._record.violated("eviction", f"{EAR} lost its place too early")

    def _isOwed(self, message: Message) -> bool:
        assert self._done is not None
        return message.name != EAR and not message.lost and message.position > self._done

    def missing(self) -> list[str]:
        """
        What the listener is owed and did not hear.
        """
        if not self._ear.wanted:
            return []
        if not self._subscribed or self._done is None:
            return [f"{EAR} is not subscribed, though all is well"]
        stored = [one for one in self._record.messages.values() if one.answer == "stored"]
        return [f"{EAR} did not hear {one.id}" for one in stored if self._isOwed(one)]
