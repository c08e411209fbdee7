"""
Callback addresses that do as netcats do, or from which no answer ever comes.
"""

from typing import Any

from twisted.internet.defer import Deferred, maybeDeferred, succeed
from twisted.internet.error import TimeoutError
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.protocol import ClientCreator, Factory

from twisted_messenger.testing.kernel import Kernel
from twisted_messenger.testing.peers import RecordingProtocol, SerialFactory

# Linux lets one connection into a queue of length 0; other kernels round up.
_MOST_FILLERS = 16

# Seconds until a connection to this machine counts as unanswered; the kernel needs microseconds.
_NO_ANSWER = 0.5


class NetcatListener(SerialFactory):
    """
    A netcat that listens: takes one connection at a time, prints what it reads, closes at its
    end.

    ``nc -lk PORT`` keeps its port open, so anybody else who comes waits. ``while :; do nc -l PORT;
    done`` has closed it by then: anybody else who comes is refused, and so is everybody until the
    next netcat runs. A netcat whose standard input stays open never closes: that is
    :class:`~twisted_messenger.testing.HangingFactory`.

    :param reactor: provides ``IReactorTCP`` and ``IReactorTime``.
    :param port: where to listen; 0 for a free one.
    :param interface: the address to listen at.
    :param closedSeconds: the loop form; seconds from the end of a connection until the port is
        open again. ``None`` for the port that stays open.
    """

    def __init__(
        self,
        reactor: Any,
        port: int = 0,
        interface: str = "127.0.0.1",
        closedSeconds: float | None = None,
    ) -> None:
        super().__init__()
        #: Where it listens, from the first :meth:`start` on.
        self.port = port
        self._reactor = reactor
        self._interface = interface
        self._closedSeconds = closedSeconds
        self._open: Any = None
        self._closing: Deferred[Any] = succeed(None)
        self._reopening: IDelayedCall | None = None
        self._stopped = False

    @property
    def listening(self) -> bool:
        """
        Whether its port is open.
        """
        return self._open is not None

    def start(self) -> None:
        """
        Listen.

        :raises CannotListenError: the address is taken or not ours.
        """
        self._stopped, self._reopening = False, None
        self._open = self._reactor.listenTCP(self.port, self, interface=self._interface)
        self.port = self._open.getHost().port

    def stop(self) -> "Deferred[Any]":
        """
        Close the port, and reset who is connected.

        :returns: fires when nothing is left of it.
        """
        self._stopped = True
        if self._reopening is not None:
            self._reopening.cancel()
            self._reopening = None
        self._close()
        return Deferred.fromCoroutine(self._stop())

    async def _stop(self) -> None:
        await self.reset()
        await self._closing

    def arrived(self, connection: Any) -> None:
        """
        A connection was made.
        """
        if self._closedSeconds is None or self._open is not None:
            super().arrived(connection)
        else:
            # It was in the queue when the port was closed; a kernel resets it.
            connection.transport.abortConnection()
        if self._closedSeconds is not None:
            self._close()

    def departed(self, connection: RecordingProtocol) -> None:
        """
        A connection is gone.
        """
        read = connection is self.reading
        super().departed(connection)
        if read and self._closedSeconds is not None:
            self._closing.addCallback(self._pause)

    def _close(self) -> None:
        if self._open is not None:
            self._closing = maybeDeferred(self._open.stopListening)
            self._open = None

    def _pause(self, _: object) -> None:
        if not self._stopped and self._closedSeconds is not None:
            self._reopening = self._reactor.callLater(self._closedSeconds, self.start)


class BlackHole:
    """
    A callback address whose connections never come into being: they neither succeed nor fail.

    In memory the network swallows their packets. A real kernel does so when the queue of a
    listening socket is full: Linux at once, others perhaps never.

    :param reactor: provides ``IReactorTCP`` and ``IReactorTime``.
    :param port: where; 0 for a free one.
    :param interface: the address.
    """

    def __init__(self, reactor: Any, port: int = 0, interface: str = "127.0.0.1") -> None:
        #: Where it is, once :meth:`start` has fired.
        self.port = port
        self._reactor = reactor
        self._interface = interface
        self._open: Any = None
        self._fillers: list[Any] = []

    def start(self) -> "Deferred[None]":
        """
        Begin to swallow connections.

        :returns: fires when no more are answered; fails with ``RuntimeError`` where the kernel
            answers them all.
        """
        if isinstance(self._reactor, Kernel):
            _, self.port = self._reactor.bound(self._interface, self.port)
            self._reactor.blackHoles.add((self._interface, self.port))
            return succeed(None)
        self._open = self._reactor.listenTCP(
            self.port, Factory(), backlog=0, interface=self._interface
        )
        self._open.pauseProducing()
        self.port = self._open.getHost().port
        return Deferred.fromCoroutine(self._fill())

    async def _fill(self) -> None:
        creator = ClientCreator(self._reactor, RecordingProtocol)
        for _ in range(_MOST_FILLERS):
            try:
                filler = await creator.connectTCP(self._interface, self.port, _NO_ANSWER)
            except TimeoutError:
                return
            self._fillers.append(filler)
        await self.stop()
        raise RuntimeError("this kernel's queue has no end")

    def stop(self) -> "Deferred[None]":
        """
        Refuse connections from now on; in memory, who was swallowed stays so.

        :returns: fires when nothing is left of it.
        """
        if isinstance(self._reactor, Kernel):
            self._reactor.blackHoles.discard((self._interface, self.port))
            return succeed(None)
        return Deferred.fromCoroutine(self._stop())

    async def _stop(self) -> None:
        # This resets who is in the queue.
        await maybeDeferred(self._open.stopListening)
        for filler in self._fillers:
            await filler.gone
        self._fillers.clear()
