"""
One push: what the peer does, and what we take it for.
"""

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionLost
from twisted.internet.protocol import ClientCreator, Factory
from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.push import (
    CONNECT_TIMEOUT,
    PUSH_TIMEOUT,
    Outcome,
    PushCreator,
    PushProtocol,
    PushResult,
)
from twisted_messenger.sockets import pendingError
from twisted_messenger.testing import (
    CollectingFactory,
    HangingFactory,
    MemoryNetwork,
    RecordingProtocol,
    ResettingFactory,
    TarpitFactory,
)

HOST, PORT = "127.0.0.1", 9001

#: The longest there is.
BIG = bytes(256 * 1024)


class ActingProtocol(RecordingProtocol):
    """
    A peer that does something of its own.
    """

    factory: "ActingFactory"
    transport: Any

    def connectionMade(self) -> None:
        """
        Act.
        """
        self.factory.made.append(self)
        self.factory.atStart(self)

    def dataReceived(self, data: bytes) -> None:
        """
        Act.
        """
        super().dataReceived(data)
        self.factory.atData(self)

    def readConnectionLost(self) -> None:
        """
        Act.
        """
        super().readConnectionLost()
        self.factory.atEnd(self)


def _nothing(protocol: ActingProtocol) -> None:
    pass


def _abort(protocol: ActingProtocol) -> None:
    protocol.transport.abortConnection()


def _close(protocol: ActingProtocol) -> None:
    protocol.transport.loseConnection()


Act = Callable[[ActingProtocol], object]


class ActingFactory(Factory[Any]):
    """
    Peers that act alike: at the start, at each piece of data, at the end.
    """

    noisy = False
    protocol = ActingProtocol

    def __init__(self, atStart: Act = _nothing, atData: Act = _nothing, atEnd: Act = _nothing):
        self.atStart, self.atData, self.atEnd = atStart, atData, atEnd
        self.made: list[ActingProtocol] = []


class PushTests(SynchronousTestCase):
    """
    A pusher and one peer.
    """

    def setUp(self) -> None:
        """
        A network.
        """
        self.network = MemoryNetwork()
        self.creator = PushCreator(self.network)

    def listen(self, peer: "Factory[Any]") -> None:
        """
        Put a peer where pushes go.
        """
        self.port = self.network.listenTCP(PORT, peer)

    def stopListening(self) -> None:
        """
        Take it away.
        """
        self.port.stopListening()
        self.network.settle()

    def push(
        self, peer: "Factory[Any] | None" = None, payload: bytes = b"ann: hi", host: str = HOST
    ) -> "Deferred[PushResult]":
        """
        Start a push to such a peer.
        """
        if peer is not None:
            self.listen(peer)
        pushing = self.creator.push(host, PORT, payload)
        self.network.settle()
        return pushing

    def assertFailed(self, pushing: "Deferred[PushResult]", why: str = "") -> None:
        """
        The push has failed, and no timer is left of it.
        """
        result = self.successResultOf(pushing)
        self.assertEqual((result.outcome, why in result.detail), (Outcome.FAILED, True))
        self.assertNotEqual(result.detail, "")
        self.network.settle()
        self.assertEqual(self.network.getDelayedCalls(), [])

    def test_confirmed(self) -> None:
        """
        A peer that reads to the end and closes has confirmed, and got just the message.
        """
        peer = CollectingFactory()
        self.assertEqual(self.successResultOf(self.push(peer)), PushResult(Outcome.CONFIRMED))
        self.assertEqual(peer.messages, [b"ann: hi"])
        self.assertEqual(self.network.getDelayedCalls(), [])

    def test_big(self) -> None:
        """
        The longest message takes many windows and arrives whole.
        """
        peer = CollectingFactory()
        result = self.successResultOf(self.push(peer, BIG))
        self.assertIs(result.outcome, Outcome.CONFIRMED)
        self.assertEqual(peer.messages, [BIG])

    def sendLate(self, peer: "Factory[Any]", payload: bytes) -> "Deferred[PushResult]":
        """
        Connect, let the peer act, and only then send.
        """
        self.listen(peer)
        creator = ClientCreator(self.network, PushProtocol, self.network)
        connected: Deferred[PushProtocol] = creator.connectTCP(HOST, PORT)
        self.network.settle()
        pushing = self.successResultOf(connected).send(payload, PUSH_TIMEOUT)
        self.network.settle()
        return pushing

    def test_endsFirst(self) -> None:
        """
        A peer that ends its own half at once, but reads, has confirmed a moment later.
        """
        for payload in (b"ann: hi", BIG):
            peer = ActingFactory(atStart=lambda protocol: protocol.transport.loseWriteConnection())
            pushing = self.sendLate(peer, payload)
            self.assertNoResult(pushing)
            self.network.advance(1)
            self.assertIs(self.successResultOf(pushing).outcome, Outcome.CONFIRMED)
            self.assertEqual(peer.made[0].data, payload)
            self.stopListening()

    def test_closesUnread(self) -> None:
        """
        A peer that has closed in order before our message came has not read it.
        """
        for payload in (b"ann: hi", BIG):
            pushing = self.sendLate(ActingFactory(atStart=_close), payload)
            self.network.advance(1)
            self.assertFailed(pushing)
            self.stopListening()

    def test_resets(self) -> None:
        """
        Nor has one that resets: at once, at the first byte, at the end.
        """
        for peer in (
            ActingFactory(atStart=_abort),
            ActingFactory(atData=_abort),
            ActingFactory(atEnd=_abort),
        ):
            self.assertFailed(self.push(peer))
            self.stopListening()

    def test_resetsBig(self) -> None:
        """
        Nor one that resets in the middle of a long message.
        """
        self.assertFailed(self.push(ActingFactory(atData=_abort), BIG))

    def test_again(self) -> None:
        """
        After a reset the next push can succeed.
        """
        peer = ResettingFactory(1)
        self.assertFailed(self.push(peer))
        self.assertIs(self.successResultOf(self.push()).outcome, Outcome.CONFIRMED)

    def test_hangs(self) -> None:
        """
        A peer that has everything but keeps the connection hangs after 10 s; it sees no reset.
        """
        peer = HangingFactory()
        pushing = self.push(peer)
        self.network.advance(PUSH_TIMEOUT - 0.01)
        self.assertNoResult(pushing)
        self.network.advance(0.01)
        self.assertIs(self.successResultOf(pushing).outcome, Outcome.HUNG)
        self.assertEqual(peer.messages, [b"ann: hi"])
        self.assertEqual(pendingError(peer.connections[0].transport), 0)
        self.assertEqual(self.network.getDelayedCalls(), [])

    def test_tarpit(self) -> None:
        """
        A peer that does not take a long message in time is reset: half of it is no message.
        """
        peer = TarpitFactory()
        pushing = self.push(peer, BIG)
        self.network.advance(PUSH_TIMEOUT - 0.01)
        self.assertNoResult(pushing)
        self.network.advance(0.01)
        self.assertFailed(pushing, "in time")
        transport: Any = peer.connections[0].transport
        transport.resumeProducing()
        self.network.settle()
        reason = peer.connections[0].reason
        assert reason is not None
        self.assertIs(reason.type, ConnectionLost)
        self.assertEqual(peer.messages, [])

    def test_refused(self) -> None:
        """
        Where nobody listens the push fails at once.
        """
        self.assertFailed(self.push(), "refused")

    def test_noAnswer(self) -> None:
        """
        Where nobody answers it fails after 5 s.
        """
        self.network.blackHoles.add((HOST, PORT))
        pushing = self.push()
        self.network.advance(CONNECT_TIMEOUT - 0.01)
        self.assertNoResult(pushing)
        self.network.advance(0.01)
        self.assertFailed(pushing)

    def test_noName(self) -> None:
        """
        A name without an address is a failed push, not an error.
        """
        self.assertFailed(self.push(host="nowhere.invalid"))

    def test_timeouts(self) -> None:
        """
        Both time-outs can be chosen.
        """
        self.creator = PushCreator(self.network, connectTimeout=1, pushTimeout=2)
        self.network.blackHoles.add((HOST, PORT))
        pushing = self.push()
        self.network.advance(1)
        self.assertFailed(pushing)
        self.network.blackHoles.clear()
        pushing = self.push(HangingFactory())
        self.network.advance(2)
        self.assertIs(self.successResultOf(pushing).outcome, Outcome.HUNG)

    def test_reply(self) -> None:
        """
        What the peer says is kept, whether it closes or hangs.
        """
        for atEnd, outcome in ((_close, Outcome.CONFIRMED), (_nothing, Outcome.HUNG)):
            peer = ActingFactory(lambda p: p.transport.write(b"! too_big: no\n"), atEnd=atEnd)
            pushing = self.push(peer)
            self.network.advance(PUSH_TIMEOUT)
            result = self.successResultOf(pushing)
            self.assertEqual((result.outcome, result.reply), (outcome, b"! too_big: no\n"))
            self.stopListening()

    def test_flood(self) -> None:
        """
        Of a peer that talks without end only the first KiB is kept.
        """
        peer = ActingFactory(lambda p: p.transport.write(b"a" * 1024 + b"b" * 10**6), atEnd=_close)
        result = self.successResultOf(self.push(peer))
        self.assertEqual(result, PushResult(Outcome.CONFIRMED, b"a" * 1024))

    def test_cancelConnecting(self) -> None:
        """
        A push that is given up while it connects makes no connection.
        """
        self.network.blackHoles.add((HOST, PORT))
        pushing = self.push()
        pushing.cancel()
        self.assertFailed(pushing)

    def test_cancelConnected(self) -> None:
        """
        One that is given up before its first byte leaves no empty message at the peer.
        """
        peer = ActingFactory(atStart=lambda _: pushing.cancel())
        self.listen(peer)
        pushing = self.creator.push(HOST, PORT, b"ann: hi")
        self.network.settle()
        self.assertFailed(pushing)
        self.assertEqual((peer.made[0].data, peer.made[0].ended), (b"", False))

    def test_cancelSending(self) -> None:
        """
        One that is given up in the middle of its message resets.
        """
        peer = TarpitFactory()
        pushing = self.push(peer, BIG)
        pushing.cancel()
        self.assertFailed(pushing, "cancelled")
        self.assertNotEqual(pendingError(peer.connections[0].transport), 0)

    def test_cancelWaiting(self) -> None:
        """
        So does one that waits for the close.
        """
        peer = HangingFactory()
        pushing = self.push(peer)
        pushing.cancel()
        self.assertFailed(pushing, "cancelled")
        self.assertNotEqual(pendingError(peer.connections[0].transport), 0)
