"""
How the process and its room are.
"""

from typing import Any

from twisted.internet.defer import Deferred

from tests.web.doorrig import GUEST, DoorTestCase, Response
from twisted_messenger.delivery.broadcaster import Broadcaster
from twisted_messenger.entry import Post
from twisted_messenger.errors import StoreFull
from twisted_messenger.interfaces import Admission
from twisted_messenger.push.creator import PushCreator
from twisted_messenger.refusal import Refusal
from twisted_messenger.stores.memory import MemoryStore


class ProbedStore(MemoryStore):
    """
    A store that may be full or silent, and counts how often it is asked.
    """

    asked = 0
    problem: Exception | None = None
    isSilent = False

    def append(self, post: Post, admit: Admission) -> "Deferred[int | Refusal]":
        """
        Add a message, or not.
        """
        self.asked += 1
        if self.isSilent:
            return Deferred()
        if self.problem is not None:
            failing: Deferred[int | Refusal] = Deferred()
            failing.errback(self.problem)
            return failing
        return super().append(post, admit)


class HealthTests(DoorTestCase):
    """
    /healthz and /readyz, for whoever asks.
    """

    def setUp(self) -> None:
        """
        With somebody who delivers.
        """
        super().setUp()
        self.broadcaster = Broadcaster(self.store, PushCreator(self.network), self.network)
        self.broadcaster.startService()
        self.addCleanup(self.broadcaster.stopService)

    def makeStore(self) -> Any:
        """
        That of the room.
        """
        return ProbedStore(self.network.seconds)

    def ready(self) -> Response:
        """
        Ask.
        """
        return self.ask("GET /readyz", peer=GUEST)

    def test_well(self) -> None:
        """
        It answers with one word, without a token, and nothing is said in the room.
        """
        for place in ("/healthz", "/readyz"):
            answer = self.ask(f"GET {place}", peer=GUEST)
            self.assertEqual((answer.status, answer.body), (200, b"ok\n"))
        self.assertEqual(self.successResultOf(self.room.history()), [])
        self.assertEqual(self.room.counters.snapshot(), {})

    def test_full(self) -> None:
        """
        A room whose disk is full is not ready, and is again when there is room: without a message.
        """
        self.store.problem = StoreFull("full")
        answer = self.ready()
        self.assertEqual((answer.status, answer.body), (503, b"no\n"))
        self.assertEqual(self.ask("GET /healthz").status, 200)
        self.store.problem = None
        self.network.advance(1)
        self.assertEqual(self.ready().status, 200)

    def test_atMostEachSecond(self) -> None:
        """
        However often anybody asks, the store is asked once a second.
        """
        for _ in range(30):
            self.ready()
        self.assertEqual(self.store.asked, 1)
        self.network.advance(1)
        self.ready()
        self.assertEqual(self.store.asked, 2)

    def test_silent(self) -> None:
        """
        A store that does not answer is not ready, and all who wait learn so together.
        """
        self.store.isSilent = True
        clients = [self.connect() for _ in range(3)]
        for client in clients:
            client.transport.write(b"GET /readyz HTTP/1.1\r\nHost: localhost:8881\r\n\r\n")
        self.network.advance(5.1)
        self.assertEqual([Response(one.data).status for one in clients], [503] * 3)
        self.assertEqual(self.store.asked, 1)

    def test_nobodyDelivers(self) -> None:
        """
        A room that takes messages and delivers none is not ready.
        """
        self.successResultOf(self.broadcaster.stopService())
        self.assertEqual(self.ready().status, 503)

    def test_closing(self) -> None:
        """
        Nor is one that stops.
        """
        self.room.close()
        self.assertEqual(self.ready().status, 503)
