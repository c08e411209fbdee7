"""
Members at localhost, which is two addresses.
"""

from tests.delivery.broadcasterrig import ANN, BroadcasterTestCase
from tests.pushers import ScriptedPusher
from tests.roomtestcase import HOME
from twisted_messenger.push.interfaces import Outcome

V4, V6 = "127.0.0.1", "::1"


class LocalhostTests(BroadcasterTestCase):
    """
    Ann listens at ::1 alone.
    """

    def setUp(self) -> None:
        """
        Nobody is there yet.
        """
        super().setUp()
        self.scripted = ScriptedPusher()
        self.start(self.scripted)

    def register(self, host: str) -> None:
        """
        Ann registers, from this machine.
        """
        self.assertTrue(self.successResultOf(self.room.register("ann", host, ANN, HOME)).stored)

    def assertTried(self, *hosts: str) -> None:
        """
        Fail unless these were connected to, one after the other, since the last look; nobody is
        there but at ::1.
        """
        while self.scripted.pending:
            there = self.scripted.pushed[-1][0] == V6
            self.scripted.ends(Outcome.CONFIRMED if there else Outcome.FAILED, connected=there)
        self.assertEqual([host for host, _, _ in self.scripted.pushed], [*hosts])
        self.scripted.pushed.clear()

    def test_second(self) -> None:
        """
        She gets everything at once, and nothing of it was a failure.
        """
        self.register("localhost")
        self.say("ci", "1", "2", "3")
        self.assertTried(V4, V6, V6, V6)
        self.assertEqual(self.counters["pushes.confirmed"], 3)
        self.assertEqual(self.counters["pushes.failed"], 0)
        self.assertIsNone(self.progress()["ann"].failingSince)

    def test_registeredAgain(self) -> None:
        """
        A program that was started anew may listen elsewhere; that the log was trimmed, or that she
        speaks, means nothing of that kind.
        """
        self.register("localhost")
        self.say("ci", "1")
        self.assertTried(V4, V6)
        self.say("ann", "mine")
        self.say("ci", "2")
        self.assertTried(V6)
        self.register("localhost")
        self.say("ci", "3")
        self.assertTried(V4, V6)

    def test_literal(self) -> None:
        """
        Who gives an address is pushed to there and nowhere else.
        """
        self.register("127.0.0.1")
        self.say("ci", "1")
        self.assertTried(V4)
        self.network.advance(1.1)
        self.assertTried(V4)
        self.assertEqual(self.counters["pushes.failed"], 2)

    def test_moves(self) -> None:
        """
        A push under way follows her to another port, from either address.
        """
        self.register("localhost")
        self.say("ci", "1")
        self.scripted.ends(Outcome.FAILED)
        self.assertTrue(
            self.successResultOf(self.room.register("ann", "localhost", ANN + 1, HOME)).stored
        )
        self.assertEqual(
            self.scripted.pushed[:3],
            [(V4, ANN, b"ci: 1"), (V6, ANN, b"ci: 1"), (V4, ANN + 1, b"ci: 1")],
        )

    def test_farewell(self) -> None:
        """
        That she is registered elsewhere now, she hears where she was found.
        """
        self.register("localhost")
        self.say("ci", "1")
        self.assertTried(V4, V6)
        self.assertTrue(self.successResultOf(self.room.register("ann", "", ANN + 1, HOME)).stored)
        self.assertEqual(
            self.scripted.pushed, [(V6, ANN, b"server: ann is registered elsewhere now")]
        )
