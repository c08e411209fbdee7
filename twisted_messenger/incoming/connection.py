"""
The state of one connection: its message, what became of it, and what the sender is told.

Twisted closes the socket before ``connectionLost`` runs, so by itself a close says nothing. Here
the wrapped protocol's ``connectionLost`` runs at the sender's end of file, while our half of the
connection is still open; the outcome that it publishes decides how that half ends::

    RECEIVING --EOF, or one line and silence--> DECIDING --None------> half-close, no byte: stored
        |                                          |-----Reply----> one line, half-close: stored
        |                                          |-----Refusal--> one line, half-close: not stored
        |--refused early--> DRAINING --EOF---------'-----Failure--> reset: no promise
        '--idle, too long, too much--> reset

After the half-close the state is ANSWERING until the answer is out, then ANSWERED until the sender
ends its half too. A kill, an exception or a full descriptor table must never look like a receipt:
the kernel is told to reset the connection unless we have half-closed it ourselves.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionAborted, ConnectionDone, ConnectionLost
from twisted.internet.interfaces import IHalfCloseableProtocol, IReactorTime
from twisted.internet.protocol import connectionDone
from twisted.logger import Logger
from twisted.protocols.policies import ProtocolWrapper
from twisted.python.failure import Failure
from zope.interface import implementer

from twisted_messenger.address import Source
from twisted_messenger.errors import StoreUncertain
from twisted_messenger.eventlog import EventLog
from twisted_messenger.incoming.closing import TCPEnd, endOf
from twisted_messenger.incoming.connectioncap import ConnectionCap
from twisted_messenger.incoming.identity import Identity
from twisted_messenger.interfaces import (
    ConnectionEvicted,
    ConnectionIdle,
    IReceiptProtocol,
    Outcome,
)
from twisted_messenger.refusal import Refusal

#: Seconds of silence after exactly one line that end a message. Several netcats never send the
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


@dataclass(frozen=True)
class SenderLimits:
    """
    What a sender may do, and what it is told.

    :param explain: whether a refusal is told; else the connection is reset.
    :param idleTimeout: seconds an unfinished message may be silent.
    :param messageTimeout: seconds an unfinished message may take in all.
    """

    explain: bool = True
    idleTimeout: float = IDLE_TIMEOUT
    messageTimeout: float = MESSAGE_TIMEOUT


class _State(Enum):
    RECEIVING = "the message has not ended"
    DRAINING = "it was refused before its end"
    DECIDING = "it has ended; nobody knows yet what becomes of it"
    ANSWERING = "the answer is on its way"
    ANSWERED = "the answer is out"
    LOST = "the connection is gone"


@implementer(IHalfCloseableProtocol)
class ReceiptProtocol(ProtocolWrapper):
    """
    One connection and its receipt.

    :param factory: keeps a list of these.
    :param wrappedProtocol: takes the message.
    :param clock: the reactor, for its time.
    :param cap: counts the connection while it is open.
    :param events: where late bytes are counted and logged.
    :param limits: how long it may take, and what its sender is told.
    """

    log = Logger()
    factory: Any
    transport: Any
    wrappedProtocol: Any
    _end: TCPEnd
    _identity: Identity

    def __init__(
        self,
        factory: Any,
        wrappedProtocol: IReceiptProtocol,
        clock: IReactorTime,
        cap: ConnectionCap,
        events: EventLog,
        limits: SenderLimits,
    ) -> None:
        super().__init__(factory, wrappedProtocol)
        self._clock = clock
        self._cap = cap
        self._events = events
        self._limits = limits
        self._state = _State.RECEIVING
        # When the connection was made, when bytes came last, when we began to throw them away.
        self._made = self._heard = clock.seconds()
        self._over = 0.0
        self._eof = False
        self._stopping = False
        self._lines = 0
        self._lineEnded = False
        # Bytes thrown away, and of these, those that came after the end of a message.
        self._drained = self._late = 0
        # What was decided before the end of the message.
        self._early: Outcome = None
        # Why we have reset the connection.
        self._aborted: Failure | None = None

    @property
    def source(self) -> Source:
        """
        Where it comes from, as far as it is known.
        """
        return self._identity.source

    def makeConnection(self, transport: Any) -> None:
        """
        Arm the reset, then connect the wrapped protocol.
        """
        self._end = endOf(transport)
        self._identity = Identity(transport)
        outcome: Deferred[Outcome] = self.wrappedProtocol.outcome
        super().makeConnection(transport)
        outcome.addCallbacks(self._outcomeKnown, self._outcomeUnknown)
        self._cap.enter(self, Source() if self._identity.hidden else self.source)

    def dataReceived(self, data: bytes) -> None:
        """
        Pass it on; once the message is over, throw it away within bounds.
        """
        self._heard = self._clock.seconds()
        if self._aborted is not None or not self._identified():
            return
        if self._state in (_State.RECEIVING, _State.DRAINING):
            self._cap.heard(self)
        if self._state is _State.RECEIVING:
            self._lines += data.count(b"\n")
            self._lineEnded = data.endswith(b"\n")
            self._guarded(self.wrappedProtocol.dataReceived, data)
        else:
            self._drain(len(data))

    def _identified(self) -> bool:
        """
        :returns: whether it can be told whose connection this is.
        """
        try:
            isAnother = self._identity.look()
        except Exception:
            # A certificate that is signed, but cannot be read.
            self.abort()
            return False
        if isAnother:
            self._cap.enter(self, self.source)
        return True

    def _drain(self, count: int) -> None:
        self._drained += count
        if self._state is not _State.DRAINING:
            self._late += count
        if self._drained > DRAIN_BYTES:
            self.abort()

    def readConnectionLost(self) -> None:
        """
        The sender's end of file: the message is whole.
        """
        self._eof = True
        if self._state in (_State.ANSWERING, _State.ANSWERED):
            self._end.close()
        elif self._state is not _State.DECIDING:
            self._endMessage()

    def writeConnectionLost(self) -> None:
        """
        The answer is out.
        """
        self._end.confirmed()
        self._state = _State.ANSWERED
        if self._eof or self._stopping:
            self._end.close()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """
        The connection is gone. Over TLS this is also how a message ends.
        """
        unfinished = self._state is _State.RECEIVING
        self._state = _State.LOST
        self.factory.unregisterProtocol(self)
        self._cap.leave(self)
        if self._late:
            self._events.counters.add("late_bytes", self._late)
            self._events.note(
                self.source, "{bytes} bytes came after the end of a message", bytes=self._late
            )
        if unfinished:
            self._guarded(self.wrappedProtocol.connectionLost, self._why(reason))

    def _why(self, reason: Failure) -> Failure:
        if self._aborted is not None:
            # On a Unix socket our own close would look like the sender's.
            return self._aborted
        # A fatal alert sets the same flag, but has a reason of its own.
        ended = reason.type in (ConnectionDone, ConnectionLost) and self._end.saidGoodbye()
        return connectionDone if ended else reason

    def abort(self, why: Exception | None = None) -> None:
        """
        Reset the connection: no promise.

        :param why: what the wrapped protocol is told.
        """
        self._aborted = Failure(why or ConnectionAborted())
        self._end.reset()

    def evict(self) -> None:
        """
        Go, to make room: in order where the answer is out, else with a reset.
        """
        if self._state is _State.ANSWERED:
            self._end.close()
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
        self._stopping = True
        if self._state in (_State.RECEIVING, _State.DRAINING):
            self.abort()
        elif self._state is _State.ANSWERED:
            self._end.close()

    def swept(self, now: float) -> None:
        """
        Look at this connection's time-outs.

        :param now: seconds on the factory's clock.
        """
        if self._state is not _State.RECEIVING:
            self._sweptOver(now - self._over)
        elif self._lineEnded and self._lines == 1 and now - self._heard >= LINE_SILENCE:
            # What came while the program stood still is read before this is called.
            self._clock.callLater(0, self._silent, self._heard)
        elif now - self._heard > self._limits.idleTimeout or (
            now - self._made > self._limits.messageTimeout
        ):
            self.abort(ConnectionIdle())

    def _silent(self, heard: float) -> None:
        if self._state is _State.RECEIVING and self._heard == heard:
            self._endMessage()

    def _sweptOver(self, seconds: float) -> None:
        answered = self._state in (_State.ANSWERING, _State.ANSWERED)
        if answered and seconds > DRAIN_SECONDS:
            self._end.close()
        elif (self._state is _State.DRAINING and seconds > DRAIN_SECONDS) or (
            seconds > self._limits.messageTimeout
        ):
            self.abort()

    def _endMessage(self) -> None:
        """
        End the wrapped protocol, or answer where it has already refused.
        """
        self._cap.occupied(self)
        if self._state is _State.DRAINING:
            self._answer(self._early)
            return
        self._state = _State.DECIDING
        self._over = self._clock.seconds()
        self._guarded(self.wrappedProtocol.connectionLost, connectionDone)

    def _outcomeKnown(self, outcome: Outcome) -> None:
        if self._state is _State.RECEIVING:
            self._state = _State.DRAINING
            self._early = outcome
            self._over = self._clock.seconds()
        elif self._state is _State.DECIDING:
            self._answer(outcome)

    def _outcomeUnknown(self, reason: Failure) -> None:
        if not reason.check(StoreUncertain):
            self.log.failure("a message was neither taken nor refused", reason)
        self.abort()

    def _answer(self, outcome: Outcome) -> None:
        if isinstance(outcome, Refusal) and not self._limits.explain:
            self.abort()
            return
        self._state = _State.ANSWERING
        self._cap.heard(self)
        if self._end.answer(b"" if outcome is None else outcome.line(), self._eof):
            self._state = _State.ANSWERED

    def _guarded(self, call: Callable[..., None], *arguments: object) -> None:
        """
        Twisted answers an exception with an orderly close, which would be a receipt.
        """
        try:
            call(*arguments)
        except Exception:
            self.log.failure("a message was neither taken nor refused")
            self.abort()
