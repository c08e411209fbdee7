"""
A whole room in memory.
"""

from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.incoming.limits import SenderLimits
from twisted_messenger.refusal import Reason, Refusal
from twisted_messenger.testing import CollectingFactory, HangingFactory, MemoryRoom


class MemoryRoomTests(SynchronousTestCase):
    """
    What a test of an embedding program needs.
    """

    def test_message(self) -> None:
        """
        A message reaches a member within a call.
        """
        room = MemoryRoom()
        member = CollectingFactory()
        room.network.listenTCP(9001, member)
        self.assertTrue(self.successResultOf(room.room.register("ann", "localhost", 9001)).stored)
        self.assertTrue(self.successResultOf(room.room.post("app", "hello")).stored)
        room.advance()
        self.assertEqual(member.messages, [b"app: hello"])
        self.successResultOf(room.stop())

    def test_time(self) -> None:
        """
        Time is the test's: what waits is tried again when it says so, and stamps are of that time.
        """
        room = MemoryRoom()
        self.successResultOf(room.room.register("ann", "localhost", 9001))
        room.advance(1000)
        self.successResultOf(room.room.post("app", "hello"))
        room.advance()
        member = HangingFactory()
        room.network.listenTCP(9001, member)
        self.assertEqual(member.connections, [])
        (entry,) = self.successResultOf(room.service.store.read(0, 10, 1000))
        self.assertEqual(entry.time, 1000.0)
        room.advance(60)
        self.assertEqual(len(member.connections), 1)
        stopped = room.stop()
        room.advance(10)
        self.successResultOf(stopped)

    def test_options(self) -> None:
        """
        It takes what ``chatService`` takes, and knows no name of the real world.
        """
        room = MemoryRoom(senders=SenderLimits(maxConnections=7))
        self.assertEqual(room.service.factory.limits.maxConnections, 7)
        refusal = self.successResultOf(room.room.enrol("ann", "example.com", 9001))
        assert isinstance(refusal, Refusal)
        self.assertEqual((refusal.reason, refusal.transient), (Reason.UNRESOLVABLE, False))
        self.successResultOf(room.stop())
