"""
Pushes that take too long, and pushes that are given up.
"""

from typing import Any

from twisted.internet.error import ConnectionLost

from tests.push.pushrig import BIG, HOST, LATE, PORT, ActingFactory, PushTestCase, close
from tests.transportrig import pendingError
from twisted_messenger.push.creator import PushCreator
from twisted_messenger.push.general import CONNECT_TIMEOUT, PUSH_TIMEOUT
from twisted_messenger.push.interfaces import Outcome, PushResult
from twisted_messenger.testing import (
    HangingFactory,
    TarpitFactory,
)


class TimeoutTests(PushTestCase):
    """
    Peers that take their time.
    """

    def setUp(self) -> None:
        """
        Nothing is over yet.
        """
        super().setUp()
        self.over: list[PushResult] = []

    def test_hangs(self) -> None:
        """
        A peer that has everything but keeps the connection hangs after 10 s; it sees no reset.
        """
        peer = HangingFactory()
        pushing = self.push(peer)
        self.network.advance(PUSH_TIMEOUT - 0.01)
        self.assertNoResult(pushing)
        self.network.advance(LATE)
        self.assertIs(self.successResultOf(pushing).outcome, Outcome.HUNG)
        self.assertEqual(peer.messages, [b"ann: hi"])
        self.assertEqual(pendingError(peer.connections[0].transport), 0)
        self.assertEqual(self.network.getDelayedCalls(), [])

    def test_hangsBig(self) -> None:
        """
        So it is with the longest message: once it is sent whole, nothing resets it.
        """
        peer = HangingFactory()
        pushing = self.push(peer, BIG)
        self.network.advance(PUSH_TIMEOUT + LATE)
        self.assertIs(self.successResultOf(pushing).outcome, Outcome.HUNG)
        self.assertEqual(peer.messages, [BIG])
        self.assertEqual(pendingError(peer.connections[0].transport), 0)

    def test_deaf(self) -> None:
        """
        A peer that acknowledges nothing has not got the message, whatever our kernel took.
        """
        self.network.deaf.add((HOST, PORT))
        pushing = self.push(ActingFactory())
        self.network.advance(PUSH_TIMEOUT - 0.01)
        self.assertNoResult(pushing)
        self.network.advance(LATE)
        self.assertFailed(pushing, "in time")

    def test_deafCloses(self) -> None:
        """
        Its close does not change that: it was for a connection without a message.
        """
        self.network.deaf.add((HOST, PORT))
        pushing = self.push(ActingFactory(atStart=close))
        self.network.advance(PUSH_TIMEOUT - 0.01)
        self.assertNoResult(pushing)
        self.network.advance(LATE)
        self.assertFailed(pushing, "in time")

    def test_tarpit(self) -> None:
        """
        A peer that does not take a long message in time is reset: half of it is no message.
        """
        peer = TarpitFactory()
        pushing = self.push(peer, BIG)
        self.network.advance(PUSH_TIMEOUT - 0.01)
        self.assertNoResult(pushing)
        self.network.advance(LATE)
        self.assertFailed(pushing, "in time")
        transport: Any = peer.connections[0].transport
        transport.resumeProducing()
        self.network.settle()
        reason = peer.connections[0].reason
        assert reason is not None
        self.assertIs(reason.type, ConnectionLost)
        self.assertEqual(peer.messages, [])

    def test_noAnswer(self) -> None:
        """
        Where nobody answers it fails after 5 s.
        """
        self.network.blackHoles.add((HOST, PORT))
        pushing = self.push()
        self.network.advance(CONNECT_TIMEOUT - 0.01)
        self.assertNoResult(pushing)
        self.network.advance(LATE)
        self.assertFailed(pushing, connected=False)

    def test_timeouts(self) -> None:
        """
        Both time-outs can be chosen.
        """
        self.creator = PushCreator(self.network, connectTimeout=1, pushTimeout=2)
        self.network.blackHoles.add((HOST, PORT))
        pushing = self.push()
        self.network.advance(1 + LATE)
        self.assertFailed(pushing, connected=False)
        self.network.blackHoles.clear()
        pushing = self.push(HangingFactory())
        self.network.advance(2 + LATE)
        self.assertIs(self.successResultOf(pushing).outcome, Outcome.HUNG)

    def start(self, port: int, timeout: float | None = None) -> None:
        """
        Start a push, and note when it is over.
        """
        self.creator.push(HOST, port, b"hi", timeout).addCallback(self.over.append)

    def test_ownTimeout(self) -> None:
        """
        One push may have less time to connect than others, or more.
        """
        self.network.blackHoles.add((HOST, PORT))
        for seconds in (7.0, 2.0, None):
            self.start(PORT, seconds)
        for moment, over in ((1.99, 0), (2 + LATE, 1), (4.99, 1), (5 + LATE, 2), (6.99, 2)):
            self.network.advance(moment - self.network.seconds())
            self.assertEqual(len(self.over), over, moment)
        self.network.advance(LATE)
        self.assertEqual([result.connected for result in self.over], [False] * 3)

    def test_oneTimer(self) -> None:
        """
        One timer serves any number of pushes; with the last of them it goes.
        """
        self.network.blackHoles.add((HOST, PORT))
        self.network.listenTCP(PORT + 1, HangingFactory())
        for count in range(50):
            self.start(PORT + count % 2)
        self.network.settle()
        self.assertEqual(len(self.network.getDelayedCalls()), 1)
        self.network.advance(CONNECT_TIMEOUT + LATE)
        self.assertEqual([result.connected for result in self.over], [False] * 25)
        self.assertEqual(len(self.network.getDelayedCalls()), 1)
        self.network.advance(PUSH_TIMEOUT - CONNECT_TIMEOUT + LATE)
        self.assertEqual([result.connected for result in self.over[25:]], [True] * 25)
        self.assertEqual(self.network.getDelayedCalls(), [])


class CancelTests(PushTestCase):
    """
    Pushes that are given up.
    """

    def test_cancelConnecting(self) -> None:
        """
        A push that is given up while it connects makes no connection.
        """
        self.network.blackHoles.add((HOST, PORT))
        pushing = self.push()
        pushing.cancel()
        self.assertFailed(pushing, connected=False)

    def test_cancelConnected(self) -> None:
        """
        One that is given up before its first byte leaves no empty message at the peer.
        """
        peer = ActingFactory(atStart=lambda _: pushing.cancel())
        self.listen(peer)
        pushing = self.creator.push(HOST, PORT, b"ann: hi")
        self.network.settle()
        self.assertFailed(pushing, "cancelled")
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
