"""
Speaking to a friend.
"""

from tests.peer.sessionrig import SessionTestCase
from twisted_messenger.peer.ownmessage import Fate, State
from twisted_messenger.push.interfaces import Outcome

SENT = Fate(State.SENT)


class FriendTests(SessionTestCase):
    """
    A friend.
    """

    def test_say(self) -> None:
        """
        A friend gets the bare text.
        """
        self.befriend()
        assert self.session.conversation is not None
        said = self.session.conversation.say("from:x|hi")
        self.assertEqual(self.pusher.pushed, [("10.0.0.9", 8882, b"from:x|hi")])
        self.pusher.ends(Outcome.CONFIRMED)
        self.assertEqual(self.successResultOf(said), SENT)

    def test_answer(self) -> None:
        """
        What a friend writes back is told; a refusal is one.
        """
        self.befriend()
        assert self.session.conversation is not None
        said = self.session.conversation.say("hi")
        self.pusher.ends(Outcome.CONFIRMED, b"thanks")
        self.assertEqual(self.successResultOf(said), SENT)
        self.told("bob answered: thanks")
        said = self.session.conversation.say("hi")
        self.pusher.ends(Outcome.CONFIRMED, b"! too_big: 262144")
        self.assertIs(self.successResultOf(said).state, State.REFUSED)
