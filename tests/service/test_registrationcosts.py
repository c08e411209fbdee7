"""
What a registration costs in a room in memory, in a count that does not waver: calls of Python's
functions, from its bytes to its receipt and to the member that is to be pushed to.
"""

import sys
from collections.abc import Iterable
from functools import partial
from typing import Any

from twisted.internet.protocol import connectionDone
from twisted.trial.unittest import SynchronousTestCase

from tests.callcount import pythonCalls
from tests.delivery.broadcasterrig import HandPusher
from twisted_messenger.address import Source
from twisted_messenger.delivery.broadcaster import Broadcaster
from twisted_messenger.incoming.server import ChatServerFactory
from twisted_messenger.room.chatroom import ChatRoom
from twisted_messenger.stores.memory import MemoryStore
from twisted_messenger.testing import MemoryNetwork
from twisted_messenger.wire import formatRegistration

# Registrations that are counted.
_COUNT = 50

# Calls for a registration of a new name and for one that is repeated, which come with others in one
# turn of the reactor, and for each turn. They may only fall: another one is more than they allow.
_MOST = (159, 139.5, 18.5) if sys.version_info >= (3, 11) else (166, 146.5, 24.5)


class Whole:
    """
    A connection whose message was whole when it was accepted.
    """

    isWhole = True
    source = Source("127.0.0.1", True, entrance=("127.0.0.1", 8880))


class RegistrationCostTests(SynchronousTestCase):
    """
    Registrations over connections of their own.
    """

    def setUp(self) -> None:
        """
        Open a room; what the first registration needs is there for all.
        """
        self.network = MemoryNetwork()
        store = MemoryStore(later=partial(self.network.callLater, 0))
        store.open()
        self.room = ChatRoom(store)
        self.factory = ChatServerFactory(self.room)
        broadcaster = Broadcaster(store, HandPusher(), self.network)
        broadcaster.startService()
        self.addCleanup(broadcaster.stopService)
        self.inTurns([0])
        self.inTurns([0])

    def register(self, ports: Iterable[int]) -> None:
        """
        Let members register, in one turn of the reactor.
        """
        for port in ports:
            protocol = self.factory.buildProtocol(None)
            transport: Any = Whole()
            protocol.makeConnection(transport)
            protocol.dataReceived(formatRegistration(f"member {port}", "127.0.0.1", 20_000 + port))
            protocol.connectionLost(connectionDone)
        self.network.advance(0)

    def inTurns(self, ports: Iterable[int]) -> None:
        """
        Let members register, each in a turn of its own.
        """
        for port in ports:
            self.register([port])

    def test_python(self) -> None:
        """
        A registration takes few calls of Python's functions, and so does a turn of the reactor.
        """
        some, others = range(1, 1 + _COUNT), range(1 + _COUNT, 1 + 2 * _COUNT)
        new = pythonCalls(lambda: self.register(some)) / _COUNT
        again = pythonCalls(lambda: self.register(some)) / _COUNT
        turn = pythonCalls(lambda: self.inTurns(others)) / _COUNT - new
        done = {"registered.joined": 1 + 2 * _COUNT, "registered.refreshed": 1 + _COUNT}
        self.assertEqual(done.items() - self.room.counters.snapshot().items(), set())
        for calls, most in zip((new, again, turn), _MOST):
            self.assertLess(calls, most)
