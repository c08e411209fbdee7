"""
The state of one connection: its messages, what became of them, and what the sender is told.

Twisted closes the socket before ``connectionLost`` runs, so by itself a close says nothing. Here
the wrapped protocol's ``connectionLost`` runs at the sender's end of file, while our half of the
connection is still open; the outcome that it publishes decides how that half ends::

    RECEIVING --end of file, or 1.5 s after a line--> deciding --taken--> half-close: TAKEN
        |                                                |-----refused--> line, half-close: REFUSED
        |--refused early--> DRAINING --end of file-------'-----nobody knows--> reset
        '--idle, too long, too much--> reset

What comes in TAKEN is further messages, each with a protocol of its own. One that is not taken
resets the connection: that is the only word left. What comes in REFUSED is thrown away.

A kill, an exception or a full descriptor table must never look like a receipt: the kernel is told
to reset the connection unless all that was said is taken, and we have half-closed it ourselves.
"""

from collections.abc import Callable
from enum import Enum
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionAborted, ConnectionDone
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
from twisted_messenger.incoming.gathering import Gathering
from twisted_messenger.incoming.identity import Identity
from twisted_messenger.incoming.limits import SenderLimits
from twisted_messenger.interfaces import (
    ConnectionEvicted,
    ConnectionIdle,
    ConnectionStopped,
    IReceiptProtocol,
    MessagePartlyTaken,
    Outcome,
    Unwelcome,
)
from twisted_messenger.refusal import Refusal

#: Seconds and bytes that are read and thrown away, so that a sender gets its answer at its end
#: of file instead of an error in the middle: closing early kills the tutorial's client.
DRAIN_SECONDS = 30.0
DRAIN_BYTES = 8 * 1024 * 1024

# Turns of the reactor in which more bytes may come before lines are taken for a message: each
# reads 64 KiB, and an end of file comes last.
_LOOKS = 4


class _State(Enum):
    RECEIVING = "nothing is decided, or nothing told"
    DRAINING = "the first message was refused before its end"
    TAKEN = "the first message was taken, and so was each one after it"
    REFUSED = "the first message was refused"


@implementer(IHalfCloseableProtocol)
class ReceiptProtocol(ProtocolWrapper):
    """
    One connection and its receipt.

    :param factory: keeps a list of these.
    :param wrappedProtocol: takes the first message, and makes the protocols of further ones.
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
        # The protocol of the message that comes, until nothing more can come.
        self._taking: Any = wrappedProtocol
        self._gathering = Gathering()
        # The protocol of the message that has ended, while nobody knows what becomes of it.
        self._deciding: Any = None
        # When bytes came last; when the last message ended or was refused.
        self._heard = self._since = clock.seconds()
        # How the sender has ended, when it has.
        self._ended: Failure | None = None
        self._lost = self._stopping = False
        # Bytes thrown away, and of these, those that came after the answer.
        self._drained = self._late = 0
        # What was decided before the end of the first message.
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
        super().makeConnection(transport)
        self._await(self.wrappedProtocol)
        self._cap.enter(self, Source() if self._identity.hidden else self.source)

    def _await(self, protocol: IReceiptProtocol) -> None:
        outcome: Deferred[Outcome] = protocol.outcome
        outcome.addCallbacks(self._outcomeKnown, self._outcomeUnknown, callbackArgs=(protocol,))

    def dataReceived(self, data: bytes) -> None:
        """
        Pass it on; once a message is refused, throw it away within bounds.
        """
        self._guarded(self._received, data)

    def _received(self, data: bytes) -> None:
        self._heard = self._clock.seconds()
        if self._aborted is not None or not self._identified():
            return
        if self._state is not _State.REFUSED and self._deciding is None:
            self._cap.heard(self)
        if self._state in (_State.DRAINING, _State.REFUSED):
            self._drain(len(data))
            return
        wasEmpty = self._gathering.empty
        self._gathering.received(data, self._heard)
        if wasEmpty and self._state is _State.TAKEN and not self._gathering.empty:
            self._end.arm(True)
        self._taking.dataReceived(data)

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
        if self._state is _State.REFUSED:
            self._late += count
        if self._drained > DRAIN_BYTES:
            self.abort()

    def loseConnection(self) -> None:
        """
        The wrapped protocol has refused, and waits for nothing more: answer at once.
        """
        if self._state is _State.DRAINING:
            self._answer(self._early)

    def readConnectionLost(self) -> None:
        """
        The sender's end of file: the message is whole.
        """
        self._guarded(self._senderEnded, connectionDone)

    def writeConnectionLost(self) -> None:
        """
        The answer is out.
        """
        self._end.out = True
        self._settle()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """
        The connection is gone. Over TLS this is also how a message ends.
        """
        self._lost = True
        self.factory.unregisterProtocol(self)
        self._cap.leave(self)
        if self._late:
            self._events.counters.add("late_bytes", self._late)
            self._events.note(
                self.source,
                "{bytes} bytes from {source} came after the end of a message",
                bytes=self._late,
                source=self.source.host,
            )
        if self._aborted is not None:
            # On a Unix socket our own close would look like the sender's.
            self._drop(self._aborted)
        elif self._ended is None:
            self._senderEnded(self._end.ending(reason))

    def _drop(self, why: Failure) -> None:
        """
        What has come is not a message.
        """
        taking, self._taking = self._taking, None
        if taking is not None:
            self._guarded(taking.connectionLost, why)

    def abort(self, why: Exception | None = None) -> None:
        """
        Reset the connection: no promise.

        :param why: what the wrapped protocol is told.
        """
        if self._aborted is None:
            self._aborted = Failure(why or ConnectionAborted())
            self._end.reset()

    def evict(self) -> None:
        """
        Go, to make room: in order where everything is told, else with a reset.
        """
        if self._isSettled():
            self._end.close()
        else:
            self.abort(ConnectionEvicted())

    def turnAway(self, refusal: Refusal) -> None:
        """
        Throw away whatever comes, and give this answer at its end.
        """
        self._decidedEarly(refusal)

    def mistaken(self, refusal: Refusal) -> None:
        """
        The guard in front of us has answered a program that speaks something else: it is refused.
        """
        self._events.refused(refusal, self.source)
        self.turnAway(refusal)

    def stop(self) -> None:
        """
        Wait no longer for the sender: reset what it has not finished, close what is answered.
        """
        self._stopping = True
        if self._isSettled():
            self._end.close()
        elif self._deciding is None and not self._isAnswered():
            self.abort(ConnectionStopped())

    def _isAnswered(self) -> bool:
        """
        Whether the answer is given, and nothing has come after it.
        """
        return self._state in (_State.TAKEN, _State.REFUSED) and self._gathering.empty

    def _isSettled(self) -> bool:
        """
        Whether all that was said is decided, and told.
        """
        return self._end.out and self._deciding is None and self._isAnswered()

    def _settle(self) -> None:
        if self._isSettled() and not self._lost:
            # From now on an orderly close is the truth.
            self._end.arm(False)
            if self._stopping or self._ended is not None:
                self._end.close()

    def swept(self, now: float) -> None:
        """
        Look at this connection's time-outs.

        :param now: seconds on the factory's clock.
        """
        if self._deciding is not None:
            if now - self._since > self._limits.messageTimeout:
                self.abort()
        elif self._state in (_State.DRAINING, _State.REFUSED):
            if now - self._since > DRAIN_SECONDS:
                self._leave()
        elif self._gathering.isDue(now):
            self._lookOnce(self._gathering, _LOOKS)
        elif now - self._heard > self._limits.idleTimeout or self._isSlow(now):
            self._leave()

    def _isSlow(self, now: float) -> bool:
        begun = self._gathering.begun
        return begun is not None and now - begun > self._limits.messageTimeout

    def _leave(self) -> None:
        if self._isAnswered():
            self._end.close()
        else:
            self.abort(ConnectionIdle())

    def _lookOnce(self, gathering: Gathering, looks: int) -> None:
        # What came while the program stood still is read before this is called.
        self._clock.callLater(0, self._linesEnded, gathering, gathering.size, looks - 1)

    def _linesEnded(self, gathering: Gathering, size: int, looks: int) -> None:
        if self._gathering is not gathering or self._ended or self._aborted:
            return
        if gathering.size != size and looks:
            self._lookOnce(gathering, looks)
        else:
            self._guarded(self._endLines)

    def _senderEnded(self, how: Failure) -> None:
        self._ended = how
        if self._state is _State.DRAINING:
            self._answer(self._early)
        elif self._deciding is None:
            self._endLast()

    def _endLast(self) -> None:
        """
        The sender sends no more.
        """
        assert self._ended is not None
        if self._isAnswered():
            self._settle()
        elif self._ended.check(ConnectionDone):
            message, self._taking = self._taking, None
            self._endMessage(message, Gathering())
        elif self._end.wholeLines and self._gathering.hasLine:
            self._guarded(self._endLines)
        else:
            self._drop(self._ended)

    def _endLines(self) -> None:
        """
        The lines so far are a message; what comes after them begins another.
        """
        message = self._taking
        self._taking = message.further()
        self._taking.makeConnection(self)
        self._await(self._taking)
        self._endMessage(message, self._gathering.rest())

    def _endMessage(self, message: Any, rest: Gathering) -> None:
        self._gathering = rest
        self._deciding = message
        self._since = self._clock.seconds()
        self._cap.occupied(self)
        self._guarded(message.connectionLost, connectionDone)

    def _outcomeKnown(self, outcome: Outcome, message: IReceiptProtocol) -> None:
        if message is not self._deciding:
            self._decidedEarly(outcome)
            return
        self._deciding = None
        if self._state is _State.RECEIVING:
            self._answer(outcome)
        elif isinstance(outcome, Refusal):
            self.abort()
        if self._state is _State.TAKEN and self._aborted is None:
            self._cap.heard(self)
            self._end.taken()
            self._goOn()

    def _goOn(self) -> None:
        if self._ended is not None:
            self._endLast()
        elif self._stopping and not self._gathering.empty:
            self.abort()
        else:
            self._settle()

    def _decidedEarly(self, outcome: Outcome) -> None:
        if self._state is _State.RECEIVING and self._deciding is None:
            self._state = _State.DRAINING
            self._since = self._clock.seconds()
            self._early = outcome
            self._taking = None
            # Its lines may be due, and are no message any more.
            self._gathering = Gathering()
        elif self._state is not _State.REFUSED and not self._lost:
            self.abort()

    def _outcomeUnknown(self, reason: Failure) -> None:
        if not reason.check(StoreUncertain, MessagePartlyTaken, Unwelcome):
            self.log.failure("a message was neither taken nor refused", reason)
        self.abort()

    def _answer(self, outcome: Outcome) -> None:
        refused = isinstance(outcome, Refusal)
        self._state = _State.REFUSED if refused else _State.TAKEN
        if refused:
            self._gathering = Gathering()
            self._drop(Failure(Unwelcome("the message before it was refused")))
        if self._lost:
            return
        line = self._limits.answerTo(outcome)
        if line is None:
            self.abort()
            return
        self._cap.heard(self)
        self._end.answer(line, self._ended is not None)
        self._settle()

    def _guarded(self, call: Callable[..., None], *arguments: object) -> None:
        """
        Twisted answers an exception with an orderly close, which would be a receipt: Ctrl-C too, in
        a program that leaves SIGINT to Python.
        """
        try:
            call(*arguments)
        except BaseException:
            self.log.failure("a message was neither taken nor refused")
            self.abort()
