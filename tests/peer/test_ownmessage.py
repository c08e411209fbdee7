"""
What was said, and what became of it.
"""

from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.peer.ownmessage import Fate, OwnMessage, Pending, State


class PendingTests(SynchronousTestCase):
    """
    The messages that wait.
    """

    def setUp(self) -> None:
        """
        Three wait; two of them say the same.
        """
        self.pending = Pending()
        self.messages = [OwnMessage(text, "ann") for text in ("one", "two", "two")]
        for message in self.messages:
            self.pending.add(message)

    def test_order(self) -> None:
        """
        They are listed as they were said, from either end.
        """
        one, two, three = self.messages
        self.assertEqual(self.pending.first(10), [one, two, three])
        self.assertEqual(self.pending.first(2), [one, two])
        self.assertEqual(self.pending.last(2), [two, three])
        self.assertEqual(self.pending.last(0), [])
        self.assertEqual(len(self.pending), 3)

    def test_remove(self) -> None:
        """
        One goes, whatever the others say; going twice does no harm.
        """
        one, two, three = self.messages
        self.pending.remove(two)
        self.pending.remove(two)
        self.assertEqual(self.pending.first(10), [one, three])

    def test_settle(self) -> None:
        """
        A message remembers its fate.
        """
        message = self.messages[0]
        self.assertIs(message.state, State.WAITING)
        message.settle(Fate(State.REFUSED, "bad_name: no"))
        self.assertEqual((message.state, message.detail), (State.REFUSED, "bad_name: no"))
