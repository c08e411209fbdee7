"""
Who comes in.
"""

from tests.web.doorrig import CONTROL, GUEST, HOST, NAME, PORT, PROXY, TOKEN, DoorTestCase, Response
from twisted_messenger.web.access import DoorAccess


class TokenTests(DoorTestCase):
    """
    The token.
    """

    def guess(self, token: str, peer: str = GUEST) -> Response:
        """
        Show a token.
        """
        return self.ask("GET /messages", peer=peer, authorization=f"Bearer {token}")

    def test_stranger(self) -> None:
        """
        A stranger on the network gets a 401 that says what to show, and no word of the room.
        """
        self.say("a secret")
        for what in (
            "GET /messages",
            "GET /events",
            "GET /lines",
            "GET /members",
            "GET /openapi.json",
        ):
            answer = self.ask(what, peer=GUEST)
            self.assertEqual((what, answer.status, answer.code), (what, 401, "unauthorized"))
            self.assertEqual(answer.headers["www-authenticate"], "Bearer")
            self.assertNotIn(b"secret", answer.body)

    def test_right(self) -> None:
        """
        Who shows it may do all, however the scheme is spelled.
        """
        for scheme in ("Bearer", "bearer", "BEARER"):
            answer = self.ask("GET /messages", peer=GUEST, authorization=f"{scheme} {TOKEN}")
            self.assertEqual(answer.status, 200)
        self.assertEqual(self.askWithToken("POST /announce", "x", peer=GUEST).status, 201)

    def test_wrong(self) -> None:
        """
        A wrong one is refused everywhere, so that who mistypes it notices; and nothing shows it.
        """
        for token in ("", "x", TOKEN + "x", TOKEN[:-1], TOKEN.upper()):
            answer = self.guess(token, HOST)
            self.assertEqual((token, answer.status, answer.code), (token, 401, "unauthorized"))
            self.assertNotIn(TOKEN.encode(), answer.body)
        self.assertEqual(self.ask("GET /messages", authorization=f"Basic {TOKEN}").status, 200)

    def test_guessing(self) -> None:
        """
        After ten wrong ones in a minute no token is looked at, not even the right one, and at
        localhost neither; others are unharmed.
        """
        for guesser in (GUEST, HOST):
            for _ in range(10):
                self.assertEqual(self.guess("wrong", guesser).status, 401)
            client = self.connect(guesser)
            client.transport.write(
                b"GET /messages HTTP/1.1\r\nHost: %s:%d\r\nAuthorization: Bearer %s\r\n\r\n"
                % (HOST.encode(), PORT, TOKEN.encode())
            )
            self.network.settle()
            self.assertEqual(client.data, b"")
            self.network.advance(1.1)
            answer = Response(client.data)
            self.assertEqual((answer.status, answer.headers["retry-after"]), (429, "1"))
        self.assertEqual(self.guess(TOKEN, "10.0.0.8").status, 200)
        self.network.advance(60)
        self.assertEqual(self.guess(TOKEN).status, 200)

    def test_control(self) -> None:
        """
        At the control socket nobody is asked for a token, a name of the door, or a page.
        """
        answer = self.ask(
            "POST /announce", "hello", port=CONTROL, host="x", origin="http://evil.example"
        )
        self.assertEqual(answer.status, 201)


class NoTokenTests(DoorTestCase):
    """
    A door without a token.
    """

    access = DoorAccess()

    def test_operate(self) -> None:
        """
        Who would operate is told of the control socket.
        """
        answer = self.ask("POST /announce", "hello")
        self.assertEqual((answer.status, answer.code), (403, "no_token"))
        self.assertIn("room.control", answer.json["detail"])

    def test_showsOne(self) -> None:
        """
        Whatever is shown opens nothing.
        """
        for token in ("", "None", "x"):
            answer = self.ask("POST /announce", "hello", authorization=f"Bearer {token}")
            self.assertEqual(answer.status, 403)


class NameTests(DoorTestCase):
    """
    DNS rebinding, and other sites.
    """

    def test_rebinding(self) -> None:
        """
        A page whose name was made to mean this machine reads nothing, though it is asked from here.
        """
        self.say("a secret")
        for host in ("evil.example", f"evil.example:{PORT}", ""):
            answer = self.ask("GET /messages", host=host)
            self.assertEqual((answer.status, answer.code), (421, "bad_host"))
            self.assertIn("--web-host", answer.json["detail"])
        self.assertEqual(self.ask("GET /messages", host=NAME).status, 200)

    def test_crossSite(self) -> None:
        """
        A form of another site is sent with whatever type it likes, and says nothing in the room.
        """
        for kind in ("text/plain", "application/x-www-form-urlencoded", "application/json"):
            answer = self.ask(
                "POST /messages?name=ann",
                "name=ann&text=bought",
                origin="http://evil.example",
                content_type=kind,
            )
            self.assertEqual((kind, answer.status, answer.code), (kind, 403, "cross_site"))
        self.assertEqual(self.ask("GET /messages").json["messages"], [])

    def test_crossSiteWithToken(self) -> None:
        """
        The token does not help a page of another site.
        """
        answer = self.askWithToken("POST /announce", "x", origin="null")
        self.assertEqual(answer.code, "cross_site")

    def test_noCORS(self) -> None:
        """
        No answer lets another site read it.
        """
        answer = self.ask("GET /messages", origin="http://evil.example")
        found = [name for name in answer.headers if name.startswith("access-control")]
        self.assertEqual(found, [])
        self.assertEqual(self.ask("OPTIONS /messages").status, 405)


class ProxyTests(DoorTestCase):
    """
    A proxy between.
    """

    def test_local(self) -> None:
        """
        What a proxy on this machine passes on needs the token.
        """
        answer = self.ask("GET /messages", x_forwarded_for="203.0.113.5")
        self.assertEqual(answer.status, 401)

    def test_silent(self) -> None:
        """
        So does what comes through nginx as it is, which tells nothing of who asks, in HTTP/1.0.
        """
        client = self.connect()
        client.transport.write(f"GET /messages HTTP/1.0\r\nHost: {HOST}:{PORT}\r\n\r\n".encode())
        self.network.settle()
        self.assertEqual(Response(client.data).status, 401)

    def test_ownership(self) -> None:
        """
        Nor can it say, or register, what belongs to this machine.
        """
        self.successResultOf(self.room.register("ann", "localhost", 9001))
        said = '{"name": "ann", "text": "hello"}'
        more = {"content_type": "application/json"}
        forwarded = {"x_forwarded_for": "127.0.0.1", **more}
        answer = self.askWithToken("POST /messages", said, **forwarded)
        self.assertEqual((answer.status, answer.code), (403, "not_owner"))

    def test_believed(self) -> None:
        """
        Who comes through a known proxy has its own rate, and owns its own names.
        """
        said = '{"name": "zoe", "text": "hello"}'
        for client, status in (("10.1.0.1", 201), ("10.1.0.2", 201)):
            answer = self.askWithToken(
                *("POST /messages", said),
                peer=PROXY,
                x_forwarded_for=f"1.1.1.1, {client}",
                content_type="application/json",
            )
            self.assertEqual(answer.status, status)


class RateTests(DoorTestCase):
    """
    Who asks too fast.
    """

    def test_late(self) -> None:
        """
        After a hundred at once, one host is answered a second late and told so; others are not.
        """
        answers = [self.ask("GET /healthz", peer=GUEST).status for _ in range(130)]
        self.assertEqual(answers[:100], [200] * 100)
        self.assertIn(0, answers)
        self.assertEqual(self.ask("GET /healthz", peer="10.0.0.8").status, 200)
        for _ in range(200):
            self.assertEqual(self.ask("GET /healthz").status, 200)

    def test_refused(self) -> None:
        """
        What is refused counts as well, and is no faster way to ask.
        """
        answers = [self.ask("GET /messages", peer=GUEST, host="x").status for _ in range(130)]
        self.assertEqual(answers[:100], [421] * 100)
        self.assertIn(0, answers)

    def test_longPages(self) -> None:
        """
        A page of a thousand counts as ten, so that one host's reading slows nobody down.
        """
        for number in range(300):
            self.say(str(number))
        answers = [
            self.ask("GET /messages?last=1000", peer=GUEST, authorization=f"Bearer {TOKEN}").status
            for _ in range(20)
        ]
        self.assertEqual(answers[:10], [200] * 10)
        self.assertLess(answers.count(200), 15)

    def test_keepAlive(self) -> None:
        """
        Who asks on and on over one connection gets an answer a second.
        """
        client = self.connect(GUEST)
        for _ in range(120):
            client.transport.write(
                b"GET /healthz HTTP/1.1\r\nHost: %s:%d\r\n\r\n" % (HOST.encode(), PORT)
            )
        self.network.advance(1)
        self.assertLess(client.data.count(b"200 OK"), 120)
        self.network.advance(1)
        self.assertIn(b"429", client.data)

    def test_said(self) -> None:
        """
        Messages have the rate of the wire, and who is over it is told late.
        """
        for _ in range(5):
            for _ in range(45):
                self.askWithToken("POST /messages?name=bob", "x", peer=GUEST)
            self.network.advance(1)
        self.assertGreater(self.room.counters["refused.rate"], 0)
        self.assertLess(self.room.counters["accepted"], 201)
