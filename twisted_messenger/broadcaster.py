"""
The broadcaster: follows the log and pushes every entry to every member but its sender.

::

    store --wake--> read what is new --> tail --> one Delivery per member --> PushCreator --.
                                                     ^  cursor, back-off                    |
                                                     '--------- confirmed, hung, failed ----'

A wake carries no data and may be lost or doubled: everything is read again from the cursors.
Each member has one push in flight, members go in parallel.
"""

import random
from collections import deque
from collections.abc import Sequence
from typing import Any, Protocol

from twisted.application.service import Service
from twisted.internet.defer import Deferred, DeferredList, ensureDeferred
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from twisted_messenger.counters import Counters
from twisted_messenger.cursors import CursorWriter
from twisted_messenger.delivery import DeliveryQueue, RetryPolicy, retrySchedule
from twisted_messenger.errors import StoreError
from twisted_messenger.interfaces import Entry, IMessageStore, MemberState, RosterNews
from twisted_messenger.push import Outcome, PushResult
from twisted_messenger.roster import Member
from twisted_messenger.tail import Tail
from twisted_messenger.wire import formatPush

#: Pushes in flight in all: enough that some hanging members do not hold up the others.
MAX_PUSHES = 256

#: Seconds that a stop leaves the pushes in flight.
SHUTDOWN_TIMEOUT = 5.0

# Entries read from the store at once: for everybody, and for one member that is far behind.
_PAGE = 256
_CATCH_UP = 16

# Failures in a row after which the log says so, some two seconds after the first: a netcat in a
# loop fails once per message.
_WORTH_A_LINE = 5

# Seconds until a store that failed is read again.
_STORE_RETRY = 1.0


class Pusher(Protocol):
    """
    Delivers one message; :class:`~twisted_messenger.push.PushCreator` is one.
    """

    def push(self, host: str, port: int, payload: bytes) -> "Deferred[PushResult]":
        """
        :returns: fires with the result; never fails. Cancelling gives up.
        """


class Delivery:
    """
    One member, where it stands, and what it is doing.
    """

    def __init__(self, member: Member, queue: DeliveryQueue) -> None:
        self.member = member
        self.queue = queue
        #: Entries for a member too far behind for the tail.
        self.page: deque[Entry] = deque()
        self.reading = False
        self.queued = False
        self.timer: IDelayedCall | None = None

    @property
    def busy(self) -> bool:
        """
        Whether something is under way that will come back to this member by itself.
        """
        return self.queue.inFlight is not None or self.reading or self.queued

    def cancelTimer(self) -> None:
        """
        Forget the next attempt.
        """
        if self.timer is not None and self.timer.active():
            self.timer.cancel()
        self.timer = None


class Broadcaster(Service):
    """
    Pushes the log to the roster.

    :param store: open; log, roster and cursors.
    :param pusher: makes the connections.
    :param reactor: measures back-offs.
    :param counters: every push is counted by its outcome.
    :param maxPushes: in flight in all, 1 or more.
    :param retryUnconfirmed: try again also members that never close a connection.
    :param newline: end every push with a newline, for listening netcats.
    :param shutdownTimeout: seconds that a stop leaves the pushes in flight.
    :param retryPolicy: number of failures to seconds before the next attempt.
    """

    log = Logger()

    def __init__(
        self,
        store: IMessageStore,
        pusher: Pusher,
        reactor: Any,
        counters: Counters | None = None,
        *,
        maxPushes: int = MAX_PUSHES,
        retryUnconfirmed: bool = False,
        newline: bool = False,
        shutdownTimeout: float = SHUTDOWN_TIMEOUT,
        retryPolicy: RetryPolicy | None = None,
    ) -> None:
        self.counters = counters or Counters()
        self._store = store
        self._pusher = pusher
        self._reactor = reactor
        self._maxPushes = maxPushes
        self._retryUnconfirmed = retryUnconfirmed
        self._lineEnd = b"\n" if newline else b""
        self._shutdownTimeout = shutdownTimeout
        self._retryPolicy = retryPolicy or retrySchedule(random.random)
        self._deliveries: dict[int, Delivery] = {}
        self._names: dict[str, int] = {}
        self._tail: Tail | None = None
        self._revision = 0
        #: The pushes under way, by callback address: one for each.
        self._inFlight: dict[str, Deferred[PushResult]] = {}
        self._blocked: dict[str, Delivery] = {}
        self._ready: deque[Delivery] = deque()
        self._refreshing = False
        self._wokenAgain = False
        self._storeTimer: IDelayedCall | None = None
        self._cursors = CursorWriter(store, reactor)

    def startService(self) -> None:
        """
        Follow the log from the cursors on.
        """
        super().startService()
        self._store.follow(self._woken)
        self._woken()

    def stopService(self) -> "Deferred[None]":
        """
        Start no more pushes, wait for those in flight, write the cursors.

        :returns: fires when nothing is under way any more.
        """
        super().stopService()
        self._store.unfollow(self._woken)
        for delivery in self._deliveries.values():
            delivery.cancelTimer()
        if self._storeTimer is not None:
            self._storeTimer.cancel()
            self._storeTimer = None
        return ensureDeferred(self._stop())

    async def _stop(self) -> None:
        pushes = list(self._inFlight.values())
        if pushes:
            giveUp = self._reactor.callLater(self._shutdownTimeout, _cancelAll, pushes)
            await DeferredList(pushes)
            if giveUp.active():
                giveUp.cancel()
        await self._cursors.stop()

    def _woken(self) -> None:
        self._wokenAgain = True
        if self._refreshing or not self.running:
            return
        self._refreshing = True
        ensureDeferred(self._refresh()).addErrback(self._broken)

    def _broken(self, reason: Failure) -> None:
        self.log.failure("the broadcaster failed to read the log", reason)

    async def _refresh(self) -> None:
        """
        Read until nothing is new, then let every idle member go on.
        """
        try:
            while self._wokenAgain and self.running:
                self._wokenAgain = False
                self._rosterChanged(await self._store.roster(self._revision))
                await self._readTail()
        except StoreError as error:
            self.log.error("the log cannot be read: {error}", error=error)
            if self.running and self._storeTimer is None:
                self._storeTimer = self._reactor.callLater(_STORE_RETRY, self._storeRetried)
        finally:
            self._refreshing = False
        for delivery in list(self._deliveries.values()):
            self._proceed(delivery)

    def _storeRetried(self) -> None:
        self._storeTimer = None
        self._woken()

    async def _readTail(self) -> None:
        assert self._tail is not None
        more = True
        while more:
            entries = await self._store.read(self._tail.head, _PAGE)
            self._tail.extend(entries)
            for name in {entry.name for entry in entries if entry.owned}:
                if name in self._names:
                    self._deliveries[self._names[name]].queue.heardFrom()
            more = len(entries) == _PAGE

    def _rosterChanged(self, news: RosterNews) -> None:
        self._revision = news.revision
        if self._tail is None:
            self._tail = Tail(news.head)
        for memberId in news.departed:
            self._departed(memberId)
        for state in news.members:
            self._registered(state)

    def _registered(self, state: MemberState) -> None:
        member = state.member
        delivery = self._deliveries.get(member.id)
        if delivery is None:
            queue = DeliveryQueue(state.cursor, self._retryPolicy, self._retryUnconfirmed)
            self._deliveries[member.id] = Delivery(member, queue)
        else:
            self._forgetName(delivery.member)
            delivery.member = member
            delivery.queue.heardFrom()
            delivery.cancelTimer()
        self._names[member.name] = member.id

    def _departed(self, memberId: int) -> None:
        delivery = self._deliveries.pop(memberId, None)
        if delivery is not None:
            self._forgetName(delivery.member)
            delivery.cancelTimer()
            self._cursors.forget(memberId)

    def _forgetName(self, member: Member) -> None:
        # Two members may have swapped their names in one piece of news.
        if self._names.get(member.name) == member.id:
            del self._names[member.name]

    def _proceed(self, delivery: Delivery) -> None:
        """
        Do the next thing for a member, if it is at rest.
        """
        if not self.running or delivery.busy or delivery.member.id not in self._deliveries:
            return
        wait = delivery.queue.secondsToWait(self._reactor.seconds())
        delivery.cancelTimer()
        if wait > 0:
            delivery.timer = self._reactor.callLater(wait, self._proceed, delivery)
        elif delivery.member.address in self._inFlight:
            # It left and came back, or two became one, while a push was under way.
            self._blocked[delivery.member.address] = delivery
        elif len(self._inFlight) >= self._maxPushes:
            delivery.queued = True
            self._ready.append(delivery)
        else:
            entry = self._entryFor(delivery)
            if entry is not None:
                self._push(delivery, entry)

    def _entryFor(self, delivery: Delivery) -> Entry | None:
        """
        The next entry that is not the member's own.

        :returns: ``None`` at the head, or where a page must be read first.
        """
        assert self._tail is not None
        queue = delivery.queue
        while True:
            while delivery.page and delivery.page[0].position <= queue.cursor:
                delivery.page.popleft()
            if delivery.page:
                entry = delivery.page[0]
            elif self._tail.covers(queue.cursor):
                found = self._tail.after(queue.cursor)
                if found is None:
                    return None
                entry = found
            else:
                self._readPage(delivery)
                return None
            if entry.name != delivery.member.name:
                return entry
            queue.skip(entry.position)
            self._cursorMoved(delivery)

    def _readPage(self, delivery: Delivery) -> None:
        delivery.reading = True
        page = self._store.read(delivery.queue.cursor, _CATCH_UP)
        page.addCallbacks(
            self._pageRead, self._pageFailed, callbackArgs=(delivery,), errbackArgs=(delivery,)
        )

    def _pageRead(self, entries: Sequence[Entry], delivery: Delivery) -> None:
        delivery.reading = False
        delivery.page.extend(entries)
        if entries:
            self._proceed(delivery)

    def _pageFailed(self, reason: Failure, delivery: Delivery) -> None:
        reason.trap(StoreError)
        delivery.reading = False
        if self.running:
            delivery.cancelTimer()
            delivery.timer = self._reactor.callLater(_STORE_RETRY, self._proceed, delivery)

    def _push(self, delivery: Delivery, entry: Entry) -> None:
        delivery.queue.begin(entry.position)
        member = delivery.member
        payload = formatPush(entry.name, entry.text) + self._lineEnd
        push = self._pusher.push(member.host, member.port, payload)
        self._inFlight[member.address] = push
        push.addCallback(self._pushed, delivery, member.address).addErrback(self._pushBroken)

    def _pushBroken(self, reason: Failure) -> None:
        self.log.failure("a push broke", reason)

    def _pushed(self, result: PushResult, delivery: Delivery, address: str) -> None:
        del self._inFlight[address]
        self.counters.add(f"pushes.{result.outcome.value}")
        if self._settled(result, delivery):
            self._cursorMoved(delivery)
        # Those who wait for the window come before the one who had a place in it.
        self._startReady()
        self._proceed(delivery)
        if address in self._blocked:
            self._proceed(self._blocked.pop(address))

    def _settled(self, result: PushResult, delivery: Delivery) -> bool:
        """
        Tell the member's queue how the push ended.

        :returns: whether the entry is done with.
        """
        queue = delivery.queue
        if result.outcome is Outcome.CONFIRMED:
            if queue.failures >= _WORTH_A_LINE:
                self.log.info("{name} is back", name=delivery.member.name)
            queue.confirmed()
            return True
        now = self._reactor.seconds()
        if result.outcome is Outcome.HUNG and queue.hung(now):
            self.counters.add("unconfirmed")
            return True
        if result.outcome is Outcome.FAILED:
            queue.failed(now)
        if queue.failures == _WORTH_A_LINE:
            self.log.info(
                "{name} at {host}:{port} was not reached ({why}); its messages wait",
                name=delivery.member.name,
                host=delivery.member.host,
                port=delivery.member.port,
                why=result.detail,
            )
        return False

    def _startReady(self) -> None:
        while self._ready and len(self._inFlight) < self._maxPushes:
            delivery = self._ready.popleft()
            delivery.queued = False
            self._proceed(delivery)

    def _cursorMoved(self, delivery: Delivery) -> None:
        if delivery.member.id in self._deliveries:
            self._cursors.moved(delivery.member.id, delivery.queue.cursor)


def _cancelAll(pushes: Sequence[Deferred[PushResult]]) -> None:
    for push in pushes:
        push.cancel()
