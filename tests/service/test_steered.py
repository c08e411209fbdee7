"""
The members of a room that was put together in one call.
"""

from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.service.assembly import chatService
from twisted_messenger.stores.memory import MemoryStore
from twisted_messenger.testing import CollectingFactory, MemoryNetwork, MemoryRoom


class SteeredTests(SynchronousTestCase):
    """
    A program asks when it likes.
    """

    def test_steered(self) -> None:
        """
        A program sees its members, and pauses one and lets it go on; the counters say so.
        """
        room = MemoryRoom()
        ann = CollectingFactory()
        room.network.listenTCP(9001, ann)
        room.room.register("ann", "localhost", 9001)
        self.assertTrue(self.successResultOf(room.room.pause("ann")))
        room.room.announce("hello")
        room.advance(1)
        (status,) = self.successResultOf(room.room.members())
        self.assertEqual((status.state, status.behind, ann.messages), ("paused", 1, []))
        self.assertTrue(self.successResultOf(room.room.resume("ann")))
        room.advance(1)
        (status,) = self.successResultOf(room.room.members())
        self.assertEqual((status.state, status.behind), ("healthy", 0))
        self.assertEqual(ann.messages, [b"server: hello"])
        counters = room.service.counters
        self.assertEqual((counters["steered.pause"], counters["steered.resume"]), (1, 1))
        self.successResultOf(room.stop())

    def test_beforeTheStart(self) -> None:
        """
        What is asked before the start, or after a stop, is answered when it runs.
        """
        network = MemoryNetwork()
        service = chatService(network, MemoryStore(network.seconds), ["tcp:8880"])
        for _ in range(2):
            asked = service.room.members()
            removed = service.room.remove("ann")
            self.assertNoResult(asked)
            service.startService()
            network.settle()
            self.assertEqual(self.successResultOf(asked), [])
            self.assertIs(self.successResultOf(removed), False)
            stopped = service.stopService()
            network.settle()
            self.successResultOf(stopped)
