"""
The close is the receipt: wraps a factory, so that its senders learn what became of their messages.
"""

from typing import TYPE_CHECKING, Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import (
    IAddress,
    IDelayedCall,
    IProtocolNegotiationFactory,
)
from twisted.internet.protocol import Factory
from twisted.protocols.policies import WrappingFactory
from zope.interface import implementer

from twisted_messenger.address import Source
from twisted_messenger.eventlog import EventLog
from twisted_messenger.incoming.connection import ReceiptProtocol
from twisted_messenger.incoming.connectioncap import ConnectionCap
from twisted_messenger.incoming.limits import SenderLimits
from twisted_messenger.incoming.older import OlderConnections
from twisted_messenger.incoming.ports import portsOf
from twisted_messenger.shutdown import PATIENCE, Stage, hasStopped, stopWithReactor
from twisted_messenger.sockets import resetOnClose

# How often time-outs are looked at, in seconds: one call for all connections.
_SWEEP = 0.25

if TYPE_CHECKING:
    _WrappingFactory = WrappingFactory[ReceiptProtocol]
else:
    # Twisted's factories are generic since 26.4; this works with older ones.
    _WrappingFactory = WrappingFactory


# What a client may offer that speaks of protocols in its TLS handshake: HTTP is answered, with a
# line, and where we named nothing, Twisted would kill the handshake with an internal error.
_PROTOCOLS = [b"http/1.1", b"h2"]


@implementer(IProtocolNegotiationFactory)
class ReceiptFactory(_WrappingFactory):
    """
    Wraps a factory whose protocols provide
    :class:`~twisted_messenger.interfaces.IReceiptProtocol`.

    When the reactor stops, senders are answered or reset before it closes their connections.

    :param wrappedFactory: makes the protocols that take the messages.
    :param clock: the reactor, for its time and its end.
    :param refusals: where late bytes and refused connections are counted and logged.
    :param limits: what senders may do.
    """

    protocol = ReceiptProtocol
    noisy = False

    def __init__(
        self,
        wrappedFactory: Factory,
        clock: Any,
        refusals: EventLog | None = None,
        limits: SenderLimits | None = None,
    ) -> None:
        super().__init__(wrappedFactory)
        self.clock = clock
        self.refusals = refusals or EventLog()
        #: What senders may do.
        self.limits = limits or SenderLimits()
        #: Listeners put their gates here.
        self.cap = ConnectionCap(
            clock, self.refusals, self.limits.maxConnections, self.limits.maxPerHost
        )
        #: Those of its ports with a front door.
        self.older = OlderConnections()
        self._sweep: IDelayedCall | None = None
        self._empty: list[Deferred[None]] = []
        self._draining = False

    def doStart(self) -> None:
        """
        A port is about to listen.
        """
        super().doStart()
        self._draining = False
        stopWithReactor(self.clock, self, Stage.SENDERS, self._stopInOrder)
        if hasattr(self.clock, "getReaders"):
            # Nobody tells us which port it is; it will be there when it listens.
            self.clock.callLater(0, self._armPorts)

    def _armPorts(self) -> None:
        # Connections inherit it: one that is closed before we have it, because descriptors have
        # run out, is reset.
        for port in portsOf(self.clock, self):
            resetOnClose(port, True)

    def doStop(self) -> None:
        """
        A port listens no more.
        """
        super().doStop()
        self._perhapsStopped()

    def _perhapsStopped(self) -> None:
        if not self.protocols and not self.numPorts:
            hasStopped(self.clock, self)

    def _stopInOrder(self) -> "Deferred[None]":
        return Deferred.fromCoroutine(self._stop())

    async def _stop(self) -> None:
        """
        The reactor stops.
        """
        await self.finished()
        # The reactor would close in order who is accepted now; the kernel resets who waits.
        for port in portsOf(self.clock, self):
            port.pauseProducing()

    def hasRoomFor(self, source: Source) -> bool:
        """
        Whether one more connection is welcome, and nobody has to go for it.
        """
        return not self._draining and self.cap.hasRoomFor(source.subscriber)

    def buildProtocol(self, addr: IAddress | None) -> ReceiptProtocol:
        """
        One protocol for one connection.
        """
        wrapped = self.wrappedFactory.buildProtocol(addr)
        return self.protocol(self, wrapped, self.clock, self.cap, self.refusals, self.limits)

    def acceptableProtocols(self) -> list[bytes]:
        """
        The names of protocols (ALPN) that a TLS client may offer.
        """
        return _PROTOCOLS

    def registerProtocol(self, p: Any) -> None:
        """
        A connection was made.
        """
        self.protocols[p] = 1
        if self._draining:
            # When it is connected.
            self.clock.callLater(0, p.stop)
        if self._sweep is None:
            self._sweep = self.clock.callLater(_SWEEP, self._sweepAll)

    def unregisterProtocol(self, p: Any) -> None:
        """
        A connection is gone.
        """
        del self.protocols[p]
        if not self.protocols:
            if self._sweep is not None:
                self._sweep.cancel()
                self._sweep = None
            for waiting in self._empty:
                waiting.callback(None)
            self._empty.clear()
            self._perhapsStopped()

    def drained(self) -> "Deferred[None]":
        """
        Reset every unfinished connection, and wait until the others are answered.

        :returns: fires when no connection is left. What comes until the next start is reset.
        """
        self._draining = True
        for protocol in list(self.protocols):
            protocol.stop()
        if not self.protocols:
            return succeed(None)
        done: Deferred[None] = Deferred()
        self._empty.append(done)
        return done

    async def finished(self) -> None:
        """
        Like :meth:`drained`, but whoever is not answered after some seconds is reset.
        """
        giveUp = self.clock.callLater(PATIENCE, self.abortAll)
        await self.drained()
        if giveUp.active():
            giveUp.cancel()

    def abortAll(self) -> None:
        """
        Reset every connection, whole message or not.
        """
        for protocol in list(self.protocols):
            protocol.abort()

    def _sweepAll(self) -> None:
        self._sweep = self.clock.callLater(_SWEEP, self._sweepAll)
        self.cap.tryOpening()
        now = self.clock.seconds()
        for protocol in list(self.protocols):
            protocol.swept(now)
