"""
What strangers and readers ask for comes one after the other, and the room in between.
"""

from collections.abc import Hashable
from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tests.web.doorrig import GUEST, HOST, DoorTestCase, request
from twisted_messenger.web.connections import CONNECTION_BURST
from twisted_messenger.web.turns import TURN_SECONDS, Turns

OTHER = "10.0.0.8"


class TurnsTests(SynchronousTestCase):
    """
    Turns.
    """

    def setUp(self) -> None:
        """
        Nobody waits.
        """
        self.clock = Clock()
        self.turns = Turns(self.clock)
        self.served: list[Hashable] = []

    def take(self, who: Hashable, count: int = 1) -> Any:
        """
        Wait for a turn, and note when it comes.
        """
        turn = self.turns.take(who, count)
        turn.addCallback(lambda _: self.served.append(who))
        return turn

    def rest(self) -> None:
        """
        Let the time of one turn pass.
        """
        self.clock.advance(TURN_SECONDS)

    def test_atOnce(self) -> None:
        """
        Who comes alone waits for nothing.
        """
        for _ in range(3):
            self.take("ann")
            self.assertEqual(self.served, ["ann"])
            self.served.clear()
            self.rest()
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_oneAtATime(self) -> None:
        """
        However many come at once, one is served; then the room has time for itself.
        """
        for _ in range(3):
            self.take("ann")
        self.assertEqual(len(self.served), 1)
        self.clock.advance(TURN_SECONDS / 2)
        self.assertEqual(len(self.served), 1)
        self.rest()
        self.assertEqual(len(self.served), 2)

    def test_inTurn(self) -> None:
        """
        Who asks a lot does not keep others waiting.
        """
        for who in "aaaabc":
            self.take(who)
        for _ in range(5):
            self.rest()
        self.assertEqual("".join(map(str, self.served)), "aabcaa")

    def test_much(self) -> None:
        """
        After something large the rest is longer.
        """
        self.take("ann", 10)
        self.take("bob")
        for _ in range(9):
            self.rest()
        self.assertEqual(self.served, ["ann"])
        self.rest()
        self.assertEqual(self.served, ["ann", "bob"])

    def test_gone(self) -> None:
        """
        Who has gone takes no turn, and is not remembered.
        """
        self.take("ann")
        gone = [self.take("bob") for _ in range(3)]
        self.take("cid")
        for turn in gone:
            turn.cancel()
        self.served.clear()
        self.rest()
        self.assertEqual(self.served, ["cid"])


class BurstTests(DoorTestCase):
    """
    Many requests at once.
    """

    def begin(self, what: str, peer: str) -> Any:
        """
        Ask, and wait for nothing.
        """
        client = self.connect(peer)
        client.transport.write(request(what))
        return client

    def answered(self, clients: list[Any]) -> int:
        """
        How many have an answer.
        """
        return sum(bool(one.data) for one in clients)

    def test_strangers(self) -> None:
        """
        A hundred requests from one host are not all answered before the room goes on; another host,
        and localhost, need not wait for them.
        """
        clients = [self.begin("GET /healthz", GUEST) for _ in range(50)]
        self.network.settle()
        self.assertEqual(self.answered(clients), 1)
        others = [self.begin("GET /healthz", OTHER)]
        here = [self.begin("GET /healthz", HOST) for _ in range(10)]
        self.network.settle()
        self.assertEqual(self.answered(here), 10)
        self.network.advance(2 * TURN_SECONDS)
        self.assertEqual(self.answered(others), 1)
        self.assertLess(self.answered(clients), 5)
        self.network.advance(50 * TURN_SECONDS)
        self.assertEqual(self.answered(clients), 50)

    def test_pages(self) -> None:
        """
        Pages of the log come one at a time, whoever reads them.
        """
        self.say("one")
        clients = [self.begin("GET /messages", HOST) for _ in range(10)]
        self.network.settle()
        self.assertEqual(self.answered(clients), 1)
        self.network.advance(10 * TURN_SECONDS)
        self.assertEqual(self.answered(clients), 10)

    def test_gone(self) -> None:
        """
        Requests of those who have gone are not done.
        """
        clients = [self.begin("GET /messages?last=0", GUEST) for _ in range(50)]
        self.network.settle()
        for client in clients:
            client.transport.abortConnection()
        self.network.advance(1)
        self.assertLess(self.room.counters["refused.unauthorized"], 3)

    def test_readers(self) -> None:
        """
        Nor do all who catch up read the log at once; those who have gone read nothing.
        """
        self.say("one")
        clients = [self.begin("GET /events?after=0", HOST) for _ in range(10)]
        self.network.settle()
        self.assertEqual(sum(b'"one"' in client.data for client in clients), 1)
        for client in clients[1:6]:
            client.transport.abortConnection()
        self.network.advance(8 * TURN_SECONDS)
        self.assertEqual(sum(b'"one"' in client.data for client in clients), 5)

    def test_connections(self) -> None:
        """
        Who connects again and again is cut, and costs the others a moment; they are let in then.
        """
        for _ in range(CONNECTION_BURST):
            self.connect(GUEST).transport.abortConnection()
            self.network.settle()
        self.assertEqual(self.room.counters["refused.rate"], 0)
        cut = self.connect(GUEST)
        self.assertIsNotNone(cut.reason)
        self.assertEqual(cut.data, b"")
        self.assertEqual(self.room.counters["refused.rate"], 1)
        other = self.begin("GET /healthz", OTHER)
        self.network.advance(1)
        self.assertEqual(self.answered([other]), 1)
        self.assertEqual(self.answered([self.begin("GET /healthz", GUEST)]), 0)
        self.network.advance(1)
        self.assertEqual(self.ask("GET /healthz", peer=GUEST).status, 200)
