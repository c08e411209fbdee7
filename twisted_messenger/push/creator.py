"""
One message, one connection, confirmed by the peer's close.

Send, half-close, wait. The peer closes in order once it has read to the end: the tutorial's
receiver prints first, then closes. ``loseConnection`` alone would report success for messages
that were never read.
"""

import select
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import (
    IDelayedCall,
    IReactorFDSet,
)
from twisted.internet.protocol import ClientCreator
from twisted.python.failure import Failure

from twisted_messenger.address import literal
from twisted_messenger.lease import Lease
from twisted_messenger.push.epoll import SocketBatch
from twisted_messenger.push.holding import (
    HOLD_TIMEOUT,
    MAX_HELD,
    MAX_HELD_SHARE,
    Hold,
    Holding,
)
from twisted_messenger.push.interfaces import PushResult
from twisted_messenger.push.protocol import _ONE_SEND_BYTES, PushProtocol


@lru_cache(maxsize=16_384)
def _isLiteral(host: str) -> bool:
    return literal(host) is not None


class BatchCreator(ClientCreator):
    """
    A ``ClientCreator`` that can also put connections to address literals under one epoll.

    Its own methods, and whatever a batch cannot serve (names, TLS, a local address, another
    platform or reactor), are the reactor's.
    """

    _batch: SocketBatch | None = None

    def batchFor(self, host: str) -> SocketBatch | None:
        """
        The sockets for connections to a host; made when they are needed first, not before a
        daemon has forked.

        :returns: ``None`` where the reactor must do it.
        """
        if not _isLiteral(host):
            return None
        if self._batch is None and self._canBatch():
            # Without a descriptor for it, the reactor has none either, and will say so.
            with suppress(OSError):
                self._batch = SocketBatch(self.reactor)
        return self._batch

    def _canBatch(self) -> bool:
        return hasattr(select, "epoll") and IReactorFDSet.providedBy(self.reactor)


#: Seconds until a connection must stand. A LAN answers in milliseconds; a lost SYN is sent
#: again after 1 s and 3 s.
CONNECT_TIMEOUT = 5.0

#: Seconds from the connection to the peer's close.
PUSH_TIMEOUT = 10.0


# How often time-outs are looked at, in seconds: one call for all pushes.
_SWEEP = 0.1


class PushCreator(BatchCreator):
    """
    A ``ClientCreator`` that delivers one message for each connection it makes.

    :param reactor: provides ``IReactorTCP`` and ``IReactorTime``.
    :param connectTimeout: seconds until a connection must stand.
    :param pushTimeout: seconds from then until the peer must have closed.
    :param holdTimeout: seconds from then until it must have closed if the push is held; not more
        than ``pushTimeout`` for none that is.
    :param maxHeld: how many may be held in all.
    :param maxHeldShare: of these, how many of one source.
    """

    def __init__(
        self,
        reactor: Any,
        connectTimeout: float = CONNECT_TIMEOUT,
        pushTimeout: float = PUSH_TIMEOUT,
        holdTimeout: float = HOLD_TIMEOUT,
        maxHeld: int = MAX_HELD,
        maxHeldShare: int = MAX_HELD_SHARE,
    ) -> None:
        super().__init__(reactor, self._takeNext)
        self._connectTimeout = connectTimeout
        self._pushTimeout = pushTimeout
        self._holding = Holding(holdTimeout - pushTimeout, maxHeld, maxHeldShare)
        # Each with whom to tell.
        self._active: dict[PushProtocol, Callable[[PushResult], object]] = {}
        self._sweep: IDelayedCall | None = None
        self._next: PushProtocol

    def push(
        self,
        host: str,
        port: int,
        payload: bytes,
        connectTimeout: float | None = None,
        ack: bool = False,
    ) -> "Deferred[PushResult]":
        """
        Deliver one message.

        :param host: an address literal, or a name that the reactor resolves.
        :param port: 1 to 65535.
        :param payload: the whole message.
        :param connectTimeout: seconds until the connection must stand; ``None`` for the usual.
        :param ack: only an answer that begins with ``+`` confirms; the close alone is a failure.
        :returns: fires with the result; never fails. Cancelling gives up and resets.
        """
        result: Deferred[PushResult] = Deferred(lambda _: attempt.cancel())
        attempt = self.begin(host, port, payload, result.callback, connectTimeout, ack=ack)
        return result

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
    ) -> PushProtocol:
        """
        See :class:`~twisted_messenger.push.interfaces.Pusher`.

        What the reactor must connect heeds no lease.
        """
        timeout = self._connectTimeout if connectTimeout is None else connectTimeout
        batch = self.batchFor(host)
        opened = batch is not None and len(payload) <= _ONE_SEND_BYTES
        protocol = PushProtocol(
            self.reactor,
            payload,
            timeout,
            self._pushTimeout,
            self._ended,
            opened=opened,
            ack=ack,
            hold=None if held is None else Hold(self._holding, source, held),
        )
        self._active[protocol] = settled
        if self._sweep is None:
            self._sweep = self.reactor.callLater(_SWEEP, self._sweepAll)
        if batch is None:
            self._byReactor(protocol, host, port)
        else:
            opening = payload if opened else b""
            attempt = batch.connect(host, port, protocol, protocol.notConnected, opening, lease)
            protocol.attempt, protocol.isUnderWay = attempt, attempt.isUnderWay
        return protocol

    def _byReactor(self, protocol: PushProtocol, host: str, port: int) -> None:
        self._next = protocol
        try:
            attempt: Deferred[Any] = self.connectTCP(host, port, timeout=None)
        except OSError:
            # An address that cannot even be tried, such as one with a zone that is gone.
            self.reactor.callLater(0, protocol.notConnected, Failure())
        else:
            protocol.attempt = attempt
            attempt.addErrback(protocol.notConnected)

    def _takeNext(self) -> PushProtocol:
        return self._next

    def _ended(self, protocol: PushProtocol, result: PushResult) -> None:
        settled = self._active.pop(protocol)
        if not self._active and self._sweep is not None:
            self._sweep.cancel()
            self._sweep = None
        settled(result)

    def _sweepAll(self) -> None:
        self._sweep = self.reactor.callLater(_SWEEP, self._sweepAll)
        now = self.reactor.seconds()
        for protocol in [protocol for protocol in self._active if protocol.deadline <= now]:
            protocol.expired()
