"""
Tests of a program with a room in it, without a socket and without waiting.

Run them with ``.venv/bin/python -m unittest examples.test_moderated_room``.
"""

import tempfile
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from examples.moderated_room import Invited, withoutSecrets
from twisted_messenger import Refusal
from twisted_messenger.testing import CollectingFactory, MemoryRoom


class ModeratedTests(SynchronousTestCase):
    """
    Who may join, and what is let through.
    """

    def setUp(self) -> None:
        """
        Ann is invited; her program listens on the network in memory.
        """
        self.names = Path(tempfile.mkstemp(text=True)[1])
        self.addCleanup(self.names.unlink)
        self.names.write_text("ann\n")
        self.room = MemoryRoom(policy=Invited(names=self.names), admit=withoutSecrets)
        self.ann = CollectingFactory()
        self.room.network.listenTCP(9001, self.ann)

    def test_invited(self) -> None:
        """
        Who is on the list may join, and nobody else.
        """
        joined = self.room.room.register("ann", "localhost", 9001)
        self.assertTrue(self.successResultOf(joined).stored)
        refusal = self.successResultOf(self.room.room.register("bob", "localhost", 9002))
        assert isinstance(refusal, Refusal)
        self.assertEqual(refusal.code, "not_invited")

    def test_secrets(self) -> None:
        """
        A password does not leave the room.
        """
        self.room.room.register("ann", "localhost", 9001)
        self.room.room.post("ci", "password=hunter2 works")
        self.room.advance()
        self.assertEqual(self.ann.messages, [b"ci: password=... works"])
