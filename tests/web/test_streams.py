"""
The log as it goes on.
"""

import json
from typing import Any

from twisted.internet.defer import Deferred

from tests.web.doorrig import HOST, PORT, TOKEN, DoorTestCase, Response
from twisted_messenger.entry import Entry, LogLimits
from twisted_messenger.errors import StoreLost
from twisted_messenger.stores.memory import MemoryStore
from twisted_messenger.web.readers import MAX_PER_HOST, SLICE, STALLED_SECONDS, WAKE_SECONDS
from twisted_messenger.web.turns import TURN_SECONDS


def chunksOf(body: bytes) -> bytes:
    """
    What was said in chunks, as far as it has come.
    """
    said = b""
    while body:
        size, _, rest = body.partition(b"\r\n")
        said += rest[: int(size, 16)]
        body = rest[int(size, 16) + 2 :]
    return said


class Event:
    """
    One of a stream.
    """

    def __init__(self, block: str) -> None:
        pairs = [line.partition(":") for line in block.split("\n")]
        fields = {name: value.strip() for name, _, value in pairs}
        self.kind = fields.get("event", "message")
        self.id = fields.get("id")
        self.data: Any = json.loads(fields["data"]) if "data" in fields else None
        self.retry = fields.get("retry")


class CountingStore(MemoryStore):
    """
    A store that counts how often its log is read, and fails when a test says.
    """

    reads = 0
    problem: Exception | None = None

    def history(self, after: int, limit: int, maxBytes: int) -> "Deferred[list[Entry]]":
        """
        Read.
        """
        self.reads += 1
        if self.problem is not None:
            failing: Deferred[list[Entry]] = Deferred()
            failing.errback(self.problem)
            return failing
        return super().history(after, limit, maxBytes)


# Who asks, and reads some pages, waits for each.
_A_FEW_TURNS = 20 * TURN_SECONDS


class StreamTestCase(DoorTestCase):
    """
    Readers.
    """

    def makeStore(self) -> CountingStore:
        """
        That of the room.
        """
        return CountingStore(self.network.seconds)

    def listen(
        self, query: str = "", what: str = "/events", peer: str = HOST, **headers: str
    ) -> Any:
        """
        Begin to read.
        """
        client = self.connect(peer)
        lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        lines += [f"Host: {HOST}:{PORT}", f"Authorization: Bearer {TOKEN}"]
        head = "\r\n".join([f"GET {what}{query} HTTP/1.1", *lines, "", ""])
        client.transport.write(head.encode())
        self.network.advance(_A_FEW_TURNS)
        return client

    def said(self, client: Any) -> str:
        """
        All that a reader has got.
        """
        return chunksOf(Response(client.data).body).decode()

    def events(self, client: Any) -> list[Event]:
        """
        The same, as events.
        """
        return [Event(block) for block in self.said(client).split("\n\n")[:-1]]

    def texts(self, client: Any) -> list[str]:
        """
        Of the messages among them.
        """
        return [
            one.data["text"] for one in self.events(client) if one.kind == "message" and one.data
        ]

    def wake(self) -> None:
        """
        Let readers hear what was said.
        """
        self.network.advance(WAKE_SECONDS + 0.01)


class EventTests(StreamTestCase):
    """
    GET /events.
    """

    def test_fromNow(self) -> None:
        """
        Who says nothing hears what is said from now on, each message with its id.
        """
        self.say("before")
        client = self.listen()
        answer = Response(client.data)
        self.assertEqual(answer.headers["content-type"], "text/event-stream")
        self.assertEqual(answer.headers["x-accel-buffering"], "no")
        self.assertEqual(answer.headers["cache-control"], "no-store")
        position = self.say("after\nwards")
        self.wake()
        (event,) = self.events(client)
        self.assertEqual((event.kind, event.id), ("message", str(position)))
        self.assertEqual(
            event.data, {"id": str(position), "time": 1000.0, "name": "ann", "text": "after\nwards"}
        )

    def test_firstMessage(self) -> None:
        """
        So does who came before anything was said.
        """
        client = self.listen()
        self.say("one")
        self.wake()
        self.assertEqual(self.texts(client), ["one"])

    def test_after(self) -> None:
        """
        Who says where it was goes on there; 0 is all there is, without a gap.
        """
        first = self.say("one")
        self.say("two")
        self.assertEqual(self.texts(self.listen(f"?after={first}")), ["two"])
        self.assertEqual(self.texts(self.listen("?after=0")), ["one", "two"])
        self.assertEqual(self.texts(self.listen("?last=1")), ["two"])
        self.assertEqual(self.texts(self.listen("?last=100")), ["one", "two"])

    def test_lastEventId(self) -> None:
        """
        What a browser remembers comes before what its page has asked for at first.
        """
        first = self.say("one")
        self.say("two")
        client = self.listen("?after=0", last_event_id=str(first))
        self.assertEqual(self.texts(client), ["two"])
        refused = self.listen(last_event_id="x")
        self.assertEqual(Response(refused.data).code, "malformed")

    def test_long(self) -> None:
        """
        A long log is read to its end, and on.
        """
        expected = [str(number) for number in range(350)]
        for text in expected:
            self.say(text)
        client = self.listen("?after=0")
        self.network.settle()
        self.say("new")
        self.wake()
        self.assertEqual(self.texts(client), [*expected, "new"])

    def test_paced(self) -> None:
        """
        One host that reads long logs over and over is slowed down, and gets everything.
        """
        expected = [str(number) for number in range(3000)]
        for text in expected:
            self.say(text)
        clients = [self.listen("?after=0", peer="10.0.0.7") for _ in range(4)]
        self.assertLess(len(self.texts(clients[-1])), len(expected))
        self.network.advance(30)
        self.assertEqual([self.texts(one) for one in clients], [expected] * 4)

    def test_name(self) -> None:
        """
        Who wants one name alone hears no other, and the beat says how far it has heard.
        """
        client = self.listen("?name=ann")
        self.say("one", "bob")
        self.say("two", "ann")
        last = self.say("three", "bob")
        self.wake()
        self.assertEqual(self.texts(client), ["two"])
        self.network.advance(15)
        beat = self.events(client)[-1]
        self.assertEqual((beat.data, beat.id), (None, str(last)))
        self.assertEqual(Response(self.listen("?name=").data).code, "bad_name")

    def test_beat(self) -> None:
        """
        In silence there is a comment each 15 seconds, and none beside what is said.
        """
        client = self.listen()
        self.network.advance(14)
        self.say("one")
        self.network.advance(14)
        self.assertEqual(len(self.events(client)), 1)
        self.network.advance(2)
        self.assertEqual(len(self.events(client)), 2)
        self.network.advance(30)
        self.assertEqual(len(self.events(client)), 4)


class GapTests(StreamTestCase):
    """
    What is gone is told.
    """

    def trim(self, keep: int) -> None:
        """
        Forget all but so many.
        """
        self.successResultOf(self.store.trim(LogLimits(keptEntries=keep)))

    def test_forgotten(self) -> None:
        """
        Who was away for too long is told once, and how many; then it goes on.
        """
        first = self.say("one")
        for text in ("two", "three", "four"):
            self.say(text)
        self.trim(1)
        client = self.listen(f"?after={first}")
        gap, four = self.events(client)
        self.assertEqual((gap.kind, gap.data), ("gap", {"from": str(first), "lost": 2}))
        self.assertEqual(gap.id, "3")
        self.assertEqual(four.data["text"], "four")
        self.assertEqual(self.texts(self.listen("?after=0")), ["four"])
        self.assertEqual(len(self.events(self.listen("?after=0"))), 1)

    def test_whileItListens(self) -> None:
        """
        So is who listens, where messages are forgotten before they were read.
        """
        client = self.listen()
        for text in ("one", "two", "three"):
            self.say(text)
        self.wake()
        for text in ("four", "five"):
            self.say(text)
        self.trim(1)
        self.wake()
        kinds = [one.kind for one in self.events(client)]
        self.assertEqual(kinds, ["message"] * 3 + ["gap", "message"])
        self.assertEqual(self.events(client)[3].data, {"from": "3", "lost": 1})

    def test_beyondTheHead(self) -> None:
        """
        After a room was restored from an older copy, who has heard more is told that something is
        gone, and hears what is said from then on.
        """
        head = self.say("one")
        client = self.listen("?after=77")
        self.say("two")
        self.wake()
        gap, two = self.events(client)
        self.assertEqual(
            (gap.kind, gap.id, gap.data), ("gap", str(head), {"from": "77", "lost": None})
        )
        self.assertEqual(two.data["text"], "two")


class LineTests(StreamTestCase):
    """
    GET /lines.
    """

    def test_lines(self) -> None:
        """
        A terminal gets a line for each line, with its name in front, and nothing it obeys.
        """
        client = self.listen("?after=0", "/lines")
        self.say("one\ntwo\x1b[2J")
        self.wake()
        self.assertEqual(self.said(client), "ann: one\nann: two\\x1b[2J\n")

    def test_beat(self) -> None:
        """
        An empty line comes in silence, where that is asked for.
        """
        silent, beating = self.listen("", "/lines"), self.listen("?beat=5", "/lines")
        self.network.advance(11)
        self.assertEqual((self.said(silent), self.said(beating)), ("", "\n\n"))


class CostTests(StreamTestCase):
    """
    What readers cost.
    """

    def test_readOnce(self) -> None:
        """
        However many listen, what is said within a moment is read once for all.
        """
        clients = [self.listen() for _ in range(3 * SLICE)]
        self.say("zero")
        self.wake()
        before = self.store.reads
        for text in ("one", "two", "three"):
            self.say(text)
        self.wake()
        self.assertEqual({len(self.texts(one)) for one in clients}, {4})
        self.assertEqual(self.store.reads - before, 1)

    def test_large(self) -> None:
        """
        Large messages that come together are heard together, though they are read in pieces.
        """
        client = self.listen()
        self.say("zero")
        self.wake()
        texts = [f"{number} " + "x" * 60_000 for number in range(60)]
        for text in texts:
            self.say(text)
        self.network.advance(1)
        self.assertEqual(self.texts(client), ["zero", *texts])

    def test_nobody(self) -> None:
        """
        Where nobody listens, nothing is read, and nothing waits.
        """
        client = self.listen()
        client.transport.loseConnection()
        self.network.settle()
        self.assertEqual(len(self.door.readers), 0)
        before = self.store.reads
        self.say("one")
        self.network.advance(100)
        self.assertEqual(self.store.reads, before)

    def test_slow(self) -> None:
        """
        For who does not read, nothing grows; when it does, it gets everything.
        """
        client = self.listen()
        client.transport.pauseProducing()
        texts = [f"{number} " + "x" * 9000 for number in range(100)]
        for text in texts:
            self.say(text)
            self.network.advance(0.2)
        self.assertLess(len(client.data), 300_000)
        client.transport.resumeProducing()
        for _ in range(100):
            self.network.advance(0.2)
        self.assertEqual(self.texts(client), texts)

    def test_slices(self) -> None:
        """
        Who reads again after a flood is given as much as before, not the flood; nor is it kept.
        """
        self.listen()
        head = self.say("x")
        for _ in range(100):
            self.say("x" * 60_000)
            self.wake()
        tail = self.door.readers.tail
        self.assertIsNone(tail.after(head))
        frames = tail.after(head + 90)
        self.assertEqual([one.entry.position for one in frames or []], [head + 91])
        self.say("y" * 100_000)
        self.wake()
        self.assertEqual(len(tail.after(head + 100) or []), 1)

    def test_stalled(self) -> None:
        """
        Who takes nothing for five minutes gives its place to others.
        """
        client = self.listen()
        client.transport.pauseProducing()
        for number in range(100):
            self.say(f"{number} " + "x" * 9000)
        self.network.advance(STALLED_SECONDS - 10)
        self.assertEqual(len(self.door.readers), 1)
        self.network.advance(50)
        self.assertEqual(len(self.door.readers), 0)

    def test_cap(self) -> None:
        """
        One host may have so many; another one has room, and a place that is left is free.
        """
        clients = [self.listen(peer="10.0.0.7") for _ in range(MAX_PER_HOST)]
        late = Response(self.listen(peer="10.0.0.7").data)
        self.assertEqual((late.status, late.code), (503, "connection_cap"))
        self.assertEqual(Response(self.listen(peer="10.0.0.8").data).status, 200)
        clients[0].transport.loseConnection()
        self.network.settle()
        self.assertEqual(Response(self.listen(peer="10.0.0.7").data).status, 200)

    def test_storeAway(self) -> None:
        """
        A store that is away for a while loses nobody anything.
        """
        client = self.listen()
        self.store.problem = StoreLost("away")
        self.say("one")
        self.network.advance(5)
        self.assertEqual(self.texts(client), [])
        self.store.problem = None
        self.network.advance(2)
        self.assertEqual(self.texts(client), ["one"])


class StopTests(StreamTestCase):
    """
    The room stops.
    """

    def test_end(self) -> None:
        """
        Streams end in order, and say when to come back; not all at the same moment.
        """
        clients = [self.listen() for _ in range(5)]
        self.door.readers.end()
        self.network.settle()
        waits = set()
        for client in clients:
            (farewell,) = self.events(client)
            waits.add(farewell.retry)
            self.assertTrue(Response(client.data).body.endswith(b"0\r\n\r\n"))
        self.assertGreater(len(waits), 1)
        self.assertTrue(all(2000 <= int(one or 0) <= 4000 for one in waits))

    def test_drained(self) -> None:
        """
        Connections are closed, those that ask nothing at once.
        """
        idle, reading = self.connect(), self.listen()
        self.door.readers.end()
        drained = self.site.connections.drained()
        self.network.settle()
        self.successResultOf(drained)
        self.assertTrue(idle.ended)
        self.assertTrue(reading.ended)
