"""
The broadcaster, and members that come, change, lose something and go.
"""

from tests.delivery.broadcasterrig import ANN, BOB, CYD, HOST, BroadcasterTestCase
from tests.roomtestcase import HOME
from twisted_messenger.push.interfaces import Outcome
from twisted_messenger.roster import MemberOptions


class RosterTests(BroadcasterTestCase):
    """
    Members that change while a push is under way.
    """

    def setUp(self) -> None:
        """
        Ann is getting the first of two messages.
        """
        super().setUp()
        self.broadcaster = self.start()
        self.join("ann", ANN)
        self.say("ci", "1", "2")

    def test_moved(self) -> None:
        """
        What is under way to the old address is given up, and follows the member to its new one at
        once; that says nothing of the member.
        """
        self.join("ann", BOB)
        self.pusher.end(BOB)
        self.assertEqual(self.pusher.texts(ANN)[:-1], ["ci: 1"])
        self.assertEqual(self.pusher.texts(BOB), ["ci: 1", "ci: 2"])
        self.assertEqual(self.counters["pushes.failed"], 0)

    def test_renamed(self) -> None:
        """
        Under a new name a member gets what others say under its old one, and not what it says.
        """
        self.join("bob", ANN)
        self.say("bob", "mine")
        self.say("ann", "theirs")
        while self.pusher.open:
            self.pusher.end(ANN)
        self.assertEqual(self.pusher.texts(ANN), ["ci: 1", "ci: 2", "ann: theirs"])

    def test_namesAndPlacesAtOnce(self) -> None:
        """
        Bob moves, Ann takes his name's place there, and Bob comes anew where she was, before the
        broadcaster hears of any of it: he is no mixture of both, and gets the history that he asks
        for, though she had it there.
        """
        self.pusher.end(ANN)
        self.pusher.end(ANN)
        self.join("bob", BOB)
        self.say("ci", "3")
        self.pusher.end(ANN)
        # The store knows how far they are.
        self.network.advance(1)
        self.store.silent = True
        self.join("bob", CYD)
        self.join("ann", CYD)
        self.room.register("bob", HOST, ANN, HOME, MemberOptions(history=1))
        self.store.silent = False
        self.pusher.sent.clear()
        self.say("ci", "4")
        while self.pusher.open:
            self.pusher.end(min(self.pusher.open))
        self.assertEqual(self.pusher.texts(ANN)[-2:], ["ci: 3", "ci: 4"])
        self.assertEqual(self.pusher.texts(CYD), ["ci: 3", "ci: 4"])

    def test_nameAgainAtOnce(self) -> None:
        """
        Where the name of one of two that have become one is another's at once, what both have does
        not come again.
        """
        self.pusher.end(ANN)
        self.pusher.end(ANN)
        self.join("bob", BOB)
        self.say("ci", "3")
        self.pusher.end(ANN)
        self.pusher.end(BOB)
        self.store.silent = True
        self.join("ann", BOB)
        self.join("bob", ANN)
        self.store.silent = False
        self.pusher.sent.clear()
        self.say("ci", "4")
        self.assertEqual(self.pusher.texts(BOB), ["ci: 4"])
        self.assertEqual(self.pusher.texts(ANN)[-1:], ["ci: 4"])

    def test_renamedOntoASpeaker(self) -> None:
        """
        What a stranger said under a name that the member takes later is not the member's own.
        """
        self.say("zoe", "3")
        self.say("zoe", "4")
        self.join("zoe", ANN)
        self.say("zoe", "mine")
        while self.pusher.open:
            self.pusher.end(ANN)
        self.assertEqual(self.pusher.texts(ANN), ["ci: 1", "ci: 2", "zoe: 3", "zoe: 4"])

    def test_rejoined(self) -> None:
        """
        Who left and came back waits for the old push to end: never two at once to one address.
        """
        self.leave("ann", ANN)
        self.join("ann", ANN)
        self.say("ci", "3")
        self.assertEqual(self.pusher.texts(ANN), ["ci: 1"])
        self.pusher.end(ANN)
        self.assertEqual(self.pusher.texts(ANN), ["ci: 1", "ci: 3"])

    def test_left(self) -> None:
        """
        Who has left gets nothing more, however the last push ends; the others go on.
        """
        self.join("bob", BOB)
        self.leave("ann", ANN)
        self.pusher.end(ANN, Outcome.FAILED)
        self.say("ci", "3")
        self.network.advance(60)
        self.assertEqual(self.pusher.texts(ANN), ["ci: 1"])
        self.assertEqual(self.pusher.texts(BOB), ["ci: 3"])

    def test_leftAndStopped(self) -> None:
        """
        A stop waits for the push of a member that has left, too.
        """
        self.leave("ann", ANN)
        stopped = self.broadcaster.stopService()
        self.assertNoResult(stopped)
        self.pusher.end(ANN)
        self.successResultOf(stopped)

    def test_rejoinedElsewhere(self) -> None:
        """
        Who left and came back at another address is served there at once, from now on.
        """
        self.leave("ann", ANN)
        self.join("ann", BOB)
        self.say("ci", "3")
        self.assertEqual(self.pusher.texts(BOB), ["ci: 3"])
        self.pusher.end(ANN)
        self.assertEqual(self.pusher.texts(ANN), ["ci: 1"])

    def test_nameTakenOver(self) -> None:
        """
        A name that went to another is that one's own: its words are not pushed back to it.
        """
        self.leave("ann", ANN)
        self.join("ann", BOB)
        self.say("ann", "mine")
        self.say("ci", "3")
        self.assertEqual(self.pusher.texts(BOB), ["ci: 3"])
