"""
Very many very short connections under one descriptor.

A reactor does much for each connection that one which lives for a single message does not need:
name resolution, a connector, a timer, five changes of what is watched. Here all sockets lie under
one epoll of their own, and the reactor watches that one descriptor::

    reactor --addReader--> SocketBatch (epoll) --ready--> PushSocket --> protocol
                                                    '---> PushSocket --> protocol

A batch of ready sockets costs the reactor one call.
"""

import select
from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IReadDescriptor
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from twisted_messenger.lease import Lease
from twisted_messenger.push.transport import PushSocket

# Sockets looked at before the reactor may do something else.
_BATCH = 256


@implementer(IReadDescriptor)
class SocketBatch:
    """
    All sockets of one pusher, as one descriptor.

    :param reactor: provides ``IReactorFDSet`` and ``IReactorTime``.
    """

    log = Logger()

    def __init__(self, reactor: Any) -> None:
        self.reactor = reactor
        self._epoll = select.epoll()
        self._sockets: dict[int, PushSocket] = {}

    def connect(
        self,
        host: str,
        port: int,
        protocol: Any,
        failed: Callable[[Failure], object],
        opening: bytes = b"",
        lease: Lease | None = None,
    ) -> PushSocket:
        """
        Connect a protocol.

        :param host: an address literal.
        :param protocol: half-closeable; its ``makeConnection`` may be called before this returns.
        :param failed: called in its place if there is no connection, after this has returned.
        :param opening: sent as soon as the connection stands, before the protocol learns of that:
            one system call less.
        :param lease: where it is over by then, the attempt fails with ``ECANCELED``.
        """
        transport = PushSocket(self, (host, port), protocol, failed, opening, lease)
        try:
            transport.connect()
        except OSError as error:
            self.reactor.callLater(0, transport.notConnected, error.errno)
        except Exception:
            self._broke(transport)
        return transport

    def watch(self, transport: PushSocket, events: int) -> None:
        """
        From now on, tell a socket of these events, of which it may be none.
        """
        descriptor, before = transport.descriptor, transport.events
        if events == before:
            return
        if not before:
            if not self._sockets:
                self.reactor.addReader(self)
            self._sockets[descriptor] = transport
            self._epoll.register(descriptor, events)
        elif events:
            self._epoll.modify(descriptor, events)
        else:
            # Even for nothing, the kernel would go on telling of a connection that is over.
            self._epoll.unregister(descriptor)
            self.forget(transport)
        transport.events = events

    def forget(self, transport: PushSocket) -> None:
        """
        A socket that was watched is about to be closed; the kernel forgets it then by itself.
        """
        del self._sockets[transport.descriptor]
        if not self._sockets:
            self.reactor.removeReader(self)

    def fileno(self) -> int:
        """
        See ``IReadDescriptor``.
        """
        return self._epoll.fileno()

    def logPrefix(self) -> str:
        """
        See ``IReadDescriptor``.
        """
        return "pushes"

    def doRead(self) -> None:
        """
        Let every socket go on that can.
        """
        sockets = self._sockets
        for descriptor, events in self._epoll.poll(0, _BATCH):
            transport = sockets.get(descriptor)
            # One before it may have closed it.
            if transport is not None:
                try:
                    transport.ready(events)
                except Exception:
                    self._broke(transport)

    def connectionLost(self, reason: Failure) -> None:
        """
        The reactor has ended.
        """
        for transport in list(self._sockets.values()):
            transport.abortConnection()
        self._epoll.close()

    def _broke(self, transport: PushSocket) -> None:
        self.log.failure("a push broke")
        transport.abortConnection()
