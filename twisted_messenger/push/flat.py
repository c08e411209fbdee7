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
from twisted_messenger.push.interfaces import Outcome, PushResult
from twisted_messenger.push.protocol import PushProtocol
from twisted_messenger.push.transport import PushSocket

# Elsewhere than on Linux there is no batch.
_EPOLLHUP = getattr(select, "EPOLLHUP", 0)
_OVER = _EPOLLHUP | getattr(select, "EPOLLERR", 0)

_CONFIRMED = PushResult(Outcome.CONFIRMED, connected=True, sent=True)


class FlatPush:
    """
    Waits for the close of a peer to which all has been sent.

    :param batch: watches the socket.
    :param handle: the socket.
    :param peer: an address literal, and a port.
    :param payload: that was sent.
    :param deadline: when it has taken too long, in the reactor's seconds.
    :param settled: called once, with the result.
    :param held: called when it is held; ``None`` if it may not be.
    :param source: whose share it is held on.
    :param unfold: makes the protocol that takes it over.
    """

    __slots__ = (
        "_batch",
        "_descriptor",
        "_handle",
        "_peer",
        "_protocol",
        "_unfold",
        "deadline",
        "held",
        "payload",
        "settled",
        "source",
    )

    def __init__(
        self,
        batch: SocketBatch,
        handle: Any,
        peer: tuple[str, int],
        payload: bytes,
        deadline: float,
        settled: Callable[[PushResult], object],
        held: Callable[[], object] | None,
        source: str,
        unfold: "Callable[[FlatPush], PushProtocol]",
    ) -> None:
        self._handle = handle
        self._peer = peer
        self.payload = payload
        self.deadline = deadline
        self.settled = settled
        self.held = held
        self.source = source
        self._batch = batch
        self._unfold = unfold
        self._protocol: PushProtocol | None = None
        self._descriptor = batch.add(self, handle)

    def ready(self, events: int) -> None:
        """
        The kernel has news.
        """
        handle = self._handle
        if handle is None:
            return
        # Without an error, a hang-up means that both sides have ended.
        if events & _OVER == _EPOLLHUP and isClosedInOrder(handle, len(self.payload)):
            self._handle = None
            self._batch.drop(self._descriptor)
            handle.close()
            self.settled(_CONFIRMED)
        else:
            self._unfolded().transport.ready(events)

    def transportFor(self, protocol: PushProtocol) -> PushSocket:
        """
        Hand the socket over.
        """
        failed = protocol.notConnected
        transport = PushSocket(self._batch, self._peer, protocol, failed)
        self._batch.takeOver(transport, self._handle)
        self._handle = None
        return transport

    def expired(self) -> None:
        """
        The deadline has passed.
        """
        if self._handle is not None:
            self._unfolded().expired()

    def cancel(self) -> None:
        """
        See :class:`~twisted_messenger.push.interfaces.Attempt`.
        """
        if self._handle is not None or self._protocol is not None:
            self._unfolded().cancel()

    def recall(self) -> None:
        """
        See :class:`~twisted_messenger.push.interfaces.Attempt`: all has been sent.
        """

    def abortConnection(self) -> None:
        """
        The reactor has ended, or something broke.
        """
        if self._handle is not None:
            self._unfolded().transport.abortConnection()

    def _unfolded(self) -> PushProtocol:
        protocol = self._protocol
        if protocol is None:
            protocol = self._protocol = self._unfold(self)
        return protocol
