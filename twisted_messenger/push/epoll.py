"""
Very many very short connections under one descriptor.

A reactor does much for each connection that one which lives for a single message does not need:
name resolution, a connector, a timer, five changes of what is watched. Here all sockets lie under
one epoll of their own, and the reactor watches that one descriptor::

    reactor --addReader--> SocketBatch (epoll) --ready--> FlatPush
                                                    |---> FlatPush
                                                    '---> PushSocket --> PushProtocol

A batch of ready sockets costs the reactor one call.
"""

import select
import socket
from collections.abc import Callable, Collection
from typing import Any, Protocol

from twisted.internet.interfaces import IReadDescriptor
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from twisted_messenger.lease import Lease
from twisted_messenger.push.transport import PushSocket

# Sockets looked at before the reactor may do something else.
_BATCH = 256

_EPOLLIN = getattr(select, "EPOLLIN", 0)


class Watched(Protocol):
    """
    What goes on when its socket has news.
    """

    def ready(self, events: int) -> None:
        """
        The kernel has news; it may be over by now.
        """

    def abortConnection(self) -> None:
        """
        Reset.
        """


@implementer(IReadDescriptor)
class SocketBatch:
    """
    All sockets of one pusher, as one descriptor.

    :param reactor: provides ``IReactorFDSet`` and ``IReactorTime``.
    :param epoll: tells of the sockets as ``select.epoll`` does; where ``None``, one of its own.
    """

    log = Logger()

    #: Makes a socket, of a family and a type. The kernel's part of one: the standard library's
    #: class around it costs as much again.
    makeSocket: Any = socket.SocketType

    def __init__(self, reactor: Any, epoll: Any = None) -> None:
        self.reactor = reactor
        self._epoll = select.epoll() if epoll is None else epoll
        self._register = self._epoll.register
        self._sockets: dict[int, Watched] = {}
        #: Forgets a socket, by its descriptor, that has news just now and is about to be closed;
        #: often, another follows it. Called for every push: no function of Python's is around it.
        self.drop = self._sockets.__delitem__
        self._isRead = False

    def connect(
        self,
        host: str,
        port: int,
        protocol: Any,
        failed: Callable[[Failure], object],
        opening: bytes = b"",
        lease: Lease | None = None,
        handle: Any = None,
    ) -> PushSocket:
        """
        Connect a protocol.

        :param host: an address literal.
        :param protocol: half-closeable; its ``makeConnection`` may be called before this returns.
        :param failed: called in its place if there is no connection, after this has returned.
        :param opening: sent as soon as the connection stands, before the protocol learns of that:
            one system call less.
        :param lease: where it is over by then, the attempt fails with ``ECANCELED``.
        :param handle: a socket that is connecting already, and takes nothing for now; or ``None``.
        """
        transport = PushSocket(self, (host, port), protocol, failed, opening, lease)
        try:
            if handle is None:
                transport.connect()
            else:
                transport.adopt(handle)
                transport.wait()
        except OSError as error:
            self.reactor.callLater(0, transport.notConnected, error)
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
            if not self._isRead:
                self._beRead()
            self._sockets[descriptor] = transport
            self._register(descriptor, events)
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
        self._restIfEmpty()

    def add(self, push: Watched, handle: Any) -> int:
        """
        Watch a socket on which nothing is left to send.

        :returns: its descriptor.
        """
        descriptor: int = handle.fileno()
        if not self._isRead:
            self._beRead()
        self._sockets[descriptor] = push
        self._register(descriptor, _EPOLLIN)
        return descriptor

    def takeOver(self, transport: PushSocket, handle: Any) -> None:
        """
        From now on, tell a transport of a socket that was added.
        """
        transport.takeOver(handle, _EPOLLIN)
        self._sockets[transport.descriptor] = transport

    @property
    def watched(self) -> Collection[Watched]:
        """
        Who has a socket here.
        """
        return self._sockets.values()

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
        # Found first: one of them may close another, and open one with the same descriptor.
        news = [(sockets[descriptor], events) for descriptor, events in self._epoll.poll(0, _BATCH)]
        for push, events in news:
            try:
                push.ready(events)
            except Exception:
                self._broke(push)
        self._restIfEmpty()

    def connectionLost(self, reason: Failure) -> None:
        """
        The reactor has ended.
        """
        for transport in list(self._sockets.values()):
            transport.abortConnection()
        self._epoll.close()

    def _beRead(self) -> None:
        self._isRead = True
        self.reactor.addReader(self)

    def _restIfEmpty(self) -> None:
        if self._isRead and not self._sockets:
            self._isRead = False
            self.reactor.removeReader(self)

    def _broke(self, push: Watched) -> None:
        self.log.failure("a push broke")
        push.abortConnection()
