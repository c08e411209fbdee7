"""
Assembles the parts, and keeps the order of start, of drain and of stop.
"""

from collections.abc import Callable, Sequence
from typing import Any

from twisted.application.service import Service
from twisted.internet import tcp
from twisted.internet.defer import (
    Deferred,
    DeferredList,
    TimeoutError,
    ensureDeferred,
    maybeDeferred,
)
from twisted.internet.interfaces import IListeningPort, IStreamServerEndpoint
from twisted.logger import Logger
from twisted.python.failure import Failure

from twisted_messenger.broadcaster import SHUTDOWN_TIMEOUT, Broadcaster
from twisted_messenger.errors import StartError, StoreError
from twisted_messenger.interfaces import IMessageStore
from twisted_messenger.receipt import ReceiptFactory
from twisted_messenger.room import ChatRoom
from twisted_messenger.roster import literal, machineKey
from twisted_messenger.sockets import isThisMachine, raiseDescriptorLimit, resetOnClose

# Seconds that each step of a stop has left when time is up: to reset, and to write the cursors.
_GRACE = 1.0

_EVERYWHERE = ("0.0.0.0", "::", "")


class Listener:
    """
    One place to listen.

    :param name: the option that named it, for errors.
    :param endpoint: where.
    """

    log = Logger()

    def __init__(self, name: str, endpoint: IStreamServerEndpoint) -> None:
        self.name = name
        self._endpoint = endpoint
        self.port: IListeningPort | None = None
        self._starting = False
        self._problem: Failure | None = None

    def start(self, factory: ReceiptFactory) -> None:
        """
        Listen.

        :raises StartError: the address is taken or not ours.
        """
        factory.turnstile.gates.append(self.admit)
        self._starting = True
        self._endpoint.listen(factory).addCallbacks(self._listening, self._failed)
        self._starting = False
        if self._problem is not None:
            error = getattr(self._problem.value, "socketError", self._problem.value)
            reason = getattr(error, "strerror", None) or error
            raise StartError(f"{self.name}: {reason}; choose another")

    def _listening(self, port: IListeningPort) -> None:
        # Connections inherit it: a process that is killed leaves resets, not receipts.
        resetOnClose(port, True)
        self.port = port

    def _failed(self, reason: Failure) -> None:
        self._problem = reason
        if not self._starting:
            self.log.critical("{name}: {why}", name=self.name, why=reason.getErrorMessage())

    def admit(self, vacancies: int) -> None:
        """
        Accept at most so many connections at once; the kernel's queue keeps the others.

        :param vacancies: 0 to pause.
        """
        port = self.port
        if not isinstance(port, tcp.Port):
            return
        if not vacancies:
            port.pauseProducing()
            return
        # What Twisted's ports accept before they let anybody read.
        port.numberAccepts = min(port.numberAccepts, vacancies)
        port.resumeProducing()

    def stop(self) -> "Deferred[Any]":
        """
        Take no more connections.
        """
        port, self.port = self.port, None
        return maybeDeferred(lambda: None if port is None else port.stopListening())

    @property
    def portNumber(self) -> int:
        """
        The TCP port that is listened on; 0 where there is none.
        """
        where = None if self.port is None else self.port.getHost()
        return getattr(where, "port", 0)

    def isAt(self, host: str, port: int) -> bool:
        """
        Whether a connection to that address would come in here.

        :param host: an address literal.
        """
        if self.port is None or port != self.portNumber:
            return False
        mine = getattr(self.port.getHost(), "host", "")
        if mine in _EVERYWHERE:
            return isThisMachine(host)
        return machineKey(literal(mine) or mine) == machineKey(host)


class ChatService(Service):
    """
    A room: its store, its listeners and its broadcaster.

    :param store: not open yet.
    :param room: takes what the listeners receive.
    :param factory: listens for the room.
    :param broadcaster: pushes the store's log.
    :param listeners: where to listen.
    :param shutdownTimeout: seconds that a stop leaves senders, members and the store.
    """

    log = Logger()

    def __init__(
        self,
        store: IMessageStore,
        room: ChatRoom,
        factory: ReceiptFactory,
        broadcaster: Broadcaster,
        listeners: Sequence[Listener],
        shutdownTimeout: float = SHUTDOWN_TIMEOUT,
    ) -> None:
        self.store = store
        self.room = room
        self.factory = factory
        self.broadcaster = broadcaster
        self.listeners = listeners
        self.shutdownTimeout = shutdownTimeout
        self._deadline = 0.0
        self._hurried = False
        room.isOwnListener = self._isOwnListener

    def startService(self) -> None:
        """
        Take the ports, open the store, follow it. Nothing is accepted before this returns.

        :raises StartError: the store or a port cannot be used; nothing is left running.
        """
        raiseDescriptorLimit()
        try:
            for listener in self.listeners:
                listener.start(self.factory)
            # Last, since it starts a thread that only a running reactor could stop.
            self.store.open()
        except StartError:
            for listener in self.listeners:
                listener.stop()
            raise
        self.broadcaster.startService()
        self._hurried = False
        super().startService()

    def stopService(self) -> "Deferred[None]":
        """
        Take nothing new, answer what is whole, let pushes end, write the cursors.

        :returns: fires when everything is closed.
        """
        super().stopService()
        return ensureDeferred(self._stop())

    def hurry(self) -> None:
        """
        While stopping, wait for nobody any more: reset connections and pushes.
        """
        self._hurried = True
        self.factory.abortAll()
        self.broadcaster.hurry()

    async def _stop(self) -> None:
        clock = self.factory.clock
        self._deadline = clock.seconds() + self.shutdownTimeout
        giveUp = clock.callLater(self.shutdownTimeout, self.hurry)
        await self._within("the ports", self._stopListening)
        await self._within("the senders", self.factory.drained)
        self.room.close()
        await self._within("the members", self._stopPushing)
        await self._within("the store", self.store.close)
        if giveUp.active():
            giveUp.cancel()
        self.log.info("stopped; counted: {counts}", counts=self.room.counters.snapshot())

    def _stopListening(self) -> "Deferred[Any]":
        return DeferredList([listener.stop() for listener in self.listeners])

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
        patience = max(0.0, self._deadline - clock.seconds()) + _GRACE
        try:
            await step().addTimeout(patience, clock)
        except TimeoutError:
            self.log.error("{what} took too long to stop", what=what)
        except StoreError as error:
            self.log.error("{what} did not stop: {error}", what=what, error=error)

    def _isOwnListener(self, host: str, port: int) -> bool:
        return any(listener.isAt(host, port) for listener in self.listeners)
