"""
Pushes that are taken back, since another node may serve their members by now.
"""

from typing import Any

from tests.push.pushrig import BIG, HOST, LATE, PORT, ActingFactory, PushTestCase
from tests.transportrig import pendingError
from twisted_messenger.push.general import PUSH_TIMEOUT
from twisted_messenger.push.interfaces import Attempt, Outcome, PushResult
from twisted_messenger.testing import (
    CollectingFactory,
    HangingFactory,
    ResettingFactory,
    TarpitFactory,
)


class RecallTests(PushTestCase):
    """
    Half a message is never left behind, a whole one is never broken off, and nobody is blamed.
    """

    def setUp(self) -> None:
        """
        Nothing is over yet.
        """
        super().setUp()
        self.results: list[PushResult] = []

    def begin(self, payload: bytes = b"ann: hi") -> Attempt:
        """
        Begin a push, as a recipient does.
        """
        attempt = self.creator.begin(HOST, PORT, payload, self.results.append)
        self.network.settle()
        return attempt

    def assertTakenBack(self, connected: bool) -> None:
        """
        It is over, it says nothing of the peer, and no timer is left of it.
        """
        self.network.settle()
        (result,) = self.results
        self.assertIs(result.outcome, Outcome.EXHAUSTED)
        self.assertIs(result.connected, connected)
        self.assertEqual(self.network.getDelayedCalls(), [])

    def test_connecting(self) -> None:
        """
        One that is not connected yet makes no connection.
        """
        self.network.blackHoles.add((HOST, PORT))
        self.begin().recall()
        self.assertTakenBack(connected=False)

    def test_beforeItsFirstByte(self) -> None:
        """
        One that is just connected leaves no empty message at the peer.
        """
        peer = ActingFactory(atStart=lambda _: attempts[0].recall())
        self.listen(peer)
        attempts = [self.creator.begin(HOST, PORT, b"ann: hi", self.results.append)]
        self.network.settle()
        self.assertTakenBack(connected=True)
        self.assertEqual((peer.made[0].data, peer.made[0].ended), (b"", False))

    def test_unsent(self) -> None:
        """
        One with unsent bytes is reset: half of it is no message.
        """
        peer = TarpitFactory()
        self.listen(peer)
        self.begin(BIG).recall()
        self.assertTakenBack(connected=True)
        self.assertNotEqual(pendingError(peer.connections[0].transport), 0)
        self.assertEqual(peer.messages, [])

    def test_whole(self) -> None:
        """
        One that was sent to its end goes on, and its confirmation counts.
        """
        for payload in (b"ann: hi", BIG):
            self.results.clear()
            peer = HangingFactory()
            self.listen(peer)
            self.begin(payload).recall()
            self.network.settle()
            self.assertEqual((self.results, peer.messages), ([], [payload]))
            self.assertEqual(pendingError(peer.connections[0].transport), 0)
            transport: Any = peer.connections[0].transport
            transport.loseConnection()
            self.network.settle()
            self.assertEqual(
                self.results, [PushResult(Outcome.CONFIRMED, connected=True, sent=True)]
            )
            self.stopListening()

    def test_wholeButHangs(self) -> None:
        """
        If its peer hangs, that is said in the end, as of any other.
        """
        self.listen(HangingFactory())
        self.begin().recall()
        self.network.advance(PUSH_TIMEOUT + LATE)
        self.assertEqual([result.outcome for result in self.results], [Outcome.HUNG])

    def test_wholeButFails(self) -> None:
        """
        If its peer resets, that is the peer's failure still.
        """
        peer = HangingFactory()
        self.listen(peer)
        self.begin().recall()
        transport: Any = peer.connections[0].transport
        transport.abortConnection()
        self.network.settle()
        self.assertEqual([result.outcome for result in self.results], [Outcome.FAILED])

    def test_over(self) -> None:
        """
        One that is over, however it ended, stays what it was.
        """
        for peer, outcome in (
            (CollectingFactory(), Outcome.CONFIRMED),
            (ResettingFactory(1), Outcome.FAILED),
            (None, Outcome.FAILED),
        ):
            self.results.clear()
            if peer is not None:
                self.listen(peer)
            attempt = self.begin()
            attempt.recall()
            attempt.recall()
            self.network.settle()
            self.assertEqual([result.outcome for result in self.results], [outcome])
            self.assertEqual(self.network.getDelayedCalls(), [])
            if peer is not None:
                self.stopListening()

    def test_cancelledToo(self) -> None:
        """
        Whoever takes it back and then gives it up hears of it once.
        """
        self.network.blackHoles.add((HOST, PORT))
        attempt = self.begin()
        attempt.recall()
        attempt.cancel()
        self.assertTakenBack(connected=False)
