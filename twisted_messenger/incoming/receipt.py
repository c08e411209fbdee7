"""
The close is the receipt: a wrapper that answers a sender when its message is safe, or why not.

Twisted closes the socket before ``connectionLost`` runs, so by itself a close says nothing. Here
the wrapped protocol's ``connectionLost`` runs at the sender's end of file, while our half of the
connection is still open; the outcome it publishes decides how that half ends::

    receiving --EOF, or one line and silence--> deciding --None------> half-close, no byte: stored
        |                                          |-----Refusal--> one line, half-close: not stored
        |--refused early--> draining --EOF---------'-----Failure--> reset: no promise
        '--idle, too long, too much--> reset

A kill, an exception or a full descriptor table must never look like the first: the kernel is
told to reset the connection unless we have half-closed it ourselves.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from twisted.internet.address import UNIXAddress
from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import ConnectionAborted, ConnectionDone, ConnectionLost
from twisted.internet.interfaces import (
    IDelayedCall,
    IHalfCloseableProtocol,
    IProtocolFactory,
    IReactorTime,
    ISSLTransport,
)
from twisted.internet.protocol import connectionDone
from twisted.logger import Logger
from twisted.protocols.policies import ProtocolWrapper, WrappingFactory
from twisted.python.failure import Failure
from zope.interface import implementer

from twisted_messenger.address import Source
from twisted_messenger.errors import StoreUncertain
from twisted_messenger.eventlog import EventLog
from twisted_messenger.incoming.connectioncap import ConnectionCap
from twisted_messenger.incoming.connectiontable import MAX_CONNECTIONS
from twisted_messenger.interfaces import ConnectionEvicted, ConnectionIdle, IReceiptProtocol
from twisted_messenger.refusal import Refusal
from twisted_messenger.sockets import endedByTLS, resetOnClose

#: Seconds of silence behind exactly one line that end a message. Several netcats never send the
#: end of file; people and pipes do not pause so long within one line's packet.
LINE_SILENCE = 1.5

#: Seconds an unfinished message may be silent.
IDLE_TIMEOUT = 60.0

#: Seconds an unfinished message may take in all.
MESSAGE_TIMEOUT = 120.0

#: Seconds and bytes that are read and thrown away, so that a sender gets its answer at its end
#: of file instead of an error in the middle: closing early kills the tutorial's client.
DRAIN_SECONDS = 30.0
DRAIN_BYTES = 8 * 1024 * 1024

_NO_PROMISE = b"~ reset: nobody knows what became of this message\n"

# How often time-outs are looked at, in seconds: one call for all connections.
_SWEEP = 0.25


@implementer(IHalfCloseableProtocol)
class ReceiptProtocol(ProtocolWrapper):
    """
    One connection and its receipt.
    """

    log = Logger()
    factory: "ReceiptFactory"
    transport: Any
    wrappedProtocol: Any

    def __init__(self, factory: "ReceiptFactory", wrappedProtocol: IReceiptProtocol) -> None:
        super().__init__(factory, wrappedProtocol)
        self._made = self._heard = factory.clock.seconds()
        #: When the message was over, at its end or refused before: from here on we only drain.
        self._over: float | None = None
        self._eof = False
        self._ended = False
        self._decided: list[Refusal | None] = []
        self._answered = False
        self._drained = 0
        self._lines = 0
        self._lineEnded = False
        self._receiptOut = False
        self._aborted = False
        self._late = 0
        self._lost = False
        self._why: Failure | None = None
        #: Where it comes from, as far as it is known.
        self.source = Source()
        self._identified = False

    def makeConnection(self, transport: Any) -> None:
        """
        Arm the reset, then connect the wrapped protocol.
        """
        resetOnClose(transport, True)
        outcome: Deferred[Refusal | None] = self.wrappedProtocol.outcome
        self.source = Source.of(transport)
        super().makeConnection(transport)
        outcome.addCallbacks(self._outcomeKnown, self._outcomeUnknown)
        # Who is behind a proxy comes in when it is known, and till then counts for nobody.
        hidden = isinstance(transport, ProtocolWrapper) and not ISSLTransport.providedBy(transport)
        self.factory.turnstile.enter(self, Source() if hidden else self.source)

    def dataReceived(self, data: bytes) -> None:
        """
        Pass it on; once the message is over, throw it away within bounds.
        """
        self._heard = self.factory.clock.seconds()
        if not self._identified and not self._identify():
            return
        if not self._ended:
            self.factory.turnstile.heard(self)
        if self._over is not None:
            self._drained += len(data)
            self._late += len(data) if self._ended else 0
            if self._drained > DRAIN_BYTES:
                self.abort()
            return
        self._lines += data.count(b"\n")
        self._lineEnded = data.endswith(b"\n")
        self._guarded(self.wrappedProtocol.dataReceived, data)

    def _identify(self) -> bool:
        """
        Behind a proxy, only the first bytes tell whose connection this is; over TLS, only they
        come with a certificate.

        :returns: whether one could tell.
        """
        self._identified = True
        if not isinstance(self.transport, ProtocolWrapper):
            return True
        before = self.source
        try:
            self.source = Source.of(self.transport).behind(before)
        except Exception:
            # A certificate that is signed, but cannot be read.
            self._over = self._heard
            self.abort()
            return False
        if not ISSLTransport.providedBy(self.transport) or self.source.host != before.host:
            self.factory.turnstile.enter(self, self.source)
        return True

    def readConnectionLost(self) -> None:
        """
        The sender's end of file: the message is whole.
        """
        self._eof = True
        if self._answered:
            self._close()
        elif not self._ended:
            self._endMessage()

    def writeConnectionLost(self) -> None:
        """
        The receipt is out.
        """
        self._tellTheTruth()
        if self._eof or self.factory.stopping:
            self._close()

    def _tellTheTruth(self) -> None:
        """
        From now on an orderly close is the truth.
        """
        resetOnClose(self.transport, False)
        self._receiptOut = True

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """
        The connection is gone. Over TLS this is also how a message ends.
        """
        self._lost = True
        self.factory.unregisterProtocol(self)
        self.factory.turnstile.leave(self)
        if self._late:
            self.factory.refusals.counters.add("late_bytes", self._late)
            self.factory.refusals.note(
                self.source, "{bytes} bytes came after the end of a message", bytes=self._late
            )
        if not self._ended and not self._decided:
            self._ended = True
            self._guarded(self.wrappedProtocol.connectionLost, self._ending(reason))

    def _ending(self, reason: Failure) -> Failure:
        if self._aborted:
            # On a Unix socket our own close would look like the sender's.
            return self._why or Failure(ConnectionAborted())
        # A fatal alert sets the same flag, but has a reason of its own.
        ended = reason.type in (ConnectionDone, ConnectionLost) and endedByTLS(self.transport)
        return connectionDone if ended else reason

    def abort(self, why: Exception | None = None) -> None:
        """
        Reset the connection: no promise.

        :param why: what the wrapped protocol is told.
        """
        if why is not None:
            self._why = Failure(why)
        self._aborted = True
        if isinstance(self.transport.getHost(), UNIXAddress) and not self._lost:
            # There is no reset on a Unix socket; without a word, its close would be a receipt.
            self.transport.write(_NO_PROMISE)
            self.transport.loseConnection()
        else:
            self.transport.abortConnection()

    def evict(self) -> None:
        """
        Go, to make room: in order where the receipt is out, else with a reset.
        """
        if self._receiptOut:
            self._close()
        else:
            self.abort(ConnectionEvicted())

    def turnAway(self, refusal: Refusal) -> None:
        """
        Throw away whatever comes, and give this answer at its end.
        """
        self._outcomeKnown(refusal)

    def stop(self) -> None:
        """
        Wait no longer for the sender: reset what it has not finished, close what is answered.
        """
        if not self._ended:
            self.abort()
        elif self._receiptOut:
            self._close()

    def swept(self, now: float) -> None:
        """
        Look at this connection's time-outs.

        :param now: seconds on the factory's clock.
        """
        if self._over is not None:
            self._sweptOver(now - self._over)
        elif self._lineEnded and self._lines == 1 and now - self._heard >= LINE_SILENCE:
            # What came while the program stood still is read before this is called.
            self.factory.clock.callLater(0, self._silent, self._heard)
        elif now - self._heard > self.factory.idleTimeout or (
            now - self._made > self.factory.messageTimeout
        ):
            self.abort(ConnectionIdle())

    def _silent(self, heard: float) -> None:
        if self._over is None and not self._lost and self._heard == heard:
            self._endMessage()

    def _sweptOver(self, seconds: float) -> None:
        if self._answered and seconds > DRAIN_SECONDS:
            self._close()
        elif (not self._ended and seconds > DRAIN_SECONDS) or seconds > self.factory.messageTimeout:
            self.abort()

    def _endMessage(self) -> None:
        """
        End the wrapped protocol, or answer where it has already refused.
        """
        self._ended = True
        self.factory.turnstile.occupied(self)
        if self._decided:
            self._answer(self._decided[0])
            return
        self._over = self.factory.clock.seconds()
        self._guarded(self.wrappedProtocol.connectionLost, connectionDone)

    def _outcomeKnown(self, refusal: Refusal | None) -> None:
        if self._over is None:
            self._over = self.factory.clock.seconds()
        self._decided.append(refusal)
        if self._ended and not self._lost:
            self._answer(refusal)

    def _outcomeUnknown(self, reason: Failure) -> None:
        if not reason.check(StoreUncertain):
            self.log.failure("a message was neither taken nor refused", reason)
        self.abort()

    def _answer(self, refusal: Refusal | None) -> None:
        if refusal is not None and not self.factory.explain:
            self.abort()
            return
        self._answered = True
        self.factory.turnstile.heard(self)
        if refusal is not None:
            self.transport.write(refusal.line())
        if ISSLTransport.providedBy(self.transport):
            self._receiptOut = True
            self.transport.loseConnection()
        elif refusal is None and self._eof:
            # Both halves at once: there is nothing to send, and nothing to come.
            self._tellTheTruth()
            self._close()
        else:
            self.transport.loseWriteConnection()

    def _close(self) -> None:
        if ISSLTransport.providedBy(self.transport):
            # It has said goodbye; closing in order would wait for the peer's.
            self.transport.abortConnection()
        else:
            self.transport.loseConnection()

    def _guarded(self, call: Callable[..., None], *arguments: object) -> None:
        """
        Twisted answers an exception with an orderly close, which would be a receipt.
        """
        try:
            call(*arguments)
        except Exception:
            self.log.failure("a message was neither taken nor refused")
            self.abort()


if TYPE_CHECKING:
    _WrappingFactory = WrappingFactory[ReceiptProtocol]
else:
    # Twisted's factories are generic since 26.4; this works with older ones.
    _WrappingFactory = WrappingFactory


class ReceiptFactory(_WrappingFactory):
    """
    Wraps a factory whose protocols provide
    :class:`~twisted_messenger.interfaces.IReceiptProtocol`.

    :param wrappedFactory: makes the protocols that take the messages.
    :param clock: the reactor, for its time.
    :param refusals: where late bytes and refused connections are counted and logged.
    :param explain: whether a refusal is told; else the connection is reset.
    :param idleTimeout: seconds an unfinished message may be silent.
    :param messageTimeout: seconds an unfinished message may take in all.
    :param maxConnections: how many may be open at once.
    :param maxPerHost: of these, from one source but loopback; see
        :class:`~twisted_messenger.incoming.connectiontable.ConnectionTable`.
    """

    protocol = ReceiptProtocol
    noisy = False

    def __init__(
        self,
        wrappedFactory: IProtocolFactory,
        clock: IReactorTime,
        refusals: EventLog | None = None,
        *,
        explain: bool = True,
        idleTimeout: float = IDLE_TIMEOUT,
        messageTimeout: float = MESSAGE_TIMEOUT,
        maxConnections: int = MAX_CONNECTIONS,
        maxPerHost: int | None = None,
    ) -> None:
        super().__init__(wrappedFactory)
        self.clock = clock
        self.refusals = refusals or EventLog()
        #: Listeners put their gates here.
        self.turnstile = ConnectionCap(clock, self.refusals, maxConnections, maxPerHost)
        self.explain = explain
        self.idleTimeout = idleTimeout
        self.messageTimeout = messageTimeout
        #: Whether answered connections are closed without waiting for the sender.
        self.stopping = False
        self._sweep: IDelayedCall | None = None
        self._empty: list[Deferred[None]] = []

    def registerProtocol(self, p: ReceiptProtocol) -> None:
        """
        A connection was made.
        """
        super().registerProtocol(p)
        if self._sweep is None:
            self._sweep = self.clock.callLater(_SWEEP, self._sweepAll)

    def unregisterProtocol(self, p: ReceiptProtocol) -> None:
        """
        A connection is gone.
        """
        super().unregisterProtocol(p)
        if not self.protocols:
            if self._sweep is not None:
                self._sweep.cancel()
                self._sweep = None
            for waiting in self._empty:
                waiting.callback(None)
            self._empty.clear()

    def drained(self) -> "Deferred[None]":
        """
        Reset every unfinished connection, and wait until the others are answered.

        :returns: fires when no connection is left.
        """
        self.stopping = True
        for protocol in list(self.protocols):
            protocol.stop()
        if not self.protocols:
            return succeed(None)
        done: Deferred[None] = Deferred()
        self._empty.append(done)
        return done

    def abortAll(self) -> None:
        """
        Reset every connection, whole message or not.
        """
        for protocol in list(self.protocols):
            protocol.abort()

    def _sweepAll(self) -> None:
        self._sweep = self.clock.callLater(_SWEEP, self._sweepAll)
        self.turnstile.tryOpening()
        now = self.clock.seconds()
        for protocol in list(self.protocols):
            protocol.swept(now)
