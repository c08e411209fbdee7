"""
How old messages are when a member has them.
"""

from tests.delivery.broadcasterrig import BroadcasterTestCase
from twisted_messenger.durations import BOUNDS
from twisted_messenger.push.interfaces import Outcome
from twisted_messenger.room.chatroom import ChatRoom


class AgeTests(BroadcasterTestCase):
    """
    What a scrape is told of it.
    """

    def setUp(self) -> None:
        """
        With one member, in a room whose clock tests turn.
        """
        super().setUp()
        self.ahead = 0.0
        self.room = ChatRoom(
            self.store, self.room.policy, clock=lambda: self.network.seconds() + self.ahead
        )
        self.broadcaster = self.start()
        self.meet(("ann", 5001))

    def upTo(self, *bounds: float) -> list[int]:
        """
        How many were no older.
        """
        found = self.broadcaster.ages.read()
        return [found[BOUNDS.index(bound)] for bound in bounds]

    def test_unread(self) -> None:
        """
        Nothing is counted until somebody looks.
        """
        self.say("ci", "hello")
        self.pusher.end(5001)
        self.assertEqual(self.broadcaster.ages.read()[-1], 0)

    def test_confirmed(self) -> None:
        """
        A message is as old as it is when it is confirmed, not when it was tried.
        """
        self.broadcaster.ages.read()
        self.say("ci", "hello", "world")
        self.network.advance(0.04)
        self.pusher.end(5001)
        self.network.advance(0.04)
        self.pusher.end(5001)
        self.assertEqual(self.upTo(0.025, 0.05, 0.1), [0, 1, 2])

    def test_failed(self) -> None:
        """
        A push that fails says nothing; the one that follows counts from when the message was said.
        """
        self.broadcaster.ages.read()
        self.say("ci", "hello")
        self.pusher.end(5001, Outcome.FAILED)
        self.network.advance(2)
        self.assertEqual(self.broadcaster.ages.read()[-1], 0)
        self.pusher.end(5001)
        self.assertEqual(self.upTo(1.0, 2.5), [0, 1])

    def test_setBack(self) -> None:
        """
        Of a message that comes from the future, after the clock was set back, nothing is less than
        no time.
        """
        self.broadcaster.ages.read()
        self.ahead = 3600.0
        self.say("ci", "hello")
        self.pusher.end(5001)
        self.assertEqual((self.upTo(BOUNDS[0]), self.broadcaster.ages.total), ([1], 0.0))
