"""
A push as nearly all are on a fast network, in one object.

Message and end of file went out as it began, and the next that happens is that the peer closes. For
that it takes neither a protocol nor a transport; a push that goes another way unfolds into both.
"""

import select
from collections.abc import Callable
from typing import Any

from twisted_messenger.acknowledged import isClosedInOrder
from twisted_messenger.push.epoll import SocketBatch
from twisted_messenger.push.interfaces import PLAINLY_CONFIRMED, PushResult
from twisted_messenger.push.protocol import PushProtocol
from twisted_messenger.push.transport import PushSocket

# Elsewhere than on Linux there is no batch.
_EPOLLHUP = getattr(select, "EPOLLHUP", 0)
_OVER = _EPOLLHUP | getattr(select, "EPOLLERR", 0)


class FlatPush:
    """
    Waits for the close of a peer to which all has been sent.

    Who makes it sets all attributes: as arguments of a constructor they would cost twice as much.
    """

    __slots__ = (
        "batch",
        "deadline",
        "descriptor",
        "handle",
        "held",
        "payload",
        "peer",
        "protocol",
        "settled",
        "source",
        "unfold",
    )

    #: Watches the socket.
    batch: SocketBatch
    #: When it has taken too long, in the reactor's seconds.
    deadline: float
    #: Of the socket.
    descriptor: int
    #: The socket; ``None`` once it is handed over, or closed.
    handle: Any
    #: Called when it is held; ``None`` if it may not be.
    held: Callable[[], object] | None
    #: That was sent.
    payload: bytes
    #: An address literal, and a port.
    peer: tuple[str, int]
    #: What has taken it over; ``None`` as long as nothing has.
    protocol: PushProtocol | None
    #: Called once, with the result.
    settled: Callable[[PushResult], object]
    #: Whose share it is held on.
    source: str
    #: Makes the protocol that takes it over.
    unfold: "Callable[[FlatPush], PushProtocol]"

    def ready(self, events: int) -> None:
        """
        The kernel has news.
        """
        handle = self.handle
        if handle is None:
            return
        # Without an error, a hang-up means that both sides have ended.
        if events & _OVER == _EPOLLHUP and isClosedInOrder(handle, len(self.payload)):
            self.handle = None
            self.batch.drop(self.descriptor)
            handle.close()
            self.settled(PLAINLY_CONFIRMED)
        else:
            self._unfolded().transport.ready(events)

    def transportFor(self, protocol: PushProtocol) -> PushSocket:
        """
        Hand the socket over.
        """
        failed = protocol.notConnected
        transport = PushSocket(self.batch, self.peer, protocol, failed)
        self.batch.takeOver(transport, self.handle)
        self.handle = None
        return transport

    def expired(self) -> None:
        """
        The deadline has passed.
        """
        if self.handle is not None:
            self._unfolded().expired()

    def cancel(self) -> None:
        """
        See :class:`~twisted_messenger.push.interfaces.Attempt`.
        """
        if self.handle is not None or self.protocol is not None:
            self._unfolded().cancel()

    def recall(self) -> None:
        """
        See :class:`~twisted_messenger.push.interfaces.Attempt`: all has been sent.
        """

    def abortConnection(self) -> None:
        """
        The reactor has ended, or something broke.
        """
        if self.handle is not None:
            self._unfolded().transport.abortConnection()

    def _unfolded(self) -> PushProtocol:
        protocol = self.protocol
        if protocol is None:
            protocol = self.protocol = self.unfold(self)
        return protocol
