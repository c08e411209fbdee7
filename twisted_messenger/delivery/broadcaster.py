"""
The broadcaster: pushes every entry of the log to every member but its sender.

::

    LogFollower --entries--> Tail ----------------------------.
         '------members--> one Recipient for each ----+------+--> pusher
    LogTrimmer, CursorWriter <-- how far it has come --'

Each member has one push in flight, and members go in parallel.
"""

import random
import time
from collections.abc import Callable, Sequence
from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred, DeferredList, ensureDeferred, succeed
from twisted.logger import Logger

from twisted_messenger.backoff import RetryPolicy, retrySchedule
from twisted_messenger.deliveries import began, deliveriesOf, ended
from twisted_messenger.delivery.alarm import Alarm
from twisted_messenger.delivery.cursors import CursorWriter
from twisted_messenger.delivery.farewells import Farewells
from twisted_messenger.delivery.follower import LogFollower
from twisted_messenger.delivery.limits import DeliveryLimits
from twisted_messenger.delivery.outcomes import Outcomes
from twisted_messenger.delivery.pages import Pages
from twisted_messenger.delivery.payload import PreparedPush
from twisted_messenger.delivery.recipient import Recipient
from twisted_messenger.delivery.recipients import Recipients
from twisted_messenger.delivery.shared import Shared
from twisted_messenger.delivery.slots import Slots
from twisted_messenger.delivery.subscriptions import Subscriptions
from twisted_messenger.delivery.tail import Tail
from twisted_messenger.delivery.trimmer import LogTrimmer
from twisted_messenger.durations import Durations
from twisted_messenger.entry import Entry, LogLimits
from twisted_messenger.errors import StoreError
from twisted_messenger.eventlog import Counters
from twisted_messenger.interfaces import ISharedStore, MessageStore
from twisted_messenger.lease import LeaseWatch, leaseOf
from twisted_messenger.push.interfaces import Pusher
from twisted_messenger.roster import RosterNews
from twisted_messenger.shutdown import GRACE, SharedEnd, Stage, hasStopped, stopWithReactor
from twisted_messenger.steering import Serving
from twisted_messenger.subscription import Listener, Subscription

#: Seconds for pushes in flight to end, when their member becomes another node's. The member waits
#: for so long at most, and so do the others of its partition.
HANDOVER_SECONDS = 2.0


class Broadcaster(Service):
    """
    Pushes the log to the roster, until it is stopped or the reactor stops.

    :param store: open; log, roster and cursors.
    :param pusher: makes the connections.
    :param reactor: measures back-offs, and tells of its end.
    :param counters: every push is counted by its outcome.
    :param limits: what the log keeps, for members that are behind and for those who come later.
    :param delivery: how pushes are made.
    :param serverName: whose notices tell a member what it missed.
    :param retryPolicy: number of failures to seconds before the next attempt.
    :param clock: seconds since the epoch; tells when members were reached, and how soon.
    """

    log = Logger()

    def __init__(
        self,
        store: MessageStore,
        pusher: Pusher,
        reactor: Any,
        counters: Counters | None = None,
        *,
        limits: LogLimits | None = None,
        delivery: DeliveryLimits | None = None,
        serverName: str = "server",
        retryPolicy: RetryPolicy | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.counters = counters or Counters()
        #: Log, roster and cursors.
        self.store = store
        self._reactor = reactor
        #: How pushes are made.
        self.limits = delivery or DeliveryLimits()
        self._follower = LogFollower(store, self, reactor)
        self._cursors = CursorWriter(store, reactor, clock)
        self._trimmer = LogTrimmer(
            store, limits or LogLimits(), reactor, self.counters, self._cursors.write
        )
        self._tail = Tail()
        self._subscriptions = Subscriptions(store, reactor, self._deserted)
        lease = leaseOf(store)
        self._shared = Shared(
            store=store,
            pusher=pusher,
            reactor=reactor,
            alarm=Alarm(reactor),
            outcomes=Outcomes(self.counters, store.running, clock, self.limits.retryUnconfirmed),
            cursors=self._cursors,
            tail=self._tail,
            pages=Pages(store, self.limits.lineEnd),
            slots=Slots(self.limits.maxPushes, Recipient.served),
            subscriptions=self._subscriptions,
            limits=self.limits,
            serverName=serverName,
            # The lease of a store that no nodes share never ends, and need not be asked.
            lease=lease if lease.ends else None,
            clock=clock,
        )
        self._farewells = Farewells(self._shared)
        self._leaseWatch = LeaseWatch(lease, reactor, self._recallAll)
        self._recipients = Recipients(
            self._shared, self._farewells, retryPolicy or retrySchedule(random.random)
        )
        self._awaited: list[Deferred[None]] = []
        self._end = SharedEnd(lambda: ensureDeferred(self._stop()))

    @property
    def isSecond(self) -> bool:
        """
        Whether another one pushes this store's log.
        """
        return not self.running and deliveriesOf(self.store) is not None

    def startService(self) -> None:
        """
        Follow the log from the cursors on.

        :raises RuntimeError: another one follows it: everything would be pushed twice; or the
            store, which nodes share, was never open.
        """
        if self.isSecond:
            raise RuntimeError("a Broadcaster pushes this store's log already: stop that one first")
        if ISharedStore.providedBy(self.store):
            self.store.serve()
        began(self)
        super().startService()
        self._end.started()
        patience = self.limits.shutdownTimeout + GRACE
        stopWithReactor(self._reactor, self, Stage.MEMBERS, self.stopService, patience)
        self._shared.running = True
        self._cursors.start()
        self._leaseWatch.start()
        self._follower.start()
        self._trimmer.start()
        self._subscriptions.start()
        awaited, self._awaited = self._awaited, []
        for one in awaited:
            one.callback(None)

    @property
    def inFlight(self) -> int:
        """
        How many pushes are under way.
        """
        return len(self._shared.slots.inFlight)

    @property
    def ages(self) -> Durations:
        """
        See :class:`~twisted_messenger.deliveries.Deliveries`.
        """
        return self._shared.outcomes.ages

    def whenRunning(self) -> "Deferred[None]":
        """
        See :class:`~twisted_messenger.deliveries.Deliveries`.
        """
        if self.running:
            return succeed(None)
        self._awaited.append(Deferred())
        return self._awaited[-1]

    def serving(self, memberId: int) -> Serving | None:
        """
        See :class:`~twisted_messenger.deliveries.Deliveries`.
        """
        recipient = self._recipients.of(memberId)
        return None if recipient is None else recipient.serving()

    def subscribe(
        self, name: str, listener: Listener, after: int | None
    ) -> "Deferred[Subscription]":
        """
        See :class:`~twisted_messenger.deliveries.Deliveries`.
        """
        return self._subscriptions.subscribe(name, listener, after)

    def removed(self, name: str) -> None:
        """
        See :class:`~twisted_messenger.deliveries.Deliveries`.
        """
        self._subscriptions.removed(name)

    def _deserted(self, name: str) -> None:
        recipient = self._recipients.named(name)
        if recipient is not None and recipient.member.isListener:
            recipient.deserted()

    def stopService(self) -> "Deferred[None]":
        """
        Start no more pushes, wait for those in flight, write the cursors.

        :returns: fires when nothing is under way any more.
        """
        if self.running:
            super().stopService()
            self._follower.stop()
            self._trimmer.stop()
            self._subscriptions.stop()
            self._shared.running = False
            for recipient in self._recipients:
                recipient.stop()
            self._farewells.stop()
            self._leaseWatch.stop()
        return self._end.wait()

    def hurry(self) -> None:
        """
        Reset what is still in flight while stopping.
        """
        if not self.running:
            for push in list(self._shared.slots.inFlight.values()):
                push.cancel()

    def _recallAll(self) -> None:
        for push in list(self._shared.slots.inFlight.values()):
            push.recall()

    async def _stop(self) -> None:
        if self._shared.slots.inFlight:
            giveUp = self._reactor.callLater(self.limits.shutdownTimeout, self.hurry)
            await self._shared.idle()
            if giveUp.active():
                giveUp.cancel()
        await self._cursors.stop()
        if ISharedStore.providedBy(self.store):
            await self._serveNobody(self.store)
        ended(self)
        hasStopped(self._reactor, self)

    async def _serveNobody(self, store: ISharedStore) -> None:
        try:
            await store.serveNobody()
        except StoreError as error:
            self.log.warn("members were not handed over: {error}", error=error)

    def rosterChanged(self, news: RosterNews) -> None:
        """
        See :class:`~twisted_messenger.delivery.follower.Reader`.
        """
        self._tail.startAt(news.head)
        self._tail.dropUpTo(news.floor)
        gone = self._recipients.departed(news.departed)
        self._subscriptions.departed(news.departed)
        if news.leaving:
            self._subscriptions.lost(news.leaving)
            ensureDeferred(self._handOver(news.leaving))
        self._recipients.changed(news.members, gone)

    def rewound(self) -> None:
        """
        See :class:`~twisted_messenger.delivery.follower.Reader`.
        """
        self._recipients.forgetAll()
        self._tail.rewind()
        self._shared.pages.rewind()

    def passOver(self, head: int) -> bool:
        """
        See :class:`~twisted_messenger.delivery.follower.Reader`.
        """
        if self._recipients:
            return False
        self._tail.dropUpTo(head)
        self._trimmer.logGrew()
        return True

    def entriesRead(self, entries: list[Entry]) -> None:
        """
        See :class:`~twisted_messenger.delivery.follower.Reader`.
        """
        self._tail.extend([PreparedPush(entry, self.limits.lineEnd) for entry in entries])
        self._trimmer.logGrew()
        for name in {entry.name for entry in entries if entry.owned}:
            speaker = self._recipients.named(name)
            if speaker is not None:
                speaker.heard()

    def caughtUp(self) -> None:
        """
        See :class:`~twisted_messenger.delivery.follower.Reader`.
        """
        for recipient in self._shared.takeWoken():
            try:
                recipient.proceed()
            except Exception:
                # It must not keep the news from the others.
                self.log.failure("a member does not go on")
        self._farewells.tell()

    async def _handOver(self, memberIds: Sequence[int]) -> None:
        """
        Let another node serve members, as soon as what is in flight for them is over.
        """
        leaving = self._recipients.taken(memberIds)
        resting = [recipient.retire() for recipient in leaving]
        recall = self._reactor.callLater(HANDOVER_SECONDS, self._recall, leaving)
        await DeferredList(resting)
        if recall.active():
            recall.cancel()
        try:
            await self._cursors.write()
            await ISharedStore(self.store).handOver(memberIds)
        except StoreError as error:
            self.log.warn("members were not handed over: {error}", error=error)

    def _recall(self, leaving: "list[Recipient]") -> None:
        for recipient in leaving:
            recipient.giveUp()
