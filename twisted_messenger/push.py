"""
One message, one connection, confirmed by the peer's close.

Send, half-close, wait. The peer closes in order once it has read to the end: the tutorial's
receiver prints first, then closes. ``loseConnection`` alone would report success for messages
that were never read.
"""

import math
import typing
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from errno import EADDRNOTAVAIL, ECANCELED, EMFILE, ENFILE, ENOBUFS, ENOMEM
from socket import SO_ERROR, SOL_SOCKET
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import (
    IDelayedCall,
    IHalfCloseableProtocol,
    IReactorTime,
)
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from twisted_messenger.socketbatch import BatchCreator
from twisted_messenger.sockets import resetOnClose

#: Seconds until a connection must stand. A LAN answers in milliseconds; a lost SYN is sent
#: again after 1 s and 3 s.
CONNECT_TIMEOUT = 5.0

#: Seconds from the connection to the peer's close.
PUSH_TIMEOUT = 10.0

#: Seconds after both sides have half-closed in which a peer that does not read can still reset.
_LATE_RESET = 0.2

# How often time-outs are looked at, in seconds: one call for all pushes.
_SWEEP = 0.1

# A fresh socket takes so much in one send. What is longer may be half sent when the process is
# killed, and the kernel's FIN would make half a message a whole one: then a reset is armed.
_ONE_SEND_BYTES = 16 * 1024

# Bytes of a reply that are kept: a refusal is one line.
_MAX_REPLY = 1024


# Errors that say nothing of the peer: no local port, descriptor or memory is free for now, or it
# would have been too late.
_OUR_OWN_LACK = (EADDRNOTAVAIL, ECANCELED, EMFILE, ENFILE, ENOBUFS, ENOMEM)


class Outcome(Enum):
    """
    How a push ended.
    """

    #: The peer closed in order after the end of the message.
    CONFIRMED = "confirmed"
    #: The peer has all the bytes, but did not close in time.
    HUNG = "hung"
    #: Refused, reset, or no connection.
    FAILED = "failed"
    #: Not even tried, or taken back before its end: this machine had no port or descriptor left,
    #: or no right to push any more. It says nothing of the peer.
    EXHAUSTED = "exhausted"


@dataclass(frozen=True)
class PushResult:
    """
    What became of a push.

    :param outcome: how it ended.
    :param reply: what the peer wrote, its first bytes.
    :param detail: why, for people.
    :param connected: whether it got as far as a connection.
    """

    outcome: Outcome
    reply: bytes = b""
    detail: str = ""
    connected: bool = False


#: Confirmed, and nothing else to say, as almost all are.
_PLAINLY_CONFIRMED = PushResult(Outcome.CONFIRMED, connected=True)

# Looking a member of an enumeration up takes a while on older Pythons.
_BROKEN_OFF = (Outcome.FAILED, Outcome.EXHAUSTED)


class Cancellable(typing.Protocol):
    """
    Something under way that can be given up, such as a ``Deferred``.
    """

    def cancel(self) -> None:
        """
        Give up: reset the connection. It ends as a failure, unless it is over already.
        """


class Attempt(Cancellable, typing.Protocol):
    """
    A push under way.
    """

    def recall(self) -> None:
        """
        Take back what has not been sent to its end; then that says nothing of the peer. What has
        been goes on: a reset would harm whoever reads it.
        """


class Pusher(typing.Protocol):
    """
    Delivers one message; :class:`PushCreator` is one.
    """

    def begin(
        self,
        host: str,
        port: int,
        payload: bytes,
        settled: Callable[[PushResult], object],
        connectTimeout: float | None = None,
        until: float = math.inf,
    ) -> Attempt:
        """
        Begin a push.

        :param settled: called once with the result, never before this returns.
        :param connectTimeout: seconds until it must be connected; ``None`` for the usual.
        :param until: when it is too late to send anything, on the clock
            :func:`~twisted_messenger.clock.uptime`; it is not too late now.
        """


@implementer(IHalfCloseableProtocol)
class PushProtocol(Protocol):
    """
    Sends one payload and watches how the peer takes it.

    It has no timer of its own: whoever made it calls :meth:`expired` after :attr:`deadline`.

    :param clock: tells the time.
    :param payload: the whole message; empty where the transport has sent it already.
    :param connectTimeout: seconds from now until the connection must stand.
    :param pushTimeout: seconds from then until the peer must have closed.
    :param settled: called once, with this protocol and the result.
    """

    transport: Any

    # What it is when it is given up.
    _cancelled = Outcome.FAILED

    def __init__(
        self,
        clock: IReactorTime,
        payload: bytes,
        connectTimeout: float,
        pushTimeout: float,
        settled: "Callable[[PushProtocol, PushResult], object]",
    ) -> None:
        #: When to call :meth:`expired`, in the clock's seconds.
        self.deadline = clock.seconds() + connectTimeout
        self._clock = clock
        self._payload = payload
        self._pushTimeout = pushTimeout
        self._settled: Callable[[PushProtocol, PushResult], object] | None = settled
        #: The attempt to connect; it is cancelled when it takes too long, and fails then.
        self.attempt: Cancellable | None = None
        self.transport = None
        self._reply = b""
        self._armed = self._finSent = self._peerClosed = False

    def makeConnection(self, transport: Any) -> None:
        """
        Send, half-close, and wait.
        """
        # Not by way of connectionMade(): everything here is done once for every push.
        self.transport = tcp = transport
        self.deadline = self._clock.seconds() + self._pushTimeout
        if self._payload:
            if len(self._payload) > _ONE_SEND_BYTES:
                self._armed = True
                resetOnClose(tcp, True)
            tcp.write(self._payload)
        tcp.loseWriteConnection()

    def notConnected(self, reason: Failure) -> None:
        """
        There is no connection, and will be none.
        """
        number = getattr(reason.value, "osError", None)
        outcome = Outcome.EXHAUSTED if number in _OUR_OWN_LACK else self._cancelled
        detail = reason.getErrorMessage() or "no connection in time"
        self._settle(PushResult(outcome, detail=detail))

    def expired(self) -> None:
        """
        The deadline has passed.
        """
        if self.transport is None:
            self.cancel()
        elif self._finSent and self._peerClosed:
            self._checkReset()
        elif self._finSent:
            self._end(Outcome.HUNG, "kept the connection open")
        else:
            self._end(Outcome.FAILED, "did not take the message in time")

    def cancel(self) -> None:
        """
        See :class:`Attempt`.
        """
        if self.transport is not None:
            self._end(self._cancelled, "cancelled")
        elif self.attempt is not None:
            self.attempt.cancel()

    def recall(self) -> None:
        """
        See :class:`Attempt`.
        """
        if not self._finSent:
            self._cancelled = Outcome.EXHAUSTED
            self.cancel()

    def dataReceived(self, data: bytes) -> None:
        """
        Keep the beginning of what the peer says; a flood costs nothing.
        """
        self._reply = (self._reply + data)[:_MAX_REPLY]

    def writeConnectionLost(self) -> None:
        """
        Everything is with the kernel, and so is our end of file.
        """
        self._finSent = True
        if self._armed:
            resetOnClose(self.transport, False)
        if self._peerClosed:
            self.deadline = self._clock.seconds() + _LATE_RESET

    def readConnectionLost(self) -> None:
        """
        The peer closed, or half-closed before it has read: the former confirms.
        """
        self._peerClosed = True
        if self._finSent:
            self._checkReset()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """
        The connection is gone; without a confirmation that is a failure.
        """
        if self._settled is not None:
            self._settle(PushResult(Outcome.FAILED, self._reply, reason.getErrorMessage(), True))

    def _checkReset(self) -> None:
        # A peer that closed before it read answers our bytes with a reset, which the socket
        # remembers even after its end of file.
        if self.transport.getHandle().getsockopt(SOL_SOCKET, SO_ERROR):
            self._end(Outcome.FAILED, "closed before it read the message")
        elif not self._reply:
            self._endWith(_PLAINLY_CONFIRMED)
        elif self.transport.getHost() == self.transport.getPeer():
            # Where nobody listens on an ephemeral port, TCP may connect a socket to itself.
            self._end(Outcome.FAILED, "nobody listens there")
        else:
            self._end(Outcome.CONFIRMED, "")

    def _end(self, outcome: Outcome, detail: str) -> None:
        self._endWith(PushResult(outcome, self._reply, detail, True))

    def _endWith(self, result: PushResult) -> None:
        settled, self._settled = self._settled, None
        if settled is None:
            return
        if result.outcome in _BROKEN_OFF:
            self.transport.abortConnection()
        else:
            self.transport.loseConnection()
        settled(self, result)

    def _settle(self, result: PushResult) -> None:
        settled, self._settled = self._settled, None
        if settled is not None:
            settled(self, result)


class PushCreator(BatchCreator):
    """
    A ``ClientCreator`` that delivers one message for each connection it makes.

    :param reactor: provides ``IReactorTCP`` and ``IReactorTime``.
    :param connectTimeout: seconds until a connection must stand.
    :param pushTimeout: seconds from then until the peer must have closed.
    """

    def __init__(
        self,
        reactor: Any,
        connectTimeout: float = CONNECT_TIMEOUT,
        pushTimeout: float = PUSH_TIMEOUT,
    ) -> None:
        super().__init__(reactor, self._takeNext)
        self._connectTimeout = connectTimeout
        self._pushTimeout = pushTimeout
        # Each with whom to tell.
        self._active: dict[PushProtocol, Callable[[PushResult], object]] = {}
        self._sweep: IDelayedCall | None = None
        self._next: PushProtocol

    def push(
        self, host: str, port: int, payload: bytes, connectTimeout: float | None = None
    ) -> "Deferred[PushResult]":
        """
        Deliver one message.

        :param host: an address literal, or a name that the reactor resolves.
        :param port: 1 to 65535.
        :param payload: the whole message.
        :param connectTimeout: seconds until the connection must stand; ``None`` for the usual.
        :returns: fires with the result; never fails. Cancelling gives up and resets.
        """
        result: Deferred[PushResult] = Deferred(lambda _: attempt.cancel())
        attempt = self.begin(host, port, payload, result.callback, connectTimeout)
        return result

    def begin(
        self,
        host: str,
        port: int,
        payload: bytes,
        settled: Callable[[PushResult], object],
        connectTimeout: float | None = None,
        until: float = math.inf,
    ) -> PushProtocol:
        """
        See :class:`Pusher`. What the reactor must connect has no such limit.
        """
        timeout = self._connectTimeout if connectTimeout is None else connectTimeout
        batch = self.batchFor(host)
        opening = b""
        if batch is not None and len(payload) <= _ONE_SEND_BYTES:
            opening, payload = payload, b""
        protocol = PushProtocol(self.reactor, payload, timeout, self._pushTimeout, self._ended)
        self._active[protocol] = settled
        if self._sweep is None:
            self._sweep = self.reactor.callLater(_SWEEP, self._sweepAll)
        if batch is None:
            self._byReactor(protocol, host, port)
        else:
            protocol.attempt = batch.connect(
                host, port, protocol, protocol.notConnected, opening, until
            )
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
