"""
A member as it is pushed to: what it does next, until there is nothing left to do.

::

    proceed --DeliveryState.next--> Wait --> alarm --------.
       ^                        --> Evict --> store        |
       |                        --> Send, Tell --> place --+--> page, if far back --> push
       '-------- settled: confirmed, hung, failed --------'-----------------------------'

A healthy member has a shorter way, as long as the entry after its cursor is in memory: that is
pushed at once, and the next one over the same place.
"""

from twisted.internet.defer import ensureDeferred
from twisted.python.failure import Failure

from twisted_messenger.delivery.ahead import LogReader
from twisted_messenger.delivery.payload import PreparedPush
from twisted_messenger.delivery.shared import Shared
from twisted_messenger.delivery.slots import Place
from twisted_messenger.delivery.state import DeliveryState
from twisted_messenger.delivery.steps import Evict, Step, Tell, Wait
from twisted_messenger.errors import StoreError
from twisted_messenger.push.interfaces import Outcome, Pusher, PushResult
from twisted_messenger.roster import PLAIN, Member

#: Seconds until a push to a suspect must be connected: less than for others, since most of them
#: fail, and an address that never answers keeps its place for so long.
SUSPECT_CONNECT_TIMEOUT = 2.0

# Seconds.
_LEAST_WAIT = 0.001

# Looking a member of an enumeration up takes a while on older Pythons.
_CONFIRMED, _EXHAUSTED = Outcome.CONFIRMED, Outcome.EXHAUSTED

# Failures that say something of the member.
_TOLD = (Outcome.FAILED, Outcome.HUNG, Outcome.DEFERRED)

# An attempt of a suspect that fails after so many seconds has kept a place from others.
_LONG_SECONDS = 1.0

# Seconds until a page that could not be read is tried again.
_STORE_RETRY = 1.0

# Of a push that is not under way.
_NOTHING: tuple[str, float | None, float | None] = "", None, None


class PushedMember(LogReader):
    """
    One member, and the push to it.

    :param state: where it stands in the log.
    :param shared: what it pushes with.
    """

    # There may be very many.
    __slots__ = (
        "_gone",
        "_hangs",
        "_paused",
        "_pending",
        "_place",
        "_problem",
        "_pushedTo",
        "_queued",
        "_subscriber",
        "_underWay",
        "pusher",
        "registered",
        "wakesAt",
    )

    #: Makes the connections to it.
    pusher: Pusher
    #: The roster's revision at its last registration.
    registered: int
    # Whom its place counts for.
    _subscriber: str | None
    # Whether it is not to be pushed to for now.
    _paused: bool

    def __init__(self, state: DeliveryState, shared: Shared) -> None:
        super().__init__(state, shared)
        # Reading a page, or being evicted: it comes back by itself.
        self._pending = False
        # Waiting for a place in its window.
        self._queued = False
        # Its place, while it has one or waits for one. Where it takes its time with a push, that
        # has none any more.
        self._place: Place | None = None
        # Whether its last attempt kept a place for long.
        self._hangs = False
        # How the last push to it ended, where it was not taken.
        self._problem: PushResult | None = None
        # No longer a member, or another node's.
        self._gone = False
        # Where a push went that is under way, when its message was taken, where there is one, and
        # when it began, where it is one to a suspect.
        self._underWay = _NOTHING
        # As it was pushed to last: itself, or what it was before it moved.
        self._pushedTo: Member | None = None
        #: When it is to look again; see :class:`~twisted_messenger.delivery.alarm.Sleeper`.
        self.wakesAt: float | None = None

    def cancel(self) -> None:
        """
        Give up what is in flight, if anything is.
        """
        if self._state.busy and self._pushedTo is not None:
            self._shared.slots.inFlight[self._pushedTo.address].cancel()

    def had(self, position: int | None, reached: bool) -> None:
        """
        It got an entry as the member that it was before; ``None`` where that was a notice.

        :param reached: whether it has ever confirmed anything as that member.
        """
        self._state.reached |= reached
        if position is None:
            return
        self._state.had(position)
        if not self._state.busy:
            # The store must know too, even if nothing goes on from here: the room may be stopping.
            self._nextEntry()

    def served(self) -> None:
        """
        There is a place for it.
        """
        self._queued = False
        self.proceed()

    def proceed(self) -> None:
        """
        Do the next thing, if it is at rest.
        """
        if self._gone or self._pending or self._queued:
            return
        if self._state.busy:
            if self._pushedTo is not self.member:
                # Nobody waits there any more, and it waits elsewhere.
                self.cancel()
            return
        if self._paused:
            return
        slots, source = self._shared.slots, self._subscriber
        if slots.healthy.has(source) and (entry := self._ahead()) is not None:
            address = self.member.address
            if address not in slots.inFlight and self._state.flowOn(entry.position):
                slots.healthy.enter(self, source)
                self._place = slots.placeIn(slots.healthy, source)
                self._push(address, entry)
                return
        if self._shared.mayPush:
            self._goOn()
        else:
            self._shared.resting[self] = None

    def _ahead(self) -> PreparedPush | None:
        """
        The entry after the cursor, if it is in memory and may be pushed.

        :returns: ``None`` where there is something else to find out first.
        """
        shared, cursor = self._shared, self._state.cursor
        if cursor >= shared.tail.head:
            # It has come to the end, perhaps over a page, which would cost memory.
            self._page = None
            return None
        entry = shared.tail.next.get(cursor) or self._inPage()
        if entry is None or entry.name == self.member.name:
            return None
        if self._gone or self._paused:
            return None
        if not shared.running or (shared.lease is not None and not shared.lease.held):
            return None
        return entry

    def _goOn(self) -> None:
        if self._state.backoff is None and not self._hasWork():
            # As nearly all are between two messages.
            self._shared.resting[self] = None
            return
        step = self._state.next(self._shared.store.running())
        if isinstance(step, Evict):
            self._evict()
        elif isinstance(step, Wait):
            # A page would cost memory for as long as the member is away.
            self._forgetPage()
            if self.wakesAt is None:
                # The room's seconds are not the reactor's: rounded, a wait could be none.
                self._shared.alarm.set(self, max(_LEAST_WAIT, step.seconds))
        elif self._hasWork():
            self._enter(step)
        else:
            self._shared.resting[self] = None

    def _hasWork(self) -> bool:
        return self._state.missed > 0 or self._state.cursor < self._shared.tail.head

    def _enter(self, step: Step) -> None:
        slots, suspect = self._shared.slots, self._state.suspect
        window, hangs = slots.suspects if suspect else slots.healthy, suspect and self._hangs
        self._place = slots.placeIn(window, self._subscriber, hangs)
        if window.enter(self, self._subscriber, hangs):
            self._begin(step)
        else:
            self._queued = True
            self._forgetPage()

    def _begin(self, step: Step) -> None:
        """
        Use the place, or give it back.
        """
        address = self.member.address
        if address in self._shared.slots.inFlight:
            self._shared.slots.block(address, self)
            self._leave()
        elif isinstance(step, Tell):
            self._state.beginNotice(step.missed)
            self._push(address, None, self._shared.gap(step.missed, self.member))
        elif (entry := self._nextEntry()) is not None:
            self._state.begin(entry.position)
            self._push(address, entry)
        elif self._isInTail:
            self._forgetPage()
            self._leave()
        else:
            self._pending = True
            ensureDeferred(self._readOn()).addCallbacks(self._pageRead, self._pageFailed)

    def _leave(self) -> None:
        # Before the others: what they do may be news for it.
        self._shared.resting[self] = None
        self._giveBack()

    def _giveBack(self) -> None:
        """
        Let others have its place, if it has one: it is at rest; or it has got everything and takes
        its time, and they need not wait for it.
        """
        place, self._place = self._place, None
        if place is not None:
            self._shared.slots.leave(place)

    async def _readOn(self) -> PreparedPush | None:
        """
        Read until there is an entry that is not the member's own.

        It keeps its place meanwhile, so that the window bounds the pages in memory.
        """
        while self._shared.running and not self._gone and not self._isInTail:
            found = await self._readPage()
            entry = self._nextEntry()
            if entry is not None or not found:
                return entry
        return self._nextEntry()

    def _pageRead(self, entry: PreparedPush | None) -> None:
        self._pending = False
        mayBegin = self._shared.mayPush and not self._gone and not self._paused
        if entry is not None and mayBegin:
            # Meanwhile it may have moved, or have lost entries.
            self._begin(self._state.next(self._shared.store.running()))
        else:
            self._leave()

    def _pageFailed(self, reason: Failure) -> None:
        self._storeFailed(reason)
        self._leave()

    def _storeFailed(self, reason: Failure) -> None:
        reason.trap(StoreError)
        self._pending = False
        if self._shared.running and not self._gone:
            self._shared.alarm.set(self, _STORE_RETRY)

    def _push(self, address: str, entry: PreparedPush | None, notice: bytes = b"") -> None:
        """
        Begin to push an entry, or a notice.

        :param address: the member's.
        """
        shared, member = self._shared, self.member
        if entry is None:
            payload, since = notice, None
        else:
            plain, since = member.options is PLAIN, entry.entry.time
            payload = entry.payload if plain else entry.payloadFor(member.options)
        if self.wakesAt is not None:
            shared.alarm.cancel(self)
        timeout, begun = shared.limits.connectTimeout, None
        if self._place is not None and self._place.window is shared.slots.suspects:
            timeout = min(timeout, SUSPECT_CONNECT_TIMEOUT)
            begun = shared.reactor.seconds()
        self._pushedTo, self._underWay = member, (address, since, begun)
        # A netcat that hangs never confirmed anything, and has not said that it will answer.
        mayBeHeld = self._state.reached or member.options.ack
        shared.slots.inFlight[address] = self.pusher.begin(
            member.host,
            member.port,
            payload,
            self._settled,
            timeout,
            shared.lease,
            ack=member.options.ack,
            held=self._giveBack if mayBeHeld else None,
            source=self._subscriber or "",
            entry=None if entry is None else entry.entry,
            member=member,
        )

    def _settled(self, result: PushResult) -> None:
        shared, slots = self._shared, self._shared.slots
        address, since, begun = self._underWay
        del slots.inFlight[address]
        heir = slots.heirs.pop(address, None)
        place, hasMoved = self._place, self._pushedTo is not self.member
        if hasMoved and result.outcome is not _CONFIRMED:
            self._state.abandoned()
            self._placeFree(address)
            return
        position = self._state.inFlight
        further = shared.outcomes.settled(result, self._state, self.member, since, place is None)
        if heir is not None and further and self._isDoneFor(heir, result.outcome):
            heir.had(position, self._state.reached)
        if result.outcome is not _EXHAUSTED:
            self._problem = None if result.outcome is _CONFIRMED else result
        if begun is not None:
            self._hangs = self._tookLong(begun, result)
        # How far a member came that has left is no news, unless it is to be another node's. Since
        # when it fails is news too: a restart must not make it young again.
        if (further or self._isNews(result)) and (not self._gone or self in shared.retiring):
            shared.cursors.moved(self.member.id, self._state)
        stays = not hasMoved and place is not None and slots.mayKeep(place)
        if stays and (entry := self._ahead()) and self._state.flowOn(entry.position):
            self._push(address, entry)
        else:
            self._placeFree(address)

    def _isDoneFor(self, heir: "PushedMember", outcome: Outcome) -> bool:
        """
        Whether a push that has ended so counts for another one at that address, too.
        """
        if outcome is not Outcome.HUNG:
            # What it would not have, too.
            return outcome is not Outcome.FAILED
        # What was skipped after several attempts is not taken.
        isTaken, isHeld = self._state.taken > 0, self._place is None
        return isTaken and (isHeld or self._takesFor(heir))

    def _takesFor(self, other: "PushedMember") -> bool:
        """
        Whether another one at its address has what it took: what a stranger did not confirm, only
        another stranger.
        """
        return self._state.reached or not other._state.reached

    def _isNews(self, result: PushResult) -> bool:
        # That a listener raised says nothing of its absence, which counts on after a restart.
        isThere = self.member.isListener and result.outcome is Outcome.DEFERRED
        return result.outcome in _TOLD and not isThere

    def _tookLong(self, begun: float, result: PushResult) -> bool:
        if result.outcome is _CONFIRMED:
            return False
        lasted = self._shared.reactor.seconds() - begun
        return result.outcome is Outcome.HUNG or lasted >= _LONG_SECONDS

    def _placeFree(self, address: str) -> None:
        self._underWay = _NOTHING
        # Those who wait for a place come before the one who had it.
        self._leave()
        retired = self._shared.retiring.pop(self, None)
        if retired is not None:
            retired.callback(None)
        self.proceed()
        blocked = self._shared.slots.unblock(address)
        if blocked is not None:
            blocked.proceed()
        self._shared.pushEnded()

    def _evict(self) -> None:
        self._pending = True
        self._shared.alarm.cancel(self)
        self._shared.store.evict(self.member.id, self.registered).addCallbacks(
            self._evicted, self._storeFailed
        )

    def _evicted(self, removed: bool) -> None:
        if removed:
            self._shared.outcomes.evicted(self.member)
            return
        # It has registered again meanwhile.
        self._pending = False
        self.proceed()
