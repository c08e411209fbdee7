"""
Assembles the parts, and keeps the order of start, of drain and of stop.
"""

from collections.abc import Sequence
from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred, DeferredList, ensureDeferred, maybeDeferred
from twisted.internet.interfaces import IListeningPort, IProtocolFactory, IStreamServerEndpoint
from twisted.logger import Logger
from twisted.python.failure import Failure

from twisted_messenger.broadcaster import Broadcaster
from twisted_messenger.errors import StartError, StoreError
from twisted_messenger.interfaces import IMessageStore
from twisted_messenger.receipt import ReceiptFactory
from twisted_messenger.room import ChatRoom
from twisted_messenger.roster import literal, machineKey
from twisted_messenger.sockets import isThisMachine, raiseDescriptorLimit, resetOnClose

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

    def start(self, factory: IProtocolFactory) -> None:
        """
        Listen.

        :raises StartError: the address is taken or not ours.
        """
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
    """

    log = Logger()

    def __init__(
        self,
        store: IMessageStore,
        room: ChatRoom,
        factory: ReceiptFactory,
        broadcaster: Broadcaster,
        listeners: Sequence[Listener],
    ) -> None:
        self.store = store
        self.room = room
        self.factory = factory
        self.broadcaster = broadcaster
        self.listeners = listeners
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
        super().startService()

    def stopService(self) -> "Deferred[None]":
        """
        Take nothing new, answer what is whole, let pushes end, write the cursors.

        :returns: fires when everything is closed.
        """
        super().stopService()
        return ensureDeferred(self._stop())

    async def _stop(self) -> None:
        await DeferredList([listener.stop() for listener in self.listeners])
        await self.factory.drained()
        self.room.close()
        await self.broadcaster.stopService()
        try:
            await self.store.close()
        except StoreError as error:
            self.log.error("the store did not close: {error}", error=error)
        self.log.info("stopped; counted: {counts}", counts=self.room.counters.snapshot())

    def _isOwnListener(self, host: str, port: int) -> bool:
        return any(listener.isAt(host, port) for listener in self.listeners)
