"""
A room as a service: in which order its parts start and stop.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import (
    Deferred,
    DeferredList,
    FirstError,
    TimeoutError,
    ensureDeferred,
    gatherResults,
)
from twisted.logger import Logger

from twisted_messenger.delivery.broadcaster import Broadcaster
from twisted_messenger.errors import StartError, StoreError
from twisted_messenger.eventlog import Counters
from twisted_messenger.incoming.listener import Listener
from twisted_messenger.incoming.receipt import ReceiptFactory
from twisted_messenger.interfaces import ISharedStore, MessageStore
from twisted_messenger.room.chatroom import ChatRoom
from twisted_messenger.room.policy import Callbacks
from twisted_messenger.service.machine import raiseDescriptorLimit
from twisted_messenger.service.starting import SharedStart
from twisted_messenger.service.startline import nodeOf, startLine, whatWaits
from twisted_messenger.shutdown import GRACE, SharedEnd, Stage, hasStopped, stopWithReactor
from twisted_messenger.version import VERSION
from twisted_messenger.web.entrances import Entrances

# Of a stop; each has some time left when time is up.
_STEPS = 5


class ChatService(Service):
    """
    A room: its store, its listeners and its broadcaster.

    :param store: not open yet.
    :param room: takes what the listeners receive.
    :param factory: listens for the room.
    :param broadcaster: pushes the store's log; what its limits leave pushes at a stop, senders and
        the store have too.
    :param listeners: where to listen.
    :param storeName: what the start line calls the store.
    :param limits: what the start line tells of limits.
    :param entrances: where the door is open; ``None`` where there is none.
    """

    log = Logger()

    def __init__(
        self,
        store: MessageStore,
        room: ChatRoom,
        factory: ReceiptFactory,
        broadcaster: Broadcaster,
        listeners: Sequence[Listener],
        storeName: str = "the store",
        limits: str = "",
        entrances: Entrances | None = None,
    ) -> None:
        self._storeName = storeName
        self._limits = limits
        self.store = store
        self.room = room
        self.factory = factory
        self.broadcaster = broadcaster
        self.listeners = listeners
        self.entrances = entrances
        self._deadline = 0.0
        self._hurried = False
        self._opening: list[Deferred[None]] = []
        self._start = SharedStart()
        self._end = SharedEnd(lambda: ensureDeferred(self._stop()))

    def privilegedStartService(self) -> None:
        """
        Take the ports, with the rights of who starts the program: ``twistd --uid`` gives them up
        after that, and before the store's files are made.

        :raises StartError: a port cannot be used; no other is taken.
        """
        raiseDescriptorLimit()
        super().privilegedStartService()
        with self._orNothing():
            self._listen()

    def startService(self) -> None:
        """
        Take the ports that are not taken yet, open the store, follow it. Nothing is accepted before
        this returns.

        :raises StartError: the store or a port cannot be used; nothing is left running.
        """
        raiseDescriptorLimit()
        with self._orNothing():
            if self.broadcaster.isSecond:
                raise StartError("store: another service pushes its messages already")
            self._listen()
            # Last, since it starts a thread that only a running reactor could stop.
            self.store.open()
            self._openDoor()
        if self.room.policy.callbacks is Callbacks.ANY:
            self.log.warn("callbacks: any; strangers can make this server connect to any address")
        self.broadcaster.startService()
        self._hurried = False
        self.room.open()
        self._stopWithReactor()
        super().startService()
        ensureDeferred(self._finishStart())

    def _openDoor(self) -> None:
        # The store first: where it is another's, so is its control socket, and that is no news.
        try:
            if self.entrances is not None:
                self.entrances.open()
        except StartError:
            self.store.close()
            raise

    def _listen(self) -> None:
        for listener in self.listeners:
            if not listener.started:
                self._opening.append(listener.start(self.factory))
        if self.entrances is not None:
            self._opening += self.entrances.listen()

    @property
    def started(self) -> "Deferred[None]":
        """
        A Deferred of its own for everybody who asks. It fires when the service has been started and
        all endpoints listen, or fails with :class:`~twisted_messenger.errors.StartError`, and then
        nothing is left running.
        """
        return self._start.wait()

    @property
    def addresses(self) -> list[Any]:
        """
        The ``IAddress`` of each open listener; empty while it is stopped.
        """
        found = [listener.address for listener in self.listeners]
        return [address for address in found if address is not None]

    @property
    def counters(self) -> Counters:
        """
        How often each thing happened, in all parts of the room.
        """
        return self.room.counters

    @contextmanager
    def _orNothing(self) -> Iterator[None]:
        """
        Take no port where a start fails.
        """
        self._start.begin()
        try:
            yield
        except StartError as error:
            self._closePorts()
            self._start.failed(error)
            raise

    def _closePorts(self) -> "Deferred[Any]":
        self._opening = []
        closing = [listener.stop() for listener in self.listeners]
        if self.entrances is not None:
            closing.append(self.entrances.close())
        return DeferredList(closing)

    async def _finishStart(self) -> None:
        """
        Wait for the endpoints that need time.
        """
        opening = self._opening
        problem: StartError | None = None
        try:
            await gatherResults(opening, consumeErrors=True)
        except FirstError as first:
            problem = StartError(first.subFailure.getErrorMessage())
        if self._opening is not opening:
            # It was stopped meanwhile.
            return
        if problem is None:
            self._start.done()
            await self._tellStart()
        else:
            self.log.critical("{problem}", problem=problem)
            await self.stopService()
            self._start.failed(problem)

    async def _tellStart(self) -> None:
        places = [listener.where for listener in self.listeners]
        doors = [] if self.entrances is None else self.entrances.where
        try:
            news = await self.store.roster(0)
            waiting = whatWaits(news.members, news.head)
        except StoreError as error:
            waiting = f"not answered yet ({error})"
        line = startLine(self._nodeAt(places), waiting, places, self._limits, doors)
        self.log.info("twisted_messenger {version}: {line}", version=VERSION, line=line)
        if self.entrances is not None:
            self.entrances.warn()

    def _nodeAt(self, places: Sequence[str]) -> str:
        """
        The store's name, with that of this node where several share it, who are told where it is.
        """
        if not ISharedStore.providedBy(self.store):
            return self._storeName
        self.store.listens(places)
        return nodeOf(self._storeName, self.store.node)

    def _stopWithReactor(self) -> None:
        """
        Stop when the reactor does, whether or not anybody stops this service, and in place of the
        parts: they would not know how long to wait for each other.
        """
        self._end.started()
        reactor = self.factory.clock
        patience = self.broadcaster.limits.shutdownTimeout + _STEPS * GRACE
        stopWithReactor(reactor, self, Stage.SENDERS, self.stopService, patience)
        for part in (self.factory, self.broadcaster, self.store):
            hasStopped(reactor, part)

    def reload(self) -> bool:
        """
        Read the certificates of the listeners, and of the door, again.

        :returns: whether there are any.
        """
        found = [listener.reload() for listener in self.listeners]
        if self.entrances is not None:
            found.append(self.entrances.reload())
        return any(found)

    def stopService(self) -> "Deferred[None]":
        """
        Take nothing new, answer what is whole, let pushes end, write the cursors.

        :returns: fires when everything is closed.
        """
        super().stopService()
        self._start.begin()
        return self._end.wait()

    def hurry(self) -> None:
        """
        While stopping, wait for nobody any more: reset connections and pushes.
        """
        self._hurried = True
        self.factory.abortAll()
        if self.entrances is not None:
            self.entrances.abortAll()
        self.broadcaster.hurry()

    async def _stop(self) -> None:
        clock = self.factory.clock
        patience = self.broadcaster.limits.shutdownTimeout
        self._deadline = clock.seconds() + patience
        giveUp = clock.callLater(patience, self.hurry)
        await self._within("the ports", self._closePorts)
        await self._within("the senders", self._drained)
        self.room.close()
        await self._within("the members", self._stopPushing)
        await self._within("the store", self.store.close)
        if giveUp.active():
            giveUp.cancel()
        hasStopped(clock, self)
        self.log.info("stopped; counted: {counts}", counts=self.room.counters.snapshot())

    def _drained(self) -> "Deferred[Any]":
        senders: list[Deferred[Any]] = [self.factory.drained()]
        if self.entrances is not None:
            senders.append(self.entrances.drained())
        return DeferredList(senders)

    def _stopPushing(self) -> "Deferred[None]":
        stopped = self.broadcaster.stopService()
        if self._hurried:
            self.broadcaster.hurry()
        return stopped

    async def _within(self, what: str, step: "Callable[[], Deferred[Any]]") -> None:
        """
        Do a step of the stop, and go on without it when time is up.
        """
        clock = self.factory.clock
        patience = max(0.0, self._deadline - clock.seconds()) + GRACE
        try:
            await step().addTimeout(patience, clock)
        except TimeoutError:
            self.log.error("{what} took too long to stop", what=what)
        except StoreError as error:
            self.log.error("{what} did not stop: {error}", what=what, error=error)
        except Exception:
            # The other steps must be done all the same.
            self.log.failure("{what} did not stop", what=what)
