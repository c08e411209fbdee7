"""
One message, one connection, confirmed by the peer's close.

Send, half-close, wait. The peer closes in order once it has read to the end: the tutorial's
receiver prints first, then closes. ``loseConnection`` alone would report success for messages
that were never read.
"""

import typing
from dataclasses import dataclass
from enum import Enum
from typing import Any, cast

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import (
    IDelayedCall,
    IHalfCloseableProtocol,
    IReactorTime,
    ITCPTransport,
)
from twisted.internet.protocol import ClientCreator, Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from twisted_messenger.sockets import pendingError, resetOnClose

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


class Pusher(typing.Protocol):
    """
    Delivers one message; :class:`PushCreator` is one.
    """

    def push(
        self, host: str, port: int, payload: bytes, connectTimeout: float | None = None
    ) -> "Deferred[PushResult]":
        """
        :param connectTimeout: seconds until it must be connected; ``None`` for the usual.
        :returns: fires with the result; never fails. Cancelling gives up.
        """


@implementer(IHalfCloseableProtocol)
class PushProtocol(Protocol):
    """
    Sends one payload and watches how the peer takes it.

    It has no timer of its own: whoever made it calls :meth:`expired` after :attr:`deadline`.

    :param clock: tells the time.
    :param connectTimeout: seconds from now until the connection must stand.
    """

    def __init__(self, clock: IReactorTime, connectTimeout: float) -> None:
        #: When to call :meth:`expired`, in the clock's seconds.
        self.deadline = clock.seconds() + connectTimeout
        self._clock = clock
        self._connecting: Deferred[Any] | None = None
        self._done: Deferred[PushResult] | None = None
        self._reply = b""
        self._finSent = False
        self._peerClosed = False
        self._lost: Failure | None = None

    @property
    def _tcp(self) -> ITCPTransport:
        return cast(ITCPTransport, self.transport)

    def connecting(self, attempt: "Deferred[Any]") -> None:
        """
        The attempt to connect is under way.

        :param attempt: is cancelled when it takes too long.
        """
        self._connecting = attempt

    def send(self, payload: bytes, timeout: float) -> "Deferred[PushResult]":
        """
        Send, half-close and wait.

        :param timeout: seconds until the peer must have closed.
        :returns: fires once with the result; never fails. Cancelling resets the connection.
        """
        done: Deferred[PushResult] = Deferred(lambda _: self._settle(Outcome.FAILED, "cancelled"))
        self._done = done
        self._connecting = None
        self.deadline = self._clock.seconds() + timeout
        if self._lost is not None:
            self._settle(Outcome.FAILED, self._lost.getErrorMessage())
            return done
        if self._tcp.getHost() == self._tcp.getPeer():
            # Where nobody listens on an ephemeral port, TCP may connect a socket to itself.
            self._settle(Outcome.FAILED, "nobody listens there")
            return done
        if len(payload) > _ONE_SEND_BYTES:
            resetOnClose(self.transport, True)
        self._tcp.write(payload)
        self._tcp.loseWriteConnection()
        return done

    def expired(self) -> None:
        """
        The deadline has passed.
        """
        if self._connecting is not None:
            self._connecting.cancel()
        elif self._finSent and self._peerClosed:
            self._checkReset()
        elif self._finSent:
            self._settle(Outcome.HUNG, "kept the connection open")
        else:
            self._settle(Outcome.FAILED, "did not take the message in time")

    def notConnected(self, reason: Failure) -> PushResult:
        """
        The connection attempt failed, or was given up, perhaps when it had just succeeded.
        """
        if self.transport is not None and self._lost is None:
            self._tcp.abortConnection()
        detail = reason.getErrorMessage() or "no connection in time"
        return PushResult(Outcome.FAILED, detail=detail)

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
        resetOnClose(self.transport, False)
        if self._peerClosed:
            self.deadline = self._clock.seconds() + _LATE_RESET

    def readConnectionLost(self) -> None:
        """
        The peer closed, or half-closed before it has read: the former confirms.
        """
        if self._finSent:
            self._checkReset()
        else:
            self._peerClosed = True

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """
        The connection is gone; without a confirmation that is a failure.
        """
        self._lost = reason
        self._settle(Outcome.FAILED, reason.getErrorMessage())

    def _checkReset(self) -> None:
        # A peer that closed before it read answers our bytes with a reset, which the socket
        # remembers even after its end of file.
        if pendingError(self.transport):
            self._settle(Outcome.FAILED, "closed before it read the message")
        else:
            self._settle(Outcome.CONFIRMED, "")

    def _settle(self, outcome: Outcome, detail: str) -> None:
        done, self._done = self._done, None
        if done is None:
            return
        if self._lost is None:
            if outcome is Outcome.FAILED:
                self._tcp.abortConnection()
            else:
                self._tcp.loseConnection()
        done.callback(PushResult(outcome, self._reply, detail, connected=True))


class PushCreator(ClientCreator):
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
        super().__init__(reactor, self._makeProtocol)
        self._connectTimeout = connectTimeout
        self._pushTimeout = pushTimeout
        self._active: set[PushProtocol] = set()
        self._sweep: IDelayedCall | None = None

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
        self._nextTimeout = self._connectTimeout if connectTimeout is None else connectTimeout
        attempt: Deferred[PushProtocol] = self.connectTCP(host, port, timeout=None)
        made = self._made
        made.connecting(attempt)
        self._watch(made)
        result: Deferred[PushResult] = attempt.addCallback(
            lambda protocol: protocol.send(payload, self._pushTimeout)
        )
        result.addErrback(made.notConnected)
        return result.addCallback(self._ended, made)

    def _makeProtocol(self) -> PushProtocol:
        # Remembered, since it must be reachable before its connection stands.
        self._made = PushProtocol(self.reactor, self._nextTimeout)
        return self._made

    def _watch(self, protocol: PushProtocol) -> None:
        self._active.add(protocol)
        if self._sweep is None:
            self._sweep = self.reactor.callLater(_SWEEP, self._sweepAll)

    def _ended(self, result: PushResult, protocol: PushProtocol) -> PushResult:
        self._active.discard(protocol)
        if not self._active and self._sweep is not None:
            self._sweep.cancel()
            self._sweep = None
        return result

    def _sweepAll(self) -> None:
        self._sweep = self.reactor.callLater(_SWEEP, self._sweepAll)
        now = self.reactor.seconds()
        for protocol in [protocol for protocol in self._active if protocol.deadline <= now]:
            protocol.expired()
