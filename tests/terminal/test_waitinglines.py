"""
The lines above the prompt that are not settled yet.
"""

from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.peer.ownmessage import OwnMessage
from twisted_messenger.terminal.waitinglines import GRACE, WaitingLines


class WaitingLinesTests(SynchronousTestCase):
    """
    What a person still sees of what it said.
    """

    def setUp(self) -> None:
        """
        Nothing was said.
        """
        self.lines = WaitingLines()

    def say(self, *texts: str) -> list[OwnMessage]:
        """
        Say something, at the beginning of time.
        """
        messages = [OwnMessage(text, "ann") for text in texts]
        for message in messages:
            self.lines.begin(message, [("waiting", message.text)], 0.0)
        return messages

    def shown(self, now: float = GRACE, rows: int = 40) -> list[str]:
        """
        What stands above the prompt.
        """
        return [text for line in self.lines.shown(now, rows) for _, text in line]

    def test_grace(self) -> None:
        """
        What is settled soon, as most is, is never shown as waiting.
        """
        (message,) = self.say("hello")
        self.assertEqual(self.shown(GRACE - 0.1), [])
        self.assertEqual(self.shown(GRACE), ["hello"])
        self.lines.end(message)
        self.lines.end(message)
        self.assertEqual(self.shown(GRACE), [])

    def test_many(self) -> None:
        """
        Of many lines the last are shown, in order, and how many more there are.
        """
        self.say(*"abcdefgh")
        self.assertEqual(self.shown(), ["3 more wait, and", *"defgh"])

    def test_lowTerminal(self) -> None:
        """
        A low terminal keeps rows for what is typed, but shows one line at least.
        """
        self.say(*"abc")
        self.assertEqual(self.shown(rows=6), ["1 more wait, and", "b", "c"])
        self.assertEqual(self.shown(rows=2), ["2 more wait, and", "c"])
