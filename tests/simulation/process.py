"""
A process on the network in memory, which can be killed without a word.
"""

from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from zope.interface import implementer

from twisted_messenger.testing import MemoryNetwork
from twisted_messenger.testing.network import TCPReactor


@implementer(IReactorTime)
class Process(TCPReactor):
    """
    The reactor of one process: the network's, until it is killed.

    What it offers besides Twisted's interfaces is for the sockets and transports alone.

    :param network: carries its connections.
    :param host: the address that its connections come from.
    """

    def __init__(self, network: MemoryNetwork, host: str) -> None:
        self.alive = True
        self.host = host
        self.windowBytes = network.windowBytes
        self.listeners = network.listeners
        self.deaf = network.deaf
        self.touch = network.touch
        self.bound = network.bound
        self._network = network
        self._sockets: dict[Any, None] = {}

    def kill(self) -> None:
        """
        End at once: none of its code runs any more, and the kernel closes its sockets.

        Whether a connection ends with a reset depends on what was armed before, as with kill -9.
        """
        self.alive = False
        for socket in self._sockets:
            self._network.removeReader(socket.owner)
            self._network.removeWriter(socket.owner)
            socket.close()
        self._sockets.clear()

    def own(self, socket: Any) -> None:
        """
        Close a socket with the others, when it is killed.
        """
        self._sockets[socket] = None

    def seconds(self) -> float:
        """
        See :class:`IReactorTime`.
        """
        return self._network.rightNow

    def callLater(
        self, delay: float, callable: Callable[..., object], *args: object, **kw: object
    ) -> IDelayedCall:
        """
        See :class:`IReactorTime`.
        """
        return self._network.callLater(delay, self._call, callable, *args, **kw)

    def _call(self, callable: Callable[..., object], *args: object, **kw: object) -> None:
        if self.alive:
            callable(*args, **kw)

    def getDelayedCalls(self) -> list[IDelayedCall]:
        """
        See :class:`IReactorTime`; those of all processes.
        """
        return self._network.getDelayedCalls()

    def dial(self, caller: Any) -> None:
        """
        A socket connects.
        """
        caller.here = self.bound(self.host, 0)
        self._network.dial(caller)

    def addReader(self, reader: Any) -> None:
        """
        A transport wants to read.
        """
        self.own(reader.socket)
        self._network.addReader(reader)

    def addWriter(self, writer: Any) -> None:
        """
        A transport wants to write.
        """
        self.own(writer.socket)
        self._network.addWriter(writer)

    def removeReader(self, reader: Any) -> None:
        """
        A transport wants to read no more.
        """
        self._network.removeReader(reader)

    def removeWriter(self, writer: Any) -> None:
        """
        A transport wants to write no more.
        """
        self._network.removeWriter(writer)
