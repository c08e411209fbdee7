"""
Pushes as nearly all go on a fast network, in one object each.

Where a connection stands at once, message and end of file go out as the push begins, and the next
that happens is that the peer closes. For that it takes neither a protocol nor a transport::

    begin --connect, send, end--> FlatPush --closed in order--> confirmed
      |                              '--anything else--> PushProtocol
      '--cannot stand at once, is long, or wants an answer--> PushProtocol

What cannot go this way, or goes on in another way, is general: see
:class:`~twisted_messenger.push.general.GeneralCreator`.
"""

import socket
from collections.abc import Callable, Sequence
from errno import EINPROGRESS
from typing import Any

from twisted_messenger.entry import Entry
from twisted_messenger.lease import Lease
from twisted_messenger.push.batchcreator import plainFamily
from twisted_messenger.push.dialing import MSG_MORE, STREAM, notConnectedBy
from twisted_messenger.push.flat import FlatPush
from twisted_messenger.push.general import GeneralCreator, Timed
from twisted_messenger.push.interfaces import Attempt, PushResult
from twisted_messenger.push.protocol import ONE_SEND_BYTES, PushProtocol
from twisted_messenger.roster import Member


class PushCreator(GeneralCreator):
    """
    A ``ClientCreator`` that delivers one message for each connection it makes.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        # One bound method for all pushes.
        self._unfolding = self._unfold

    def begin(
        self,
        host: str,
        port: int,
        payload: bytes,
        settled: Callable[[PushResult], object],
        connectTimeout: float | None = None,
        lease: Lease | None = None,
        ack: bool = False,
        held: Callable[[], object] | None = None,
        source: str = "",
        *,
        entry: Entry | None = None,
        member: Member | None = None,
    ) -> Attempt:
        """
        See :class:`~twisted_messenger.push.interfaces.Pusher`.

        What the reactor must connect heeds no lease. The payload is all that is sent.
        """
        family, batch = plainFamily(host), self._batch or self.batchFor(host)
        if ack or batch is None or not family or len(payload) > ONE_SEND_BYTES:
            options = connectTimeout, lease, ack, held, source
            return super().begin(host, port, payload, settled, *options)
        peer = host, port
        try:
            handle, unsent = _sendAtOnce(batch.makeSocket, family, peer, payload, lease)
        except OSError as error:
            return self._notBegun(error, payload, settled)
        if unsent is not None:
            protocol = self._protocol(payload, settled, connectTimeout, ack, held, source)
            self._byBatch(batch, protocol, host, port, unsent, lease, handle)
            return protocol
        # All that nearly every push is: as arguments of a constructor it would cost as much again.
        push = FlatPush()
        push.handle = handle
        push.protocol = None
        push.peer = peer
        push.payload = payload
        push.settled = settled
        push.held = held
        push.source = source
        push.deadline = self.reactor.seconds() + self._pushTimeout
        push.unfold = self._unfolding
        push.batch = batch
        push.descriptor = batch.add(push, handle)
        if self._sweep is None:
            self._keepTime()
        return push

    def _unfold(self, push: FlatPush) -> PushProtocol:
        """
        Go on with a flat push as with any other.
        """
        protocol = self._protocol(push.payload, push.settled, None, False, push.held, push.source)
        protocol.resume(push.transportFor(protocol), push.deadline)
        return protocol

    def _notBegun(
        self, error: OSError, payload: bytes, settled: Callable[[PushResult], object]
    ) -> PushProtocol:
        """
        The call of connect itself has failed; that is told later.
        """
        protocol = self._protocol(payload, settled, None, False, None, "")
        protocol.isUnderWay = False
        self.reactor.callLater(0, protocol.notConnected, notConnectedBy(error))
        return protocol

    def _timed(self) -> Sequence[Timed]:
        watched = () if self._batch is None else self._batch.watched
        return [*super()._timed(), *(push for push in watched if isinstance(push, FlatPush))]


def _sendAtOnce(
    makeSocket: Callable[[int, int], Any],
    family: int,
    peer: tuple[str, int],
    payload: bytes,
    lease: Lease | None,
) -> tuple[Any, bytes | None]:
    """
    Begin to connect; where the connection stands at once, as on loopback, send a message and our
    end.

    :param lease: nothing is sent if it is over.
    :returns: the socket, and what is still to be sent; ``None`` if our end is sent too.
    :raises OSError: it was refused at once, cannot be tried, or is gone again; or no descriptor is
        left.
    """
    handle = makeSocket(family, STREAM)
    try:
        error = handle.connect_ex(peer)
        if error and error != EINPROGRESS:
            raise OSError(error, "")
        # The whole program may have stood still in that call.
        if lease is not None and not lease.held:
            return handle, payload
        sent = handle.send(payload, MSG_MORE)
        if sent < len(payload):
            return handle, payload[sent:]
        handle.shutdown(_SHUT_WR)
    except BlockingIOError:
        return handle, payload
    except OSError:
        handle.close()
        raise
    return handle, None


# Found once, not for each push.
_SHUT_WR = socket.SHUT_WR
