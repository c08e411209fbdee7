"""
Begins pushes of every kind, a :class:`~twisted_messenger.push.protocol.PushProtocol` each, and ends
in time what takes too long.
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall
from twisted.python.failure import Failure

from twisted_messenger.entry import Entry
from twisted_messenger.lease import Lease
from twisted_messenger.push.batchcreator import BatchCreator
from twisted_messenger.push.epoll import SocketBatch
from twisted_messenger.push.holding import (
    HOLD_TIMEOUT,
    MAX_HELD,
    MAX_HELD_SHARE,
    Hold,
    Holding,
)
from twisted_messenger.push.interfaces import Attempt, PushResult
from twisted_messenger.push.protocol import ONE_SEND_BYTES, PushProtocol
from twisted_messenger.roster import Member

#: Seconds until a connection must stand. A LAN answers in milliseconds; a lost SYN is sent
#: again after 1 s and 3 s.
CONNECT_TIMEOUT = 5.0

#: Seconds from the connection to the peer's close.
PUSH_TIMEOUT = 10.0


# How often time-outs are looked at, in seconds: one call for all pushes.
_SWEEP = 0.1


class Timed(Protocol):
    """
    A push that may take too long.
    """

    #: In the reactor's seconds.
    deadline: float

    def expired(self) -> None:
        """
        The deadline has passed.
        """


class GeneralCreator(BatchCreator):
    """
    A ``ClientCreator`` that delivers one message for each connection it makes, whatever happens to
    that: a :class:`~twisted_messenger.push.protocol.PushProtocol` each.

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
        *,
        entry: Entry | None = None,
        member: Member | None = None,
    ) -> Attempt:
        """
        See :class:`~twisted_messenger.push.interfaces.Pusher`.

        What the reactor must connect heeds no lease. The payload is all that is sent.
        """
        protocol = self._protocol(payload, settled, connectTimeout, ack, held, source)
        batch = self.batchFor(host)
        if batch is None:
            self._byReactor(protocol, host, port)
        else:
            self._byBatch(batch, protocol, host, port, payload, lease)
        return protocol

    def _protocol(
        self,
        payload: bytes,
        settled: Callable[[PushResult], object],
        connectTimeout: float | None,
        ack: bool,
        held: Callable[[], object] | None,
        source: str,
    ) -> PushProtocol:
        timeout = self._connectTimeout if connectTimeout is None else connectTimeout
        hold = None if held is None else Hold(self._holding, source, held)
        times = timeout, self._pushTimeout
        protocol = PushProtocol(self.reactor, payload, *times, self._ended, ack=ack, hold=hold)
        self._active[protocol] = settled
        self._keepTime()
        return protocol

    def _byBatch(
        self,
        batch: SocketBatch,
        protocol: PushProtocol,
        host: str,
        port: int,
        unsent: bytes,
        lease: Lease | None,
        handle: Any = None,
    ) -> None:
        opening = b""
        if len(unsent) <= ONE_SEND_BYTES:
            protocol.opened()
            opening = unsent
        failed = protocol.notConnected
        attempt = batch.connect(host, port, protocol, failed, opening, lease, handle)
        protocol.attempt, protocol.isUnderWay = attempt, attempt.isUnderWay

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
        if self._sweep is not None and not self._active and not self._timed():
            self._sweep.cancel()
            self._sweep = None
        settled(result)

    def _keepTime(self) -> None:
        """
        Look for what takes too long from now on, until nothing is under way.
        """
        if self._sweep is None:
            self._sweep = self.reactor.callLater(_SWEEP, self._sweepAll)

    def _timed(self) -> Sequence[Timed]:
        """
        What may take too long.
        """
        return [*self._active]

    def _sweepAll(self) -> None:
        self._sweep = None
        now = self.reactor.seconds()
        timed = self._timed()
        if timed:
            self._keepTime()
        for push in timed:
            if push.deadline <= now:
                push.expired()
