"""
One push: what the peer does, and what we take it for.
"""

from tests.push.pushrig import BIG, LATE, ActingFactory, PushTestCase, abort, close
from twisted_messenger.push.general import PUSH_TIMEOUT
from twisted_messenger.push.interfaces import Outcome, PushResult
from twisted_messenger.testing import (
    CollectingFactory,
    ResettingFactory,
)


class PushTests(PushTestCase):
    """
    A pusher and one peer.
    """

    def test_confirmed(self) -> None:
        """
        A peer that reads to the end and closes has confirmed, and got just the message.
        """
        peer = CollectingFactory()
        result = self.successResultOf(self.push(peer))
        self.assertEqual(result, PushResult(Outcome.CONFIRMED, connected=True, sent=True))
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
            pushing = self.sendLate(ActingFactory(atStart=close), payload)
            self.network.advance(1)
            self.assertFailed(pushing)
            self.stopListening()

    def test_resets(self) -> None:
        """
        Nor has one that resets: at once, at the first byte, at the end.
        """
        for peer in (
            ActingFactory(atStart=abort),
            ActingFactory(atData=abort),
            ActingFactory(atEnd=abort),
        ):
            self.assertFailed(self.push(peer))
            self.stopListening()

    def test_resetsBig(self) -> None:
        """
        Nor one that resets in the middle of a long message.
        """
        self.assertFailed(self.push(ActingFactory(atData=abort), BIG))

    def test_again(self) -> None:
        """
        After a reset the next push can succeed.
        """
        peer = ResettingFactory(1)
        self.assertFailed(self.push(peer))
        self.assertIs(self.successResultOf(self.push()).outcome, Outcome.CONFIRMED)

    def test_refused(self) -> None:
        """
        Where nobody listens the push fails at once.
        """
        self.assertFailed(self.push(), "refused", connected=False)

    def test_noName(self) -> None:
        """
        A name without an address is a failed push, not an error.
        """
        self.assertFailed(self.push(host="nowhere.invalid"), connected=False)

    def test_flood(self) -> None:
        """
        Of a peer that talks much only the first KiB is kept; its close is seen, though it says as
        much as the longest message is.
        """
        said = b"a" * 1024 + BIG
        result = self.successResultOf(
            self.push(ActingFactory(lambda p: p.transport.write(said), atEnd=close))
        )
        self.assertEqual(
            result, PushResult(Outcome.CONFIRMED, b"a" * 1024, connected=True, sent=True)
        )

    def test_endless(self) -> None:
        """
        One that talks without end is not listened to for long: it has the message, and hangs.
        """
        listeners = len(self.network.getReaders())
        pushing = self.push(ActingFactory(lambda p: p.transport.write(bytes(10**7)), atEnd=close))
        # The port and the peer.
        self.assertEqual(len(self.network.getReaders()), listeners + 1)
        self.network.advance(PUSH_TIMEOUT + LATE)
        self.assertIs(self.successResultOf(pushing).outcome, Outcome.HUNG)
