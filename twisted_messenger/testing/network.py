"""
The network in memory, as a reactor.
"""

from heapq import heappop
from typing import Any

from twisted.internet import tcp
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.error import DNSLookupError
from twisted.internet.interfaces import IConnector, IReactorTCP
from twisted.internet.protocol import ClientFactory
from zope.interface import implementer

from twisted_messenger.testing.kernel import Kernel
from twisted_messenger.testing.transports import Connector, Port

#: Bytes on their way in one direction before the sender has to wait for the reader.
WINDOW_BYTES = 64 * 1024


@implementer(IReactorTCP)
class TCPReactor:
    """
    Listens and connects with memory sockets, as part of a reactor.
    """

    def listenTCP(
        self, port: int, factory: Any, backlog: int = 50, interface: str = ""
    ) -> tcp.Port:
        """
        See :class:`IReactorTCP`. The backlog has no limit.
        """
        listening = Port(port, factory, backlog, interface, self)
        listening.startListening()
        return listening

    def connectTCP(
        self,
        host: str,
        port: int,
        factory: "ClientFactory[Any]",
        timeout: float = 30.0,
        bindAddress: tuple[str, int] | None = None,
    ) -> IConnector:
        """
        See :class:`IReactorTCP`.
        """
        connector = Connector(host, port, factory, timeout, bindAddress, self)
        connector.connect()
        return connector


class MemoryNetwork(TCPReactor, Kernel):
    """
    A reactor whose TCP connections stay in memory and whose time stands still.

    Every host is there. A client has the address it binds to, else ``host``; what listens
    without an interface is reached at every host.

    :param host: the address that clients have, IPv4.
    :param windowBytes: on their way in one direction before the sender has to wait, 1 or more.
    """

    def __init__(self, host: str = "127.0.0.1", windowBytes: int = WINDOW_BYTES) -> None:
        super().__init__(host, windowBytes)
        #: Calls within one moment after which it is thought never to come to rest.
        self.maxCalls = 1_000_000

    def advance(self, amount: float) -> None:
        """
        Let time pass, from one due call to the next, so that none runs late.

        :param amount: seconds; 0 runs what is due now, and what follows from that.
        :raises RuntimeError: it does not come to rest.
        """
        until = self.rightNow + amount
        calls = 0
        while self._due and self._due[0][0] <= until:
            due, turn, _, call = heappop(self._due)
            if not call.active():
                continue
            if call.getTime() > due:
                self._schedule(call)
                continue
            calls = calls + 1 if due <= self.rightNow else 0
            if calls > self.maxCalls:
                raise RuntimeError(f"no rest after {self.maxCalls} calls at {self.rightNow} s")
            self.rightNow = max(self.rightNow, due)
            self._takeTurn(turn)
            call.called = 1
            call.func(*call.args, **call.kw)
        self.rightNow = until

    def settle(self) -> None:
        """
        Carry everything that was sent to where it goes, without letting time pass.

        :raises RuntimeError: it does not come to rest.
        """
        self.advance(0)

    def resolve(self, name: str, timeout: object = ()) -> "Deferred[str]":
        """
        Find the address of a name; only ``localhost`` has one.
        """
        if name == "localhost":
            return succeed("127.0.0.1")
        return fail(DNSLookupError(f"no such name: {name}"))
