"""
How much of the log the messages of one source may be. See ``store``.
"""

from twisted_messenger.refusal import Reason, Refusal
from twisted_messenger.testing.contracts.losses import LossesContract
from twisted_messenger.testing.contracts.roster import anyone, post


class SharesContract(LossesContract):
    """
    The tests of what any store takes from one source.
    """

    def share(self, subscriber: str | None, text: str = "x" * 36) -> bool:
        """
        Let a source say something, of which 300 bytes may wait.

        :returns: whether it was taken.
        """
        message = post(text)._replace(subscriber=subscriber, share=300)
        result = self.successResultOf(self.store.append(message, anyone))
        if isinstance(result, Refusal):
            self.assertIs(result.reason, Reason.STORE_FULL)
        return not isinstance(result, Refusal)

    def test_share(self) -> None:
        """
        A source whose messages wait is told to wait itself, while others are served.
        """
        bob = self.join("bob", 5000)
        self.assertEqual([self.share("10.0.0.1") for _ in range(4)], [True, True, False, False])
        self.assertTrue(self.share("10.0.0.2"))
        self.assertTrue(self.share(None))
        self.assertFalse(self.share("10.0.0.1", "y" * 30))
        self.advance(bob=self.read()[0].position)
        self.assertEqual([self.share("10.0.0.1") for _ in range(2)], [True, False])
        self.assertEqual(self.trim(size=1), 4)
        self.assertEqual([self.share("10.0.0.1") for _ in range(3)], [True, True, False])
        self.evict(bob.member.id)
        self.assertEqual([self.share("10.0.0.1") for _ in range(9)], [True] * 9)

    def test_sharesOfOneTransaction(self) -> None:
        """
        Several messages that come at once are counted together.
        """
        self.join("bob", 5000)
        message = post("x" * 36)._replace(subscriber="10.0.0.1", share=300)
        saying = [self.store.append(message, anyone) for _ in range(4)]
        taken = [isinstance(self.successResultOf(one), int) for one in saying]
        self.assertEqual(taken, [True, True, False, False])
