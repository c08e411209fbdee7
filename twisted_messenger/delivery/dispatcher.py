"""
The dispatcher: lets each member go on, one push after the other, as far as there are places.

::

    proceed --DeliveryState.next--> Wait --> alarm ---time--.
       ^                        --> Evict --> store         |
       |                        --> Send, Tell --> window --+--> page, if far behind --> push
       '------------ settled: confirmed, hung, failed ------'----------------------------'
"""

from functools import partial
from typing import Any

from twisted.internet.defer import Deferred, ensureDeferred, succeed
from twisted.logger import Logger
from twisted.python.failure import Failure

from twisted_messenger.delivery.alarm import Alarm
from twisted_messenger.delivery.cursors import CursorWriter
from twisted_messenger.delivery.limits import DeliveryLimits
from twisted_messenger.delivery.outcomes import Outcomes
from twisted_messenger.delivery.recipient import Recipient
from twisted_messenger.delivery.slots import Slots, windows
from twisted_messenger.delivery.state import Evict, Step, Tell, Wait
from twisted_messenger.delivery.tail import PreparedPush, Tail
from twisted_messenger.errors import StoreError
from twisted_messenger.eventlog import Counters
from twisted_messenger.interfaces import IMessageStore
from twisted_messenger.push.interfaces import Attempt, Pusher, PushResult
from twisted_messenger.wire import formatPush

#: Seconds until a push to a suspect must be connected: less than for others, since most of them
#: fail, and a black hole keeps its place for so long.
SUSPECT_CONNECT_TIMEOUT = 2.0

# Entries and bytes read at once for one member that is far behind.
_PAGE_ENTRIES = 16
_PAGE_BYTES = 128 * 1024

# No source has more than such a part of the healthy places: many members of one that all hang at
# once must leave some for others.
_SHARES = 8

# Seconds until a page that could not be read is tried again.
_STORE_RETRY = 1.0


class Dispatcher:
    """
    Makes the pushes of all members.

    :param store: pages are read from it, and members evicted.
    :param pusher: makes the connections.
    :param reactor: measures back-offs.
    :param counters: every push is counted by its outcome.
    :param cursors: is told how far members have come.
    :param tail: the newest entries; whoever adds some lets the members proceed.
    :param limits: how pushes are made.
    :param serverName: whose notices tell a member what it missed.
    """

    log = Logger()

    def __init__(
        self,
        store: IMessageStore,
        pusher: Pusher,
        reactor: Any,
        counters: Counters,
        cursors: CursorWriter,
        tail: Tail,
        limits: DeliveryLimits,
        serverName: str,
    ) -> None:
        #: The pushes under way, by callback address: one for each.
        self.inFlight: dict[str, Attempt] = {}
        self._idle: list[Deferred[None]] = []
        self._store = store
        self._pusher = pusher
        self._reactor = reactor
        self._outcomes = Outcomes(counters, reactor)
        self._cursors = cursors
        self._tail = tail
        self._serverName = serverName
        self._connectTimeout = limits.connectTimeout
        self._lineEnd = limits.lineEnd
        # Before each push, a store that no nodes share is not asked.
        self._lease = store.lease if store.lease.ends else None
        self._healthy: Slots[Recipient]
        self._suspects: Slots[Recipient]
        self._healthy, self._suspects = windows(limits.maxPushes)
        self._maxShare = max(1, limits.maxPushes // _SHARES)
        self._blocked: dict[str, Recipient] = {}
        self._later: Alarm[Recipient] = Alarm(reactor, self.proceed)
        self._serving = False
        self._running = False

    def start(self) -> None:
        """
        Push from now on.
        """
        self._running = True

    def stop(self) -> None:
        """
        Begin no more pushes; those in flight go on.
        """
        self._running = False
        self._later.stop()

    def idle(self) -> "Deferred[None]":
        """
        :returns: fires when no push is in flight.
        """
        if not self.inFlight:
            return succeed(None)
        self._idle.append(Deferred())
        return self._idle[-1]

    def heard(self, delivery: Recipient) -> None:
        """
        A member was heard: let it find its window anew when it proceeds.
        """
        if delivery.queued:
            delivery.queued = False
            delivery.window.withdraw(delivery)

    def forget(self, delivery: Recipient) -> None:
        """
        A member is gone; what is in flight for it goes on.
        """
        delivery.gone = True
        self._later.remove(delivery)

    def retire(self, delivery: Recipient) -> "Deferred[None]":
        """
        A member is to be another node's; what is in flight for it still counts.

        :returns: fires when nothing is.
        """
        self.forget(delivery)
        if delivery.queue.busy:
            delivery.rested = Deferred()
            return delivery.rested
        return succeed(None)

    def recallAll(self) -> None:
        """
        Take back whatever has not been sent to its end.
        """
        for attempt in list(self.inFlight.values()):
            attempt.recall()

    def proceed(self, delivery: Recipient) -> None:
        """
        Do the next thing for a member, if it is at rest.
        """
        if not self._running or delivery.gone or delivery.busy:
            return
        if self._lapsed():
            return
        if self._flowed(delivery):
            return
        step = delivery.queue.next(self._reactor.seconds())
        if isinstance(step, Evict):
            self._evict(delivery)
        elif isinstance(step, Wait):
            # A page would be memory that a member costs for as long as it is away.
            delivery.page.clear()
            if delivery not in self._later:
                self._later.put(delivery, step.seconds)
        elif self._hasWork(delivery):
            self._later.remove(delivery)
            self._enter(delivery, step)

    def _flowed(self, delivery: Recipient) -> bool:
        """
        Push the next entry to a healthy member at the head, as nearly all are, with nothing
        further to find out.

        :returns: whether it was one, and there was an entry and a place for it.
        """
        entry = self._tail.next.get(delivery.queue.cursor)
        if entry is None or entry.name == delivery.member.name or delivery.page:
            return False
        window, source = self._healthy, delivery.subscriber
        if window.full or window.taken(source) >= self._maxShare:
            return False
        if delivery.address in self.inFlight or not delivery.queue.flowOn(entry.position):
            return False
        self._later.remove(delivery)
        window.enter(delivery, source)
        delivery.window, delivery.source = window, source
        self._push(delivery, entry.payload)
        return True

    def _lapsed(self) -> bool:
        """
        Whether another node may serve the members by now. When this one may again, they are news.
        """
        return self._lease is not None and not self._lease.held

    def _hasWork(self, delivery: Recipient) -> bool:
        return delivery.queue.missed > 0 or delivery.queue.cursor < self._tail.head

    def _enter(self, delivery: Recipient, step: Step) -> None:
        crowded = self._healthy.taken(delivery.subscriber) >= self._maxShare
        suspect = crowded or delivery.queue.suspect
        delivery.window = self._suspects if suspect else self._healthy
        if delivery.window.enter(delivery, delivery.subscriber):
            delivery.source = delivery.subscriber
            self._start(delivery, step)
        else:
            delivery.queued = True
            delivery.page.clear()

    def _start(self, delivery: Recipient, step: Step) -> None:
        """
        Use the place that the delivery has, or give it back.
        """
        if delivery.address in self.inFlight:
            # It left and came back, or two became one, while a push was under way.
            self._blocked[delivery.address] = delivery
            self._leave(delivery)
            return
        if isinstance(step, Tell):
            count = f"{step.missed} messages were" if step.missed > 1 else "1 message was"
            delivery.queue.beginNotice(step.missed)
            self._push(delivery, formatPush(self._serverName, f"{count} dropped") + self._lineEnd)
            return
        entry = self._nextEntry(delivery)
        if entry is not None:
            delivery.queue.begin(entry.position)
            self._push(delivery, entry.payload)
        elif self._tail.covers(delivery.queue.cursor):
            self._leave(delivery)
        else:
            delivery.pending = True
            ensureDeferred(self._readPage(delivery)).addCallbacks(
                self._pageRead, self._pageFailed, callbackArgs=(delivery,), errbackArgs=(delivery,)
            )

    def _leave(self, delivery: Recipient) -> None:
        delivery.window.leave(delivery.source)
        if self._serving:
            # The loop below goes on; calling it from itself would nest without bound.
            return
        self._serving = True
        try:
            while following := self._healthy.waiting() or self._suspects.waiting():
                following.queued = False
                self.proceed(following)
        finally:
            self._serving = False

    def _nextEntry(self, delivery: Recipient) -> PreparedPush | None:
        """
        The next entry in memory that is not the member's own.
        """
        queue = delivery.queue
        while True:
            entry = delivery.pageEntry() if delivery.page else None
            if entry is None and self._tail.covers(queue.cursor):
                entry = self._tail.after(queue.cursor)
            if entry is None or entry.name != delivery.member.name:
                return entry
            queue.skip(entry.position)
            self._cursors.moved(delivery.member.id, queue)

    async def _readPage(self, delivery: Recipient) -> PreparedPush | None:
        """
        Read until there is an entry for a member that is far behind.

        It keeps its place meanwhile, so that the window bounds the pages in memory.
        """
        queue = delivery.queue
        while self._running and not delivery.gone and not self._tail.covers(queue.cursor):
            page = await self._store.read(queue.cursor, _PAGE_ENTRIES, _PAGE_BYTES)
            delivery.page.extend(PreparedPush(entry, self._lineEnd) for entry in page)
            entry = self._nextEntry(delivery)
            if entry is not None or not page:
                # An empty page: the log was trimmed meanwhile, and news of that is on its way.
                return entry
        return self._nextEntry(delivery)

    def _pageRead(self, entry: PreparedPush | None, delivery: Recipient) -> None:
        delivery.pending = False
        if entry is not None and self._running and not (delivery.gone or self._lapsed()):
            # Meanwhile it may have moved, or have lost entries.
            self._start(delivery, delivery.queue.next(self._reactor.seconds()))
        else:
            self._leave(delivery)

    def _pageFailed(self, reason: Failure, delivery: Recipient) -> None:
        self._storeFailed(reason, delivery)
        self._leave(delivery)

    def _storeFailed(self, reason: Failure, delivery: Recipient) -> None:
        reason.trap(StoreError)
        delivery.pending = False
        if self._running and not delivery.gone:
            self._later.put(delivery, _STORE_RETRY)

    def _push(self, delivery: Recipient, payload: bytes) -> None:
        member = delivery.member
        timeout = self._connectTimeout
        if delivery.window is self._suspects:
            timeout = min(timeout, SUSPECT_CONNECT_TIMEOUT)
        address = delivery.pushedTo = delivery.address
        settled = partial(self._pushed, delivery, address)
        self.inFlight[address] = self._pusher.begin(
            member.host, member.port, payload, settled, timeout, self._lease
        )

    def _pushed(self, delivery: Recipient, address: str, result: PushResult) -> None:
        del self.inFlight[address]
        further = self._outcomes.settled(result, delivery)
        if further and (delivery.rested is not None or not delivery.gone):
            self._cursors.moved(delivery.member.id, delivery.queue)
        if not self._goOn(delivery, address):
            # Those who wait for a place come before the one who had it.
            self._leave(delivery)
            if delivery.rested is not None:
                rested, delivery.rested = delivery.rested, None
                rested.callback(None)
            self.proceed(delivery)
            if address in self._blocked:
                self.proceed(self._blocked.pop(address))
        if self._idle and not self.inFlight:
            idle, self._idle = self._idle, []
            for waiting in idle:
                waiting.callback(None)

    def _goOn(self, delivery: Recipient, address: str) -> bool:
        """
        Let a healthy member at the head keep its place, if nobody waits for it.

        :returns: whether it has its next push.
        """
        if not self._running or delivery.window is not self._healthy or delivery.gone:
            return False
        if self._lapsed():
            return False
        if self._healthy.queue or self._blocked or delivery.page:
            return False
        entry = self._tail.next.get(delivery.queue.cursor)
        if entry is None or entry.name == delivery.member.name or delivery.address != address:
            return False
        if not delivery.queue.flowOn(entry.position):
            return False
        self._push(delivery, entry.payload)
        return True

    def _evict(self, delivery: Recipient) -> None:
        delivery.pending = True
        self._later.remove(delivery)
        self._store.evict(delivery.member.id, delivery.registered).addCallbacks(
            self._evicted, self._storeFailed, callbackArgs=(delivery,), errbackArgs=(delivery,)
        )

    def _evicted(self, removed: bool, delivery: Recipient) -> None:
        if not removed:
            # It has registered again meanwhile.
            delivery.pending = False
            self.proceed(delivery)
            return
        self._outcomes.evicted(delivery.member)
