"""
What was said, and to say something.
"""

import json
from typing import Any

from twisted.internet.defer import Deferred

from tests.web.doorrig import GUEST, DoorTestCase, Response
from twisted_messenger.entry import Entry, Post
from twisted_messenger.errors import StoreClosed, StoreFull, StoreLost, StoreUncertain
from twisted_messenger.interfaces import Admission
from twisted_messenger.refusal import Refusal
from twisted_messenger.stores.memory import MemoryStore

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


class ReadTests(DoorTestCase):
    """
    GET /messages.
    """

    def texts(self, query: str = "") -> list[str]:
        """
        Of the messages that are answered.
        """
        return [one["text"] for one in self.ask(f"GET /messages{query}").json["messages"]]

    def test_shape(self) -> None:
        """
        A message has an id, which is text, its time in seconds, who said it, and what, raw.
        """
        position = self.say("<b>\x1b[31m\u202e&", "ann")
        self.assertEqual(
            self.ask("GET /messages").json,
            {
                "messages": [
                    {
                        "id": str(position),
                        "time": 1000.0,
                        "name": "ann",
                        "text": "<b>\x1b[31m\u202e&",
                    }
                ],
                "next": str(position),
            },
        )

    def test_newest(self) -> None:
        """
        Who says nothing gets the newest hundred, and else as many as are asked for.
        """
        for number in range(120):
            self.say(str(number))
        self.assertEqual(self.texts(), [str(number) for number in range(20, 120)])
        self.assertEqual(self.texts("?last=2"), ["118", "119"])
        self.assertEqual(self.texts("?limit=2"), ["118", "119"])

    def test_pages(self) -> None:
        """
        Page after page, everything is read; the end is an empty one that leads nowhere else.
        """
        for number in range(5):
            self.say(str(number))
        found, after = [], "0"
        while page := self.ask(f"GET /messages?after={after}&limit=2").json:
            if not page["messages"]:
                break
            found += [one["text"] for one in page["messages"]]
            after = page["next"]
        self.assertEqual((found, page["next"]), (["0", "1", "2", "3", "4"], after))

    def test_numbers(self) -> None:
        """
        What is no number, or out of range, is refused with what it takes.
        """
        for query in (
            "after=-1",
            "after=x",
            "after=",
            "limit=0",
            "limit=1001",
            "last=0",
            "last=%D9%A1",
        ):
            answer = self.ask(f"GET /messages?{query}")
            self.assertEqual((query, answer.status, answer.code), (query, 400, "malformed"))
        self.assertEqual(self.ask(f"GET /messages?after={'9' * 5000}").status, 400)
        self.assertEqual(self.texts(f"?after={2**63 - 1}"), [])

    def test_much(self) -> None:
        """
        However much was said, one answer has a part of it, and the next one goes on: who takes no
        answers costs little.
        """
        for number in range(20):
            self.say(f"{number} " + "\x01" * 60_000)
        found, after = 0, "0"
        while page := self.ask(f"GET /messages?after={after}&limit=1000"):
            self.assertLess(len(page.body), 2_000_000)
            if not page.json["messages"]:
                break
            found += len(page.json["messages"])
            after = page.json["next"]
        self.assertEqual(found, 20)
        self.assertLess(len(self.ask("GET /messages?last=1000").body), 2_000_000)

    def test_lines(self) -> None:
        """
        Programs may have a line of JSON for each, and people lines that a terminal can show.
        """
        self.say("one\ntwo\x1b[31m", "ann")
        lines = self.ask("GET /messages", accept="application/x-ndjson").body
        self.assertEqual(json.loads(lines)["text"], "one\ntwo\x1b[31m")
        text = self.ask("GET /messages", accept="text/plain")
        self.assertEqual(text.body, b"ann: one\nann: two\\x1b[31m\n")
        self.assertEqual(text.headers["content-type"], "text/plain; charset=utf-8")
        self.assertEqual(
            self.ask("GET /messages", accept="text/html, */*").headers["content-type"], JSON
        )


class SayTests(DoorTestCase):
    """
    POST /messages.
    """

    def post(self, body: str | bytes, kind: str = JSON, query: str = "", **more: Any) -> Response:
        """
        Say something.
        """
        return self.ask(f"POST /messages{query}", body, content_type=kind, **more)

    def test_kinds(self) -> None:
        """
        JSON, a form and plain text all say the same, and are told the id once it is stored.
        """
        for number, answer in enumerate(
            (
                self.post('{"name": "ann", "text": "h\\u00e9 &"}'),
                self.post("name=ann&text=h%C3%A9+%26", FORM),
                self.post("hé &", "text/plain; charset=utf-8", "?name=ann"),
                self.post("hé &", "", "?name=ann"),
            ),
            1,
        ):
            self.assertEqual((answer.status, answer.json), (201, {"id": str(number)}))
        entries = self.successResultOf(self.room.history())
        self.assertEqual({(one.name, one.text) for one in entries}, {("ann", "hé &")})

    def test_malformed(self) -> None:
        """
        What cannot be read is refused, each with its code.
        """
        for body, kind, query, code in (
            ("{", JSON, "", "malformed"),
            ("[" * 100_000, JSON, "", "malformed"),
            ("[]", JSON, "", "malformed"),
            ('{"name": "ann"}', JSON, "", "malformed"),
            ('{"name": "ann", "text": 7}', JSON, "", "malformed"),
            ('{"name": ["ann"], "text": "x"}', JSON, "", "malformed"),
            (b'{"name": "ann", "text": "\xff"}', JSON, "", "bad_utf8"),
            (b"name=ann&text=\xff", FORM, "", "bad_utf8"),
            ("name=ann&text=%ff", FORM, "", "bad_utf8"),
            ("&".join(["a=b"] * 5000), FORM, "", "malformed"),
            ("x", "text/plain", "", "malformed"),
            ("x", "multipart/form-data", "", "bad_type"),
            ("x", "multipart/form-data; boundary=b", "", "bad_type"),
            ("<x/>", "application/xml", "", "bad_type"),
            ("x", "text/plain", "?name=" + "a" * 65, "bad_name"),
            ("x", "text/plain", "?name=server", "bad_name"),
            ("x", "text/plain", "?name=", "bad_name"),
            ("x", "text/plain", "?name=%ff", "bad_utf8"),
        ):
            answer = self.post(body, kind, query)
            self.assertEqual((body[:40], answer.code), (body[:40], code))
            self.assertEqual(answer.status, 415 if code == "bad_type" else 400)
        self.assertEqual(self.room.counters["accepted"], 0)

    def test_surrogates(self) -> None:
        """
        Half a character, which only JSON can spell, is stored as a mark for that.
        """
        self.assertEqual(self.post('{"name": "ann", "text": "\\ud800"}').status, 201)
        (entry,) = self.successResultOf(self.room.history())
        self.assertEqual(entry.text, "?")

    def test_tooBig(self) -> None:
        """
        A text that is too big for a push is refused.
        """
        answer = self.post("x" * 300_000, "text/plain", "?name=ann")
        self.assertEqual((answer.status, answer.code), (413, "too_big"))

    def test_owned(self) -> None:
        """
        A name that is registered from elsewhere can be said by nobody else, with the token neither.
        """
        self.successResultOf(self.room.register("ann", "localhost", 9001))
        said = '{"name": "ann", "text": "x"}'
        answer = self.askWithToken("POST /messages", said, peer=GUEST, content_type=JSON)
        self.assertEqual((answer.status, answer.code), (403, "not_owner"))
        self.assertEqual(self.post(said).code, "not_owner")

    def test_announce(self) -> None:
        """
        An operator speaks as the server.
        """
        for body, kind in (("all is well", "text/plain"), ('{"text": "all is well"}', JSON)):
            self.assertEqual(
                self.askWithToken("POST /announce", body, content_type=kind).status, 201
            )
        entries = self.successResultOf(self.room.history())
        self.assertEqual([(one.name, one.text) for one in entries], [("server", "all is well")] * 2)


class RepeatTests(DoorTestCase):
    """
    Idempotency-Key.
    """

    def post(self, text: str, key: str = "k", **more: Any) -> Response:
        """
        Say something that is known when it comes again.
        """
        return self.ask("POST /messages?name=ann", text, idempotency_key=key, **more)

    def test_again(self) -> None:
        """
        The same again gets the same id, and is stored once.
        """
        self.assertEqual(self.post("one").json, {"id": "1"})
        again = self.post("one")
        self.assertEqual((again.status, again.json), (201, {"id": "1"}))
        self.assertEqual(self.post("one", "other").json, {"id": "2"})
        self.assertEqual(self.room.counters["accepted"], 2)
        self.assertEqual(self.room.counters["repeated"], 1)

    def test_reused(self) -> None:
        """
        Another text under the same key is refused.
        """
        self.post("one")
        answer = self.post("two")
        self.assertEqual((answer.status, answer.code), (422, "key_reused"))

    def test_badKeys(self) -> None:
        """
        A key has 1 to 255 characters.
        """
        self.assertEqual(self.post("one", "k" * 255).status, 201)
        self.assertEqual(self.post("one", "k" * 256).code, "malformed")

    def test_announce(self) -> None:
        """
        An announcement may have one too.
        """
        for _ in range(2):
            answer = self.askWithToken("POST /announce", "x", idempotency_key="k")
            self.assertEqual(answer.json, {"id": "1"})


class SlowStore(MemoryStore):
    """
    A store that answers what, and when, a test says.
    """

    problem: Exception | None = None
    isSilent = False

    def append(self, post: Post, admit: Admission) -> "Deferred[int | Refusal]":
        """
        Add a message, or not.
        """
        if self.isSilent:
            return Deferred()
        if self.problem is not None:
            failing: Deferred[int | Refusal] = Deferred()
            failing.errback(self.problem)
            return failing
        return super().append(post, admit)

    def history(self, after: int, limit: int, maxBytes: int) -> "Deferred[list[Entry]]":
        """
        Read, or not.
        """
        return Deferred() if self.isSilent else super().history(after, limit, maxBytes)


class MishapTests(DoorTestCase):
    """
    A store that fails.
    """

    def makeStore(self) -> SlowStore:
        """
        One that can.
        """
        return SlowStore(self.network.seconds)

    def test_failures(self) -> None:
        """
        What passes is to be tried again; where nobody knows, that is said.
        """
        for problem, status, code in (
            (StoreFull("full"), 503, "store_full"),
            (StoreLost("away"), 503, "store_unavailable"),
            (StoreClosed("closed"), 503, "shutdown"),
            (StoreUncertain("lost"), 504, "unknown"),
        ):
            self.store.problem = problem
            answer = self.ask("POST /messages?name=ann", "x")
            self.assertEqual((answer.status, answer.code), (status, code))
            self.assertEqual(answer.headers["retry-after"], "1")

    def test_accident(self) -> None:
        """
        An accident of ours is in the log, and its sender is told that nobody knows: no traceback.
        """
        self.store.problem = ZeroDivisionError("oops")
        answer = self.ask("POST /messages?name=ann", "x")
        self.assertEqual((answer.status, answer.code), (504, "unknown"))
        self.assertNotIn(b"oops", answer.body)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    def test_silence(self) -> None:
        """
        Where the store does not answer, who waits is told after half a minute.
        """
        self.store.isSilent = True
        for what, status in (("POST /messages?name=ann", 504), ("GET /messages?after=0", 503)):
            client = self.connect()
            client.transport.write(f"{what} HTTP/1.1\r\nHost: localhost:8881\r\n\r\n".encode())
            self.network.advance(29)
            self.assertEqual(client.data, b"")
            self.network.advance(2)
            self.assertEqual(Response(client.data).status, status)

    def test_closed(self) -> None:
        """
        A room that does not run says so.
        """
        self.door.isOpen = False
        self.assertEqual(self.ask("GET /messages").code, "shutdown")
        self.assertEqual(self.ask("GET /healthz").status, 200)
