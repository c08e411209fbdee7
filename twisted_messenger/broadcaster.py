"""
The broadcaster: pushes every entry of the log to every member but its sender.

::

    LogFollower --what is new--> tail --> one Delivery per member --> window --> PushCreator --.
                                             ^   DeliveryQueue says when                       |
                                             '---- confirmed, hung, failed --------------------'

Each member has one push in flight, and members go in parallel. One that does not answer takes a
place in the suspects' window only, and one timer serves all that wait.
"""

import random
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol

from twisted.application.service import Service
from twisted.internet.defer import Deferred, DeferredList, ensureDeferred, maybeDeferred
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from twisted_messenger.agenda import Agenda
from twisted_messenger.counters import Counters
from twisted_messenger.cursors import CursorWriter
from twisted_messenger.delivery import (
    EVICT_SECONDS,
    DeliveryQueue,
    Evict,
    RetryPolicy,
    Tell,
    Wait,
    retrySchedule,
)
from twisted_messenger.errors import StoreError
from twisted_messenger.follower import LogFollower
from twisted_messenger.interfaces import (
    Entry,
    IMessageStore,
    LogLimits,
    MemberState,
    RosterNews,
)
from twisted_messenger.push import CONNECT_TIMEOUT, Outcome, PushResult
from twisted_messenger.roster import Member
from twisted_messenger.tail import Tail
from twisted_messenger.trimmer import LogTrimmer
from twisted_messenger.windows import MAX_PUSHES, Window, windows
from twisted_messenger.wire import formatPush

#: Seconds until a push to a suspect must be connected: less than for others, since most of them
#: fail, and a black hole keeps its place for so long.
SUSPECT_CONNECT_TIMEOUT = 2.0

#: Seconds that a stop leaves the pushes in flight.
SHUTDOWN_TIMEOUT = 5.0

# Entries and bytes read at once for one member that is far behind.
_PAGE_ENTRIES = 16
_PAGE_BYTES = 128 * 1024

# Failures in a row after which the log says so, some two seconds after the first: a netcat in a
# loop fails once per message.
_WORTH_A_LINE = 5

# Seconds until a page that could not be read is tried again.
_STORE_RETRY = 1.0

# Retries due within so many seconds go together.
_SWEEP_SECONDS = 0.02


class Pusher(Protocol):
    """
    Delivers one message; :class:`~twisted_messenger.push.PushCreator` is one.
    """

    def push(
        self, host: str, port: int, payload: bytes, connectTimeout: float | None = None
    ) -> "Deferred[PushResult]":
        """
        :param connectTimeout: seconds until it must be connected; ``None`` for the usual.
        :returns: fires with the result; never fails. Cancelling gives up.
        """


class Delivery:
    """
    One member, where it stands, and what it is doing.
    """

    def __init__(self, state: MemberState, queue: DeliveryQueue, window: Window["Delivery"]):
        self.member: Member = state.member
        self.registered = state.registered
        self.queue = queue
        #: Entries for a member too far behind for the tail.
        self.page: deque[Entry] = deque()
        #: Reading a page, or being evicted: it will be called again.
        self.pending = False
        #: Waiting for a place in its window.
        self.queued = False
        #: Where its place is, while it has one.
        self.window = window
        self.gone = False

    @property
    def busy(self) -> bool:
        """
        Whether something is under way that will come back to this member by itself.
        """
        return self.pending or self.queued or self.queue.busy

    def pageEntry(self) -> Entry | None:
        """
        The first entry of the page that the member does not have.
        """
        while self.page and self.page[0].position <= self.queue.cursor:
            self.page.popleft()
        return self.page[0] if self.page else None


class Broadcaster(Service):
    """
    Pushes the log to the roster.

    :param store: open; log, roster and cursors.
    :param pusher: makes the connections.
    :param reactor: measures back-offs.
    :param counters: every push is counted by its outcome.
    :param limits: what the log keeps for members that are behind.
    :param serverName: whose notices tell a member what it missed.
    :param maxPushes: in flight in all, 2 or more.
    :param retryUnconfirmed: try again also members that never close a connection.
    :param evictSeconds: without one success, before a member is removed; 0 for never.
    :param connectTimeout: seconds until a push to a healthy member must be connected.
    :param newline: end every push with a newline, for listening netcats.
    :param shutdownTimeout: seconds that a stop leaves the pushes in flight.
    :param retryPolicy: number of failures to seconds before the next attempt.
    :param clock: seconds since the epoch; ages messages.
    """

    log = Logger()

    def __init__(
        self,
        store: IMessageStore,
        pusher: Pusher,
        reactor: Any,
        counters: Counters | None = None,
        *,
        limits: LogLimits | None = None,
        serverName: str = "server",
        maxPushes: int = MAX_PUSHES,
        retryUnconfirmed: bool = False,
        evictSeconds: float = EVICT_SECONDS,
        connectTimeout: float = CONNECT_TIMEOUT,
        newline: bool = False,
        shutdownTimeout: float = SHUTDOWN_TIMEOUT,
        retryPolicy: RetryPolicy | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.counters = counters or Counters()
        self._store = store
        self._pusher = pusher
        self._reactor = reactor
        self._serverName = serverName
        self._retryUnconfirmed = retryUnconfirmed
        self._evictSeconds = evictSeconds
        self._connectTimeout = connectTimeout
        self._lineEnd = b"\n" if newline else b""
        self._shutdownTimeout = shutdownTimeout
        self._retryPolicy = retryPolicy or retrySchedule(random.random)
        self._healthy: Window[Delivery]
        self._suspects: Window[Delivery]
        self._healthy, self._suspects = windows(maxPushes)
        self._follower = LogFollower(store, self, reactor)
        self._trimmer = LogTrimmer(store, limits or LogLimits(), reactor, self.counters, clock)
        self._cursors = CursorWriter(store, reactor)
        self._tail: Tail | None = None
        self._deliveries: dict[int, Delivery] = {}
        self._names: dict[str, Delivery] = {}
        #: The pushes under way, by callback address: one for each.
        self._inFlight: dict[str, Deferred[PushResult]] = {}
        self._blocked: dict[str, Delivery] = {}
        self._agenda: Agenda[Delivery] = Agenda()
        self._sweep: IDelayedCall | None = None
        self._serving = False

    def startService(self) -> None:
        """
        Follow the log from the cursors on.
        """
        super().startService()
        self._follower.start()
        self._trimmer.start()

    def stopService(self) -> "Deferred[None]":
        """
        Start no more pushes, wait for those in flight, write the cursors.

        :returns: fires when nothing is under way any more.
        """
        super().stopService()
        self._follower.stop()
        self._trimmer.stop()
        if self._sweep is not None:
            self._sweep.cancel()
            self._sweep = None
        return ensureDeferred(self._stop())

    def hurry(self) -> None:
        """
        Reset what is still in flight while stopping.
        """
        if not self.running:
            for push in list(self._inFlight.values()):
                push.cancel()

    async def _stop(self) -> None:
        if self._inFlight:
            giveUp = self._reactor.callLater(self._shutdownTimeout, self.hurry)
            await DeferredList(list(self._inFlight.values()))
            if giveUp.active():
                giveUp.cancel()
        await self._cursors.stop()

    def rosterChanged(self, news: RosterNews) -> None:
        """
        See :class:`~twisted_messenger.follower.Reader`.
        """
        if self._tail is None:
            self._tail = Tail(news.head)
        departed = [self._departed(memberId) for memberId in news.departed]
        for state in news.members:
            self._memberChanged(_mergedFrom([d for d in departed if d is not None], state))

    def entriesRead(self, entries: list[Entry]) -> None:
        """
        See :class:`~twisted_messenger.follower.Reader`.
        """
        assert self._tail is not None
        self._tail.extend(entries)
        self._trimmer.logGrew()
        for name in {entry.name for entry in entries if entry.owned}:
            if name in self._names:
                self._names[name].queue.heardFrom()
                self._leaveQueue(self._names[name])

    def caughtUp(self) -> None:
        """
        See :class:`~twisted_messenger.follower.Reader`.
        """
        for delivery in list(self._deliveries.values()):
            self._proceed(delivery)

    def _memberChanged(self, state: MemberState) -> None:
        delivery = self._deliveries.get(state.member.id)
        if delivery is None:
            queue = DeliveryQueue(
                state.progress,
                self._retryPolicy,
                dropped=state.dropped,
                retryUnconfirmed=self._retryUnconfirmed,
                evictSeconds=self._evictSeconds,
            )
            delivery = Delivery(state, queue, self._suspects)
            self._deliveries[state.member.id] = delivery
        else:
            self._forgetName(delivery)
            self._updated(delivery, state)
        self._names[state.member.name] = delivery

    def _updated(self, delivery: Delivery, state: MemberState) -> None:
        delivery.queue.trimmed(state.progress.cursor, state.dropped)
        if delivery.member.address != state.member.address:
            delivery.queue.moved()
        elif delivery.registered != state.registered:
            delivery.queue.heardFrom()
        delivery.member = state.member
        delivery.registered = state.registered
        self._leaveQueue(delivery)

    def _leaveQueue(self, delivery: Delivery) -> None:
        """
        Let a member that was heard find its window anew.
        """
        if delivery.queued:
            delivery.queued = False
            delivery.window.withdraw(delivery)

    def _departed(self, memberId: int) -> Delivery | None:
        delivery = self._deliveries.pop(memberId, None)
        if delivery is not None:
            delivery.gone = True
            self._forgetName(delivery)
            self._agenda.remove(delivery)
            self._cursors.forget(memberId)
        return delivery

    def _forgetName(self, delivery: Delivery) -> None:
        # Two members may have swapped their names in one piece of news.
        if self._names.get(delivery.member.name) is delivery:
            del self._names[delivery.member.name]

    def _proceed(self, delivery: Delivery) -> None:
        """
        Do the next thing for a member, if it is at rest.
        """
        if not self.running or delivery.gone or delivery.busy:
            return
        step = delivery.queue.next(self._reactor.seconds())
        if isinstance(step, Evict):
            self._evict(delivery)
        elif isinstance(step, Wait):
            # A page would be memory that a member costs for as long as it is away.
            delivery.page.clear()
            if delivery not in self._agenda:
                self._later(delivery, step.seconds)
        elif self._hasWork(delivery):
            self._agenda.remove(delivery)
            self._enter(delivery)

    def _hasWork(self, delivery: Delivery) -> bool:
        assert self._tail is not None
        return delivery.queue.missed > 0 or delivery.queue.cursor < self._tail.head

    def _enter(self, delivery: Delivery) -> None:
        delivery.window = self._suspects if delivery.queue.suspect else self._healthy
        if delivery.window.enter(delivery):
            self._start(delivery)
        else:
            delivery.queued = True
            delivery.page.clear()

    def _start(self, delivery: Delivery) -> None:
        """
        Use the place that the delivery has, or give it back.
        """
        assert self._tail is not None
        if delivery.member.address in self._inFlight:
            # It left and came back, or two became one, while a push was under way.
            self._blocked[delivery.member.address] = delivery
            self._leave(delivery.window)
            return
        step = delivery.queue.next(self._reactor.seconds())
        if isinstance(step, Tell):
            count = f"{step.missed} messages were" if step.missed > 1 else "1 message was"
            delivery.queue.beginNotice(step.missed)
            self._push(delivery, self._serverName, f"{count} dropped")
            return
        entry = self._nextEntry(delivery)
        if entry is not None:
            delivery.queue.begin(entry.position)
            self._push(delivery, entry.name, entry.text)
        elif self._tail.covers(delivery.queue.cursor):
            self._leave(delivery.window)
        else:
            delivery.pending = True
            ensureDeferred(self._readPage(delivery)).addCallbacks(
                self._pageRead, self._pageFailed, callbackArgs=(delivery,), errbackArgs=(delivery,)
            )

    def _leave(self, window: Window[Delivery]) -> None:
        window.leave()
        if self._serving:
            # The loop below goes on; calling it from itself would nest without bound.
            return
        self._serving = True
        try:
            while delivery := self._healthy.waiting() or self._suspects.waiting():
                delivery.queued = False
                self._proceed(delivery)
        finally:
            self._serving = False

    def _nextEntry(self, delivery: Delivery) -> Entry | None:
        """
        The next entry in memory that is not the member's own.
        """
        assert self._tail is not None
        queue = delivery.queue
        while True:
            entry = delivery.pageEntry()
            if entry is None and self._tail.covers(queue.cursor):
                entry = self._tail.after(queue.cursor)
            if entry is None or entry.name != delivery.member.name:
                return entry
            queue.skip(entry.position)
            self._cursors.moved(delivery.member.id, queue.progress)

    async def _readPage(self, delivery: Delivery) -> Entry | None:
        """
        Read until there is an entry for a member that is far behind.

        It keeps its place meanwhile, so that the window bounds the pages in memory.
        """
        assert self._tail is not None
        queue = delivery.queue
        while self.running and not delivery.gone and not self._tail.covers(queue.cursor):
            page = await self._store.read(queue.cursor, _PAGE_ENTRIES, _PAGE_BYTES)
            delivery.page.extend(page)
            entry = self._nextEntry(delivery)
            if entry is not None or not page:
                # An empty page: the log was trimmed meanwhile, and news of that is on its way.
                return entry
        return self._nextEntry(delivery)

    def _pageRead(self, entry: Entry | None, delivery: Delivery) -> None:
        delivery.pending = False
        if entry is not None and self.running and not delivery.gone:
            # Meanwhile it may have moved, or have lost entries.
            self._start(delivery)
        else:
            self._leave(delivery.window)

    def _pageFailed(self, reason: Failure, delivery: Delivery) -> None:
        self._storeFailed(reason, delivery)
        self._leave(delivery.window)

    def _storeFailed(self, reason: Failure, delivery: Delivery) -> None:
        reason.trap(StoreError)
        delivery.pending = False
        if self.running and not delivery.gone:
            self._later(delivery, _STORE_RETRY)

    def _push(self, delivery: Delivery, name: str, text: str) -> None:
        member = delivery.member
        timeout = self._connectTimeout
        if delivery.queue.suspect:
            timeout = min(timeout, SUSPECT_CONNECT_TIMEOUT)
        payload = formatPush(name, text) + self._lineEnd
        # An address that cannot even be tried, such as one with a zone that is gone, raises.
        push = maybeDeferred(self._pusher.push, member.host, member.port, payload, timeout)
        push.addErrback(_notTried)
        self._inFlight[member.address] = push
        push.addCallback(self._pushed, delivery, member.address).addErrback(self._pushBroken)

    def _pushBroken(self, reason: Failure) -> None:
        self.log.failure("a push broke", reason)

    def _pushed(self, result: PushResult, delivery: Delivery, address: str) -> None:
        del self._inFlight[address]
        self.counters.add(f"pushes.{result.outcome.value}")
        if self._settled(result, delivery) and not delivery.gone:
            self._cursors.moved(delivery.member.id, delivery.queue.progress)
        # Those who wait for a place come before the one who had it.
        self._leave(delivery.window)
        self._proceed(delivery)
        if address in self._blocked:
            self._proceed(self._blocked.pop(address))

    def _settled(self, result: PushResult, delivery: Delivery) -> bool:
        """
        Tell the member's queue how the push ended.

        :returns: whether the member has come further.
        """
        queue = delivery.queue
        if result.outcome is Outcome.CONFIRMED:
            if queue.failures >= _WORTH_A_LINE:
                self.log.info("{name} is back", name=delivery.member.name)
            queue.confirmed()
            return True
        now = self._reactor.seconds()
        if result.outcome is Outcome.HUNG:
            further = queue.hung(now)
            counter = "unconfirmed"
        else:
            further = queue.failed(now, result.connected)
            counter = "skipped"
        if further:
            self.counters.add(counter)
        if queue.failures == _WORTH_A_LINE:
            self._logUnreached(delivery.member, result.detail)
        return further

    def _logUnreached(self, member: Member, why: str) -> None:
        self.log.info(
            "{name} at {host}:{port} was not reached ({why}); its messages wait",
            name=member.name,
            host=member.host,
            port=member.port,
            why=why,
        )

    def _evict(self, delivery: Delivery) -> None:
        delivery.pending = True
        self._agenda.remove(delivery)
        self._store.evict(delivery.member.id).addCallbacks(
            self._evicted, self._storeFailed, callbackArgs=(delivery,), errbackArgs=(delivery,)
        )

    def _evicted(self, removed: bool, delivery: Delivery) -> None:
        self.counters.add("evicted.member")
        self.log.info(
            "{name} at {host}:{port} was away for too long; it is no longer a member",
            name=delivery.member.name,
            host=delivery.member.host,
            port=delivery.member.port,
        )

    def _later(self, delivery: Delivery, seconds: float) -> None:
        self._agenda.put(delivery, self._reactor.seconds() + seconds)
        self._setSweep()

    def _setSweep(self) -> None:
        first = self._agenda.first()
        if first is None:
            return
        wait = max(_SWEEP_SECONDS, first - self._reactor.seconds())
        if self._sweep is None:
            self._sweep = self._reactor.callLater(wait, self._sweepDue)
        elif self._sweep.getTime() > self._reactor.seconds() + wait:
            self._sweep.reset(wait)

    def _sweepDue(self) -> None:
        self._sweep = None
        for delivery in self._agenda.due(self._reactor.seconds()):
            self._proceed(delivery)
        self._setSweep()


def _notTried(reason: Failure) -> PushResult:
    return PushResult(Outcome.FAILED, detail=reason.getErrorMessage())


def _mergedFrom(departed: list[Delivery], state: MemberState) -> MemberState:
    """
    Let a member that two others became go on where they were, which the store knows only later.
    """
    cursors = [
        delivery.queue.cursor
        for delivery in departed
        if delivery.member.name == state.member.name
        or delivery.member.address == state.member.address
    ]
    cursor = max(state.progress.cursor, min(cursors, default=0))
    return replace(state, progress=replace(state.progress, cursor=cursor))
