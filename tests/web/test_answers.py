"""
What every answer has, and what is said of mistakes.
"""

from twisted.logger import capturedLogs, formatEvent

from tests.web.doorrig import HOST, PORT, DoorTestCase, Response, request
from twisted_messenger.web.channel import MAX_HEADER_BYTES


class HeaderTests(DoorTestCase):
    """
    Headers.
    """

    def test_everywhere(self) -> None:
        """
        Whatever is answered, nothing is loaded from elsewhere, guessed, framed or kept; and nobody
        learns which Twisted this is.
        """
        for what in ("GET /healthz", "GET /nowhere", "POST /messages", "GET /", "PATCH /messages"):
            headers = self.ask(what).headers
            self.assertIn("default-src 'none'", headers["content-security-policy"])
            self.assertIn("frame-ancestors 'none'", headers["content-security-policy"])
            self.assertEqual(headers["x-content-type-options"], "nosniff")
            self.assertEqual(headers["referrer-policy"], "no-referrer")
            self.assertEqual(headers["cache-control"], "no-store")
            self.assertEqual(headers["server"], "twisted_messenger")

    def test_head(self) -> None:
        """
        HEAD says what GET would, without it; what goes on is not begun.
        """
        self.assertEqual(self.ask("HEAD /healthz").headers["content-length"], "3")
        self.assertEqual(self.ask("HEAD /healthz").body, b"")
        answer = self.ask("HEAD /events")
        self.assertEqual((answer.status, answer.body), (200, b""))
        self.assertEqual(len(self.door.readers), 0)


class MistakeTests(DoorTestCase):
    """
    What is wrong is said in a code and a sentence.
    """

    def test_places(self) -> None:
        """
        A place that is none, and tricks with paths, lead nowhere.
        """
        for path in (
            *("/nowhere", "/messages/", "//messages", "/pages/..%2fdoor.py", "/pages/../door.py"),
            *(
                "/pages/%2e%2e/door.py",
                "/pages/%00",
                "/%2e%2e/%2e%2e/etc/passwd",
                "/pages//etc/passwd",
            ),
            "http://evil.example/messages",
        ):
            answer = self.ask(f"GET {path}")
            self.assertEqual((path, answer.status, answer.code), (path, 404, "not_found"))

    def test_method(self) -> None:
        """
        Another method is told which would do.
        """
        answer = self.ask("PATCH /messages")
        self.assertEqual((answer.status, answer.code), (405, "bad_method"))
        self.assertEqual(answer.headers["allow"], "GET, HEAD, POST")
        self.assertEqual(self.ask("GET /members/ann/retry").headers["allow"], "POST")

    def test_spelledOut(self) -> None:
        """
        Where a member has the name of an action, its name stands after the question mark: the
        place itself is the action's alone, as its description says.
        """
        answer = self.ask("PUT /members/retry")
        self.assertEqual((answer.status, answer.headers["allow"]), (405, "POST"))

    def test_actions(self) -> None:
        """
        Nothing that is asked with GET does anything.
        """
        for word in ("retry", "pause", "resume"):
            self.assertEqual(self.askWithToken(f"GET /members/ann/{word}").status, 405)
        self.assertEqual(self.askWithToken("GET /announce?text=x").status, 405)

    def test_counted(self) -> None:
        """
        Each refusal is counted by its code.
        """
        self.ask("GET /nowhere")
        self.ask("GET /messages", host="evil.example")
        self.assertEqual(self.room.counters["refused.not_found"], 1)
        self.assertEqual(self.room.counters["refused.bad_host"], 1)

    def test_escaped(self) -> None:
        """
        What somebody sends reaches no log and no terminal as it is.
        """
        with capturedLogs() as events:
            answer = self.ask("GET /messages", host="\x1b[31mevil")
        lines = "".join(formatEvent(event) for event in events)
        self.assertIn("evil", lines)
        self.assertNotIn("\x1b", lines + answer.json["detail"])


class BoundTests(DoorTestCase):
    """
    How much may come, and how long it may take.
    """

    def test_body(self) -> None:
        """
        A body that is too big is refused before it comes, and no more of it is read.
        """
        client = self.connect()
        client.transport.write(request("POST /messages?name=ann", content_length="1000000000"))
        self.network.settle()
        answer = Response(client.data)
        self.assertEqual((answer.status, answer.code), (413, "too_big"))
        self.assertEqual(answer.headers["x-content-type-options"], "nosniff")
        self.assertTrue(client.ended)

    def test_chunks(self) -> None:
        """
        One that comes in chunks is refused when it has become too big.
        """
        client = self.connect()
        client.transport.write(request("POST /messages?name=ann", transfer_encoding="chunked"))
        for _ in range(1 + self.door.maxBodyBytes // 60_000):
            client.transport.write(b"%x\r\n%b\r\n" % (60_000, b"x" * 60_000))
            self.network.settle()
        self.assertEqual(Response(client.data).code, "too_big")
        self.assertTrue(client.ended)

    def test_chunked(self) -> None:
        """
        A small one in chunks is taken.
        """
        client = self.connect()
        client.transport.write(request("POST /messages?name=ann", transfer_encoding="chunked"))
        client.transport.write(b"3\r\nabc\r\n0\r\n\r\n")
        self.network.settle()
        self.assertEqual(Response(client.data).status, 201)

    def test_header(self) -> None:
        """
        Headers that are too long, or too many, are not read.
        """
        for header in (b"X: " + b"x" * MAX_HEADER_BYTES, b"\r\n".join([b"X: y"] * 200)):
            client = self.connect()
            client.transport.write(b"GET /healthz HTTP/1.1\r\n%b\r\n\r\n" % header)
            self.network.settle()
            self.assertIn(Response(client.data).status, (400, 413))
            self.assertTrue(client.ended)

    def test_number(self) -> None:
        """
        A length with thousands of digits is no reason for a traceback.
        """
        client = self.connect()
        client.transport.write(request("POST /messages", content_length="9" * 5000))
        self.network.settle()
        self.assertEqual(Response(client.data).status, 400)
        self.assertEqual(self.flushLoggedErrors(), [])

    def test_slowly(self) -> None:
        """
        Who sends a request byte by byte has half a minute for it, however steadily bytes come.
        """
        client = self.connect()
        for _ in range(29):
            client.transport.write(b"G")
            self.network.advance(1)
        self.assertFalse(client.ended)
        client.transport.write(b"G")
        self.network.advance(3)
        self.assertTrue(client.ended)

    def test_idle(self) -> None:
        """
        Who asks nothing for a minute is closed; and who does is not, however long that takes.
        """
        client = self.connect()
        for _ in range(3):
            self.network.advance(50)
            client.transport.write(request("GET /healthz"))
        self.network.advance(50)
        self.assertFalse(client.ended)
        self.network.advance(12)
        self.assertTrue(client.ended)
        self.assertEqual(client.data.count(b"200 OK"), 3)

    def test_connections(self) -> None:
        """
        One host has so many connections at once, and others have room.
        """
        for _ in range(64):
            self.connect("10.0.0.7")
        late = self.connect("10.0.0.7")
        self.network.settle()
        answer = Response(late.data)
        self.assertEqual((answer.status, answer.code), (503, "connection_cap"))
        self.assertEqual(self.ask("GET /healthz", peer="10.0.0.8").status, 200)
        self.network.advance(2)
        # By now the others were silent, and make room.
        self.assertEqual(self.ask("GET /healthz", peer="10.0.0.7").status, 200)

    def test_pipelined(self) -> None:
        """
        Several requests that come together are answered one after the other.
        """
        client = self.connect()
        client.transport.write(
            b"GET /healthz HTTP/1.1\r\nHost: %s:%d\r\n\r\n" % (HOST.encode(), PORT) * 3
        )
        self.network.settle()
        self.assertEqual(client.data.count(b"ok\n"), 3)
