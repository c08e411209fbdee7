"""
Sends one message, half-closes, and waits for the peer's close.

The peer closes in order once it has read to the end: the tutorial's receiver prints first, then
closes. ``loseConnection`` alone would report success for messages that were never read. The close
confirms what the peer's kernel has acknowledged, and only that.
"""

from collections.abc import Callable
from dataclasses import replace
from errno import (
    EADDRNOTAVAIL,
    ECANCELED,
    EHOSTUNREACH,
    EMFILE,
    ENETDOWN,
    ENETUNREACH,
    ENFILE,
    ENOBUFS,
    ENOMEM,
)
from functools import lru_cache
from socket import SO_ERROR, SOL_SOCKET
from typing import Any

from twisted.internet.interfaces import IHalfCloseableProtocol, IReactorTime
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from twisted_messenger.acknowledged import isAcknowledged
from twisted_messenger.push.answer import MAX_ANSWER, isFinal, judged
from twisted_messenger.push.holding import Hold
from twisted_messenger.push.interfaces import (
    PLAINLY_CONFIRMED,
    Cancellable,
    Outcome,
    PushResult,
)
from twisted_messenger.sockets import resetOnClose

# Seconds after both sides have half-closed until we look whether the peer has acknowledged the
# message, or has reset: nobody tells us then.
_NEXT_LOOK = 0.2


#: A fresh socket takes so much in one send. What is longer may be half sent when the process is
#: killed, and the kernel's FIN would make half a message a whole one: then a reset is armed.
ONE_SEND_BYTES = 16 * 1024


# Errors that say nothing of the peer: no local port, descriptor or memory is free for now, or the
# lease was over.
_OUR_OWN_LACK = (EADDRNOTAVAIL, ECANCELED, EMFILE, ENFILE, ENOBUFS, ENOMEM)

# So do these from the call of connect itself: no way leads out of this machine. Later they come
# from the network: nobody answers there.
_NO_WAY_OUT = (ENETUNREACH, ENETDOWN, EHOSTUNREACH)

# Bytes of a reply that are read, to see the close after them: a peer that sends the longest message
# back is seen. What says more is not watched any more: an endless reply must not cost anything.
_MAX_READ = 512 * 1024


# Looking a member of an enumeration up takes a while on older Pythons.
_BROKEN_OFF = (Outcome.FAILED, Outcome.EXHAUSTED)


# Each member that is not there keeps one, nearly all of them the same.
@lru_cache(maxsize=256)
def _unconnected(outcome: Outcome, detail: str, error: int | None) -> PushResult:
    return PushResult(outcome, detail=detail, error=error)


@implementer(IHalfCloseableProtocol)
class PushProtocol(Protocol):
    """
    Sends one payload and watches how the peer takes it.

    It has no timer of its own: its maker calls :meth:`expired` after :attr:`deadline`.

    :param clock: tells the time.
    :param payload: the whole message.
    :param connectTimeout: seconds from now until the connection must stand.
    :param pushTimeout: seconds from then until the peer must have closed.
    :param settled: called once, with this protocol and the result.
    :param ack: whether only an answer that begins with ``+`` confirms.
    :param hold: asked when the time is up and the peer has everything; ``None`` for no.
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
        *,
        ack: bool = False,
        hold: Hold | None = None,
    ) -> None:
        #: When to call :meth:`expired`, in the clock's seconds.
        self.deadline = clock.seconds() + connectTimeout
        self._clock = clock
        self._length = len(payload)
        self._unsent = payload
        self._pushTimeout = pushTimeout
        self._ack = ack
        self._hold = hold
        self._settled: Callable[[PushProtocol, PushResult], object] | None = settled
        #: The attempt to connect; it is cancelled when it takes too long, and fails then.
        self.attempt: Cancellable | None = None
        #: Whether the call of connect has passed; where the reactor makes it, nobody tells.
        self.isUnderWay = True
        self.transport = None
        self._read = 0
        self._reply = b""
        self._armed = self._finSent = self._peerClosed = False

    def makeConnection(self, transport: Any) -> None:
        """
        Send, half-close, and wait.
        """
        # Not by way of connectionMade(): everything here is done once for every push.
        self.transport = tcp = transport
        self.deadline = self._until = self._clock.seconds() + self._pushTimeout
        if self._unsent:
            if self._length > ONE_SEND_BYTES:
                self._armed = True
                resetOnClose(tcp, True)
            tcp.write(self._unsent)
            self._unsent = b""
        tcp.loseWriteConnection()

    def opened(self) -> None:
        """
        The transport sends the payload by itself, before it makes the connection known.
        """
        self._unsent = b""

    def resume(self, transport: Any, deadline: float) -> None:
        """
        All has been sent over that transport already, and so has our end.
        """
        self.transport = transport
        self.deadline = self._until = deadline
        self._unsent = b""
        self._finSent = True

    def notConnected(self, reason: Failure) -> None:
        """
        There is no connection, and will be none.
        """
        number = getattr(reason.value, "osError", None)
        ours = number in _OUR_OWN_LACK or (number in _NO_WAY_OUT and not self.isUnderWay)
        outcome = Outcome.EXHAUSTED if ours else self._cancelled
        detail = reason.getErrorMessage() or "no connection in time"
        self._settle(_unconnected(outcome, detail, number))

    def expired(self) -> None:
        """
        The deadline has passed.
        """
        if self._settled is None:
            return
        if self.transport is None:
            self.cancel()
        elif self._finSent and self._peerClosed:
            self._closed()
        elif self._finSent and self._isAcknowledged() is not False:
            self._hangs()
        else:
            self._end(Outcome.FAILED, "did not take the message in time")

    def cancel(self) -> None:
        """
        See :class:`~twisted_messenger.push.interfaces.Attempt`.
        """
        if self.transport is not None:
            self._end(self._cancelled, "cancelled")
        elif self.attempt is not None:
            self.attempt.cancel()

    def recall(self) -> None:
        """
        See :class:`~twisted_messenger.push.interfaces.Attempt`.
        """
        if not self._finSent:
            self._cancelled = Outcome.EXHAUSTED
            self.cancel()

    def dataReceived(self, data: bytes) -> None:
        """
        Keep the beginning of what the peer says. A whole line that says no is enough: it need not
        close, nor read what is still to be sent. So is one that says yes, when all is sent.
        """
        self._reply = (self._reply + data)[:MAX_ANSWER]
        self._read += len(data)
        if isFinal(self._reply, self._ack and self._finSent):
            self._answered()
        elif self._read >= _MAX_READ:
            self.transport.pauseProducing()

    def writeConnectionLost(self) -> None:
        """
        Everything is with the kernel, and so is our end of file.
        """
        self._finSent = True
        if self._armed:
            resetOnClose(self.transport, False)
        if self._peerClosed:
            self._lookLater()
        elif self._reply and isFinal(self._reply, self._ack):
            self._answered()

    def readConnectionLost(self) -> None:
        """
        The peer closed, or half-closed before it has read: the former confirms.
        """
        self._peerClosed = True
        if self._finSent:
            self._closed()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """
        The connection is gone; without a confirmation that is a failure.
        """
        if self._settled is not None:
            self._settle(self._result(Outcome.FAILED, reason.getErrorMessage()))

    def _hangs(self) -> None:
        seconds = 0.0 if self._hold is None else self._hold.begin()
        if self._hold is None or not seconds:
            self._end(Outcome.HUNG, "kept the connection open")
        else:
            self.deadline = self._until = self._clock.seconds() + seconds
            self._hold.tell()

    def _isAcknowledged(self) -> bool | None:
        return isAcknowledged(self.transport.getHandle(), self._length)

    def _closed(self) -> None:
        """
        Both sides have ended.
        """
        acknowledged = self._isAcknowledged()
        # A peer that closed before it read answers our bytes with a reset, which the socket
        # remembers even after its end of file; and it has not acknowledged them.
        if not acknowledged and self.transport.getHandle().getsockopt(SOL_SOCKET, SO_ERROR):
            self._end(Outcome.FAILED, "closed before it read the message")
        elif acknowledged is False:
            # It may have ended its half first, and read now.
            self._lookLater()
        elif not self._reply and not self._ack:
            self._endWith(PLAINLY_CONFIRMED)
        else:
            self._answered()

    def _lookLater(self) -> None:
        now = self._clock.seconds()
        if now < self._until:
            self.deadline = min(self._until, now + _NEXT_LOOK)
        else:
            self._end(Outcome.FAILED, "closed, but did not take the message in time")

    def _answered(self) -> None:
        ours = self.transport.getHost()
        if ours == self.transport.getPeer():
            # Where nobody listens on an ephemeral port, TCP may connect a socket to itself.
            self._endWith(PushResult(Outcome.FAILED, detail="nobody listens there"))
        else:
            outcome = judged(self._reply, self._ack)
            why = "did not say yes" if outcome is Outcome.FAILED else ""
            self._endWith(replace(self._result(outcome, why), host=getattr(ours, "host", "")))

    def _end(self, outcome: Outcome, detail: str) -> None:
        self._endWith(self._result(outcome, detail))

    def _result(self, outcome: Outcome, detail: str) -> PushResult:
        return PushResult(outcome, self._reply, detail, True, self._finSent)

    def _endWith(self, result: PushResult) -> None:
        settled, self._settled = self._settled, None
        if settled is None:
            return
        # Closed in order, half a message would be a whole one.
        if result.outcome in _BROKEN_OFF or not self._finSent:
            self.transport.abortConnection()
        else:
            self.transport.loseConnection()
        self._tell(settled, result)

    def _settle(self, result: PushResult) -> None:
        settled, self._settled = self._settled, None
        if settled is not None:
            self._tell(settled, result)

    def _tell(self, settled: "_Settled", result: PushResult) -> None:
        if self._hold is not None:
            self._hold.end()
        settled(self, result)


_Settled = Callable[[PushProtocol, PushResult], object]
