"""
What Prometheus is told, read by its own library.
"""

from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from tests.web.doorrig import CONTROL, DoorTestCase
from twisted_messenger.delivery.broadcaster import Broadcaster
from twisted_messenger.push.creator import PushCreator
from twisted_messenger.testing import CollectingFactory

PREFIX = "twisted_messenger_"


class MetricsTests(DoorTestCase):
    """
    /metrics.
    """

    def setUp(self) -> None:
        """
        With somebody who delivers, and counts in the same place.
        """
        super().setUp()
        self.broadcaster = Broadcaster(
            self.store,
            PushCreator(self.network),
            self.network,
            self.room.counters,
            clock=lambda: 1000.2,
        )
        self.broadcaster.startService()
        self.addCleanup(self.broadcaster.stopService)

    def scraped(self) -> dict[tuple[str, ...], float]:
        """
        Each value by its name and labels.
        """
        answer = self.ask("GET /metrics", port=CONTROL)
        self.assertEqual(answer.status, 200)
        self.assertTrue(answer.headers["content-type"].startswith("text/plain"))
        return {
            (sample.name.removeprefix(PREFIX), *sample.labels.values()): sample.value
            for family in text_string_to_metric_families(answer.body.decode())
            for sample in family.samples
        }

    def test_counted(self) -> None:
        """
        What was done is counted, and nothing else is.
        """
        members: list[Any] = []
        for number, name in enumerate(("ann", "bob")):
            members.append(CollectingFactory())
            self.network.listenTCP(9001 + number, members[-1])
            self.room.register(name, "localhost", 9001 + number)
        self.room.register("gone", "localhost", 9099)
        for number in range(3):
            self.room.post("ci", str(number))
        self.room.post("", "refused")
        self.network.advance(1)
        found = self.scraped()
        self.assertEqual(found["accepted_total",], 3)
        self.assertEqual(found["refused_total", "bad_name"], 1)
        self.assertEqual(found["registered_total", "joined"], 3)
        self.assertEqual(found["pushes_total", "confirmed"], 6)
        self.assertGreaterEqual(found["pushes_total", "failed"], 1)
        self.assertEqual(found["members", "healthy"], 2)
        self.assertEqual(found["members", "failing"], 1)
        self.assertEqual(found["members", "paused"], 0)
        self.assertEqual(found["waiting_messages",], 3)
        self.assertGreater(found["oldest_waiting_seconds",], 0)
        self.assertEqual((found["log_entries",], found["log_head",]), (3, 3))
        self.assertEqual(found["readers",], 0)

    def test_labels(self) -> None:
        """
        However many members there are, there are no more values, and no name or address is told.
        """
        before = set(self.scraped())
        for number in range(50):
            self.room.register(f"member{number}", "localhost", 9100 + number)
            self.room.post(f"speaker{number}", "hello")
        self.network.advance(1)
        self.scraped()
        found = set(self.scraped())
        self.assertLess(len(found - before), 10)
        answer = self.ask("GET /metrics", port=CONTROL)
        for told in (b"member4", b"speaker", b"127.0.0.1", b"9100"):
            self.assertNotIn(told, answer.body)

    def test_quiet(self) -> None:
        """
        A room in which nothing has happened says so: nobody's graph begins in the middle.
        """
        found = self.scraped()
        for name in (
            "accepted_total",
            "dropped_total",
            "waiting_messages",
            "oldest_waiting_seconds",
        ):
            self.assertEqual((name, found[name,]), (name, 0))

    def test_seconds(self) -> None:
        """
        What was done before anybody looked is not in the histograms, and what comes later is, in
        its class and in those above.
        """
        self.network.listenTCP(9001, CollectingFactory())
        self.room.register("ann", "localhost", 9001)
        self.say("before", "ci")
        self.network.advance(1)
        self.assertEqual(self.scraped()["delivery_seconds_count",], 0)
        self.say("after", "ci")
        self.network.advance(1)
        found = self.scraped()
        ages = [found["delivery_seconds_bucket", bound] for bound in ("0.1", "0.25", "+Inf")]
        self.assertEqual(ages, [0, 1, 1])
        self.assertEqual(found["delivery_seconds_count",], 1)
        self.assertAlmostEqual(found["delivery_seconds_sum",], 0.2)
        self.assertEqual(found["commit_seconds_count",], 0)

    def test_right(self) -> None:
        """
        It is for who may operate.
        """
        self.assertEqual(self.ask("GET /metrics").status, 401)
        self.assertEqual(self.askWithToken("GET /metrics").status, 200)
