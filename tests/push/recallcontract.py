"""
Taking a push back on real sockets, whatever carries it.
"""

from functools import partial
from typing import Any

from twisted.internet.protocol import Factory

from tests.push.pushcontract import MUCH, PushContract, blackHole
from tests.push.pushrig import HOST
from twisted_messenger.push.interfaces import Attempt, Outcome, PushResult
from twisted_messenger.testing import HangingFactory, TarpitFactory


class RecallContract(PushContract):
    """
    A push that another node may repeat harms nobody.
    """

    def setUp(self) -> None:
        """
        Nothing is over yet.
        """
        super().setUp()
        self.results: list[PushResult] = []

    def begin(self, peer: "Factory[Any] | int", payload: bytes) -> Attempt:
        """
        Begin a push to a peer, or to a port.
        """
        port = peer if isinstance(peer, int) else self.listen(peer)
        return self.creator.begin(HOST, port, payload, self.results.append)

    def assertTakenBack(self, connected: bool) -> None:
        """
        It ends, and says nothing of the peer.
        """
        self.waitUntil(partial(len, self.results))
        result = self.results.pop()
        self.assertEqual((result.outcome, result.connected), (Outcome.EXHAUSTED, connected))

    def test_recallConnecting(self) -> None:
        """
        One that is not connected yet is over at once.
        """
        self.begin(blackHole(self), b"ann: hi").recall()
        self.assertTakenBack(connected=False)

    def test_recallUnsent(self) -> None:
        """
        One with unsent bytes is reset.
        """
        peer = TarpitFactory()
        attempt = self.begin(peer, MUCH)
        self.waitUntil(partial(len, peer.connections))
        attempt.recall()
        self.assertTakenBack(connected=True)
        self.assertReset(peer)
        self.assertEqual(peer.messages, [])

    def test_recallWhole(self) -> None:
        """
        One that was sent to its end goes on to its confirmation, and is over then.
        """
        peer = HangingFactory()
        attempt = self.begin(peer, b"ann: hi")
        self.waitUntil(partial(len, peer.messages))
        attempt.recall()
        transport: Any = peer.connections[0].transport
        transport.loseConnection()
        self.waitUntil(partial(len, self.results))
        attempt.recall()
        self.assertEqual(self.results, [PushResult(Outcome.CONFIRMED, connected=True, sent=True)])
        self.assertEqual(peer.messages, [b"ann: hi"])
