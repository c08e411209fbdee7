"""
The short ways of messages in and of pushes out, over the simulation's sockets.

What decides and what goes the short ways is the real code; in the place of the kernel's epolls and
of its way to accept stand doubles.
"""

import select
from collections.abc import Callable
from errno import EINPROGRESS, ENETUNREACH
from itertools import count
from random import Random
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ServerEndpoint

from tests.memorydoor import MemoryDoor
from tests.simulation.process import Process
from twisted_messenger.incoming.receipt import ReceiptFactory
from twisted_messenger.push.epoll import SocketBatch
from twisted_messenger.testing.kernel import Socket

# Descriptors, of which no program has so many.
_FIRST_DESCRIPTOR = 1_000_000

# In so many turns of the reactor, a sender ends a message.
_BUSY_TURNS = 4

# Seconds until a connection stands that does not at once.
_HANDSHAKE = 0.001
_SLOW_SHARE = 0.2


class DoorEndpoint(TCP4ServerEndpoint):
    """
    A port with a front door.

    :param random: how long who connects waits in front of it.
    """

    def __init__(self, random: Random, process: Process, port: int, host: str) -> None:
        super().__init__(process, port, interface=host)
        self._random = random

    def listen(self, protocolFactory: Any) -> "Deferred[Any]":
        """
        See ``IStreamServerEndpoint``.
        """

        def listening(port: Any) -> Any:
            SimulatedDoor(self._random, port, protocolFactory)
            return port

        opening: Deferred[Any] = super().listen(protocolFactory)
        return opening.addCallback(listening)


class SimulatedDoor(MemoryDoor):
    """
    Belongs to a process that may be killed.

    :param random: how often the program is busy with others when somebody connects.
    """

    def __init__(self, random: Random, port: Any, factory: ReceiptFactory) -> None:
        super().__init__(port, factory)
        self._random = random
        self._turns = 0

    def doRead(self) -> None:
        """
        Be busy for some turns of the reactor, in which senders go on; then accept.
        """
        if self._turns:
            self._turns -= 1
        else:
            self._turns = self._random.randint(0, _BUSY_TURNS)
            super().doRead()

    def _accept(self) -> list[tuple[Any, Any]]:
        accepted = super()._accept()
        for handle, _ in accepted:
            self._port.reactor.own(handle)
        return accepted


class BatchSocket(Socket):
    """
    A socket of a batch, which is also the transport that the simulation knows for it.

    :param process: whose socket it is.
    :param epoll: tells of its events.
    :param isSlow: whether a connection takes its time.
    :param isUnplugged: whether no way leads out of the machine.
    """

    def __init__(
        self, process: Process, epoll: "Epoll", isSlow: bool, isUnplugged: Callable[[], bool]
    ) -> None:
        network: Any = process
        super().__init__(network)
        self.events = 0
        self.socket = self
        self._process = process
        self._epoll = epoll
        self._isSlow = isSlow
        self._isUnplugged = isUnplugged
        self._descriptor = epoll.descriptorOf(self)
        process.own(self)

    def fileno(self) -> int:
        """
        See ``socket``.
        """
        return self._descriptor

    def connect_ex(self, address: Any, /) -> int:
        """
        Connect, now or a little later.
        """
        if self._isUnplugged():
            return ENETUNREACH
        if not self._isSlow:
            return super().connect_ex(address)
        self.there = address
        self._process.callLater(_HANDSHAKE, self._dial)
        return EINPROGRESS

    def _dial(self) -> None:
        if not self._gone:
            self._process.dial(self)

    def close(self) -> None:
        """
        See ``socket``.
        """
        self._epoll.closed(self)
        super().close()

    def watch(self, events: int) -> None:
        """
        From now on, tell of these events, of which it may be none.
        """
        self.events = events
        process = self._process
        (process.addReader if events else process.removeReader)(self)
        (process.addWriter if events & select.EPOLLOUT else process.removeWriter)(self)

    def news(self) -> int:
        """
        Which of them there are; the end is told of always.
        """
        news = select.EPOLLIN if self.readable else 0
        news |= select.EPOLLOUT if self.writable else 0
        isOver = self._dead or (self._finSent and self._finReceived)
        always = (select.EPOLLHUP if isOver else 0) | (select.EPOLLERR if self._error else 0)
        return news & self.events | always

    def doRead(self) -> None:
        """
        See ``IReadDescriptor``.
        """
        self._epoll.wake()

    doWrite = doRead


class Epoll:
    """
    Sockets in memory, as one epoll tells of them.

    :param wake: called when one has news.
    """

    def __init__(self, wake: Callable[[], object]) -> None:
        self.wake = wake
        self._numbers = count(_FIRST_DESCRIPTOR)
        self._open: dict[int, BatchSocket] = {}

    def descriptorOf(self, handle: BatchSocket) -> int:
        """
        Number a socket.
        """
        number = next(self._numbers)
        self._open[number] = handle
        return number

    def closed(self, handle: BatchSocket) -> None:
        """
        A socket is about to be closed.
        """
        if self._open.pop(handle.fileno(), None) is not None:
            handle.watch(0)

    def register(self, descriptor: int, events: int) -> None:
        """
        See ``select.epoll``.
        """
        self._open[descriptor].watch(events)

    modify = register

    def unregister(self, descriptor: int) -> None:
        """
        See ``select.epoll``.
        """
        self._open[descriptor].watch(0)

    def poll(self, timeout: float, most: int) -> list[tuple[int, int]]:
        """
        See ``select.epoll``.
        """
        news = [(number, one.news()) for number, one in self._open.items() if one.events]
        return [pair for pair in news if pair[1]][:most]


class SimulatedBatch(SocketBatch):
    """
    The real batch over sockets in memory.

    :param process: whose sockets they are.
    :param random: which connections take their time.
    :param isUnplugged: whether none can be tried.
    """

    def __init__(self, process: Process, random: Random, isUnplugged: Callable[[], bool]) -> None:
        epoll = Epoll(self.doRead)
        super().__init__(process, epoll)

        def makeSocket(family: int, kind: int) -> BatchSocket:
            return BatchSocket(process, epoll, random.random() < _SLOW_SHARE, isUnplugged)

        self.makeSocket = makeSocket

    def _beRead(self) -> None:
        # Its sockets are read each by itself.
        self._isRead = True

    def _restIfEmpty(self) -> None:
        self._isRead = bool(self._sockets)
