"""
The broadcaster when a connection cannot even be tried, and when two members become one.
"""

from tests.delivery.broadcasterrig import ANN, BOB, BroadcasterTestCase
from twisted_messenger.backoff import MAX_POSTPONED
from twisted_messenger.delivery.trouble import MAX_HANGS
from twisted_messenger.push.interfaces import Outcome


class MishapTests(BroadcasterTestCase):
    """
    What goes wrong beside one member is no other one's business.
    """

    def test_exhausted(self) -> None:
        """
        A push that this machine had no port or descriptor for says nothing of the member, and is
        made a little later; the waits grow to some seconds.
        """
        self.start()
        self.join("ann", ANN)
        self.say("ci", "1")
        for _ in range(30):
            self.pusher.end(ANN, Outcome.EXHAUSTED)
            self.network.advance(MAX_POSTPONED + 0.02)
        self.pusher.end(ANN)
        self.assertEqual(self.pusher.texts(ANN), ["ci: 1"] * 31)
        self.assertEqual(self.counters["pushes.exhausted"], 30)

    def test_mergedRightAfterADelivery(self) -> None:
        """
        Two members who both have a message do not get it again when they become one, although
        the store does not know yet that they have it.
        """
        self.start()
        self.join("ann", ANN)
        self.join("bob", BOB)
        self.say("ci", "1")
        self.pusher.end(ANN)
        self.pusher.end(BOB)
        self.join("ann", BOB)
        self.say("ci", "2")
        self.assertEqual(self.pusher.texts(BOB), ["ci: 1", "ci: 2"])

    def test_mergedWhileItConfirms(self) -> None:
        """
        Who confirms a message while it gets another name has confirmed under that too: a message
        for which it hangs later comes again.
        """
        self.start()
        self.join("ann", ANN)
        self.join("bob", BOB)
        self.say("ci", "1")
        self.join("ann", BOB)
        self.pusher.end(BOB)
        self.say("ci", "2")
        self.pusher.end(BOB, Outcome.HUNG)
        self.network.advance(1)
        self.assertEqual(self.pusher.texts(BOB), ["ci: 1", "ci: 2", "ci: 2"])

    def test_mergedWhileItHangs(self) -> None:
        """
        A hanging netcat that has a message gets it no second time because its address is another
        stranger's meanwhile.
        """
        self.start()
        self.join("ann", ANN)
        self.join("bob", BOB)
        self.say("ci", "1")
        self.join("ann", BOB)
        self.pusher.end(BOB, Outcome.HUNG)
        self.network.advance(1)
        self.say("ci", "2")
        self.assertEqual(self.pusher.texts(BOB), ["ci: 1", "ci: 2"])

    def test_mergedWithOneThatHangs(self) -> None:
        """
        Who has confirmed something before gets what a stranger at its new address does not confirm,
        and does not lose it.
        """
        self._becomesStranger(hangsLater=True)
        self.assertEqual(self.pusher.texts(BOB), ["ci: 2", "ci: 2"])

    def test_mergedWithOneThatHung(self) -> None:
        """
        So it is where the stranger hung before.
        """
        self._becomesStranger(hangsLater=False)
        self.assertEqual(self.pusher.texts(BOB), ["ci: 2", "ci: 2"])

    def test_mergedWithOneThatSkips(self) -> None:
        """
        What a stranger skips that is tried again for what it hangs for, another one has not got.
        """
        self.start(retryUnconfirmed=True)
        self.join("ann", ANN)
        self.join("bob", BOB)
        self.say("ci", "1")
        for hangs in range(1, MAX_HANGS):
            self.pusher.end(BOB, Outcome.HUNG)
            self.network.advance(hangs)
        self.join("ann", BOB)
        self.pusher.end(BOB, Outcome.HUNG)
        self.network.advance(1)
        self.assertEqual(self.pusher.texts(BOB), ["ci: 1"] * (MAX_HANGS + 1))

    def test_mergedWhileItDeclines(self) -> None:
        """
        What a member will not have does not come again because it is another one meanwhile.
        """
        self.assertEqual(self._merged(Outcome.REJECTED), ["ci: 1", "ci: 2"])

    def test_mergedWhileItFails(self) -> None:
        """
        What a member did not get comes again when it is another one meanwhile.
        """
        self.assertEqual(self._merged(Outcome.FAILED), ["ci: 1", "ci: 1", "ci: 2"])

    def test_mergedTwice(self) -> None:
        """
        So it is where two have become one, and one with a third, while the push was under way.
        """
        self.start()
        self._mergeTwice()
        self.pusher.end(BOB)
        self.say("ci", "2")
        self.assertEqual(self.pusher.texts(BOB), ["ci: 1", "ci: 2"])

    def test_mergedTwiceInVain(self) -> None:
        """
        What was not taken comes again there, too.
        """
        self.start()
        self._mergeTwice()
        self.pusher.end(BOB, Outcome.FAILED)
        self.network.advance(1)
        self.pusher.end(BOB)
        self.say("ci", "2")
        self.assertEqual(self.pusher.texts(BOB), ["ci: 1", "ci: 1", "ci: 2"])

    def test_movedAfterTwo(self) -> None:
        """
        When that one moves, nobody waits where the first was: its place can be told.
        """
        self.start()
        self._mergeTwice()
        self.join("cyd", ANN)
        farewell = "server: cyd is registered elsewhere now"
        self.assertEqual(self.pusher.texts(BOB), ["ci: 1", farewell])

    def test_movedWhenItIsOver(self) -> None:
        """
        So it can when the push to the first had come to its end before.
        """
        self.start()
        self._mergeTwice()
        self.pusher.end(BOB)
        self.join("cyd", ANN)
        farewell = "server: cyd is registered elsewhere now"
        self.assertEqual(self.pusher.texts(BOB), ["ci: 1", farewell])

    def _mergeTwice(self) -> None:
        self.join("ann", ANN)
        self.join("bob", BOB)
        self.say("ci", "1")
        self.pusher.end(ANN)
        self.join("ann", BOB)
        self.join("cyd", ANN)
        self.join("cyd", BOB)

    def _becomesStranger(self, hangsLater: bool) -> None:
        self.start()
        self.join("ann", ANN)
        self.say("ci", "1")
        self.pusher.end(ANN)
        self.join("bob", BOB)
        self.say("ci", "2")
        if hangsLater:
            self.join("ann", BOB)
        self.pusher.end(BOB, Outcome.HUNG)
        if not hangsLater:
            self.join("ann", BOB)
        self.network.advance(1)

    def _merged(self, outcome: Outcome) -> list[str]:
        self.start()
        self.join("ann", ANN)
        self.join("bob", BOB)
        self.say("ci", "1")
        self.pusher.end(ANN)
        self.join("ann", BOB)
        self.pusher.end(BOB, outcome)
        self.network.advance(1)
        if outcome is Outcome.FAILED:
            self.pusher.end(BOB)
        self.say("ci", "2")
        return self.pusher.texts(BOB)
