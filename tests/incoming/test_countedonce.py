"""
A newcomer that is reset at the door is counted, logged and charged once.
"""

from typing import Any

from twisted.internet.protocol import ClientCreator
from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.incoming.limits import SenderLimits
from twisted_messenger.incoming.receipt import ReceiptFactory
from twisted_messenger.incoming.server import ChatServerFactory
from twisted_messenger.room.chatroom import ChatRoom
from twisted_messenger.stores.memory import MemoryStore
from twisted_messenger.testing import MemoryNetwork, RecordingProtocol


class CountedTests(SynchronousTestCase):
    """
    One too many.
    """

    def test_once(self) -> None:
        """
        It is counted once.
        """
        network: Any = MemoryNetwork()
        store = MemoryStore()
        store.open()
        room = ChatRoom(store)
        factory = ReceiptFactory(
            ChatServerFactory(room),
            network,
            room.refusals,
            SenderLimits(maxConnections=10, maxPerHost=1),
        )
        network.listenTCP(8880, factory)
        for _ in range(3):
            ClientCreator(network, RecordingProtocol).connectTCP(
                "127.0.0.1", 8880, bindAddress=("10.0.0.7", 0)
            )
            network.settle()
        self.assertEqual(room.counters.snapshot(), {"refused.connection_cap": 2})
