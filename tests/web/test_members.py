"""
Who is there, to come and go, and to steer.
"""

from typing import Any
from urllib.parse import quote

from tests.web.doorrig import CONTROL, GUEST, DoorTestCase, Response
from twisted_messenger.delivery.broadcaster import Broadcaster
from twisted_messenger.push.creator import PushCreator

JSON = "application/json"


class MembersTests(DoorTestCase):
    """
    /members.
    """

    def setUp(self) -> None:
        """
        With somebody who pushes.
        """
        super().setUp()
        broadcaster = Broadcaster(self.store, PushCreator(self.network), self.network)
        broadcaster.startService()
        self.addCleanup(broadcaster.stopService)

    def put(self, name: str, port: object = 9001, **more: Any) -> Response:
        """
        Register somebody.
        """
        body = f'{{"host": "localhost", "port": {port}}}'
        return self.ask(f"PUT /members/{quote(name, safe='')}", body, content_type=JSON, **more)

    def names(self) -> list[str]:
        """
        Who is there.
        """
        return [one["name"] for one in self.ask("GET /members").json["members"]]

    def test_whatReadersSee(self) -> None:
        """
        Who may read sees names and states; who may operate sees where everybody is, and why it
        fails.
        """
        self.put("ann")
        self.assertEqual(
            self.ask("GET /members").json, {"members": [{"name": "ann", "state": "new"}]}
        )
        (whole,) = self.askWithToken("GET /members").json["members"]
        self.assertEqual((whole["host"], whole["port"], whole["behind"]), ("localhost", 9001, 0))
        self.assertEqual(self.ask("GET /members", port=CONTROL).json["members"], [whole])

    def test_asOnTheWire(self) -> None:
        """
        Who registers is judged as on the wire: an address that is not its own is refused, with the
        token too.
        """
        self.assertEqual(self.put("ann").json, {"change": "joined"})
        self.assertEqual(self.put("ann", 9002).json, {"change": "moved"})
        body = '{"host": "10.0.0.66", "port": 9001}'
        answer = self.askWithToken("PUT /members/bob", body, content_type=JSON)
        self.assertEqual((answer.status, answer.code), (403, "foreign_callback"))
        answer = self.put("ann", peer=GUEST, authorization="")
        self.assertEqual(answer.status, 401)

    def test_options(self) -> None:
        """
        Options are those of the wire's fifth field.
        """
        body = '{"port": 9001, "options": "json, key=correct-horse"}'
        self.assertEqual(self.ask("PUT /members/ann", body, content_type=JSON).status, 200)
        (state,) = self.successResultOf(self.store.roster(0)).members
        self.assertTrue(state.member.options.json)
        self.assertIsNotNone(state.member.key)
        body = '{"port": 9001, "options": "jsn"}'
        self.assertEqual(self.ask("PUT /members/ann", body, content_type=JSON).code, "malformed")

    def test_enrol(self) -> None:
        """
        Over the control socket anybody may be registered, and is the program's.
        """
        body = '{"host": "10.0.0.66", "port": 80}'
        answer = self.ask("PUT /members/bot", body, port=CONTROL, content_type=JSON)
        self.assertEqual(answer.json, {"change": "joined"})
        self.assertEqual(self.ask("DELETE /members/bot").code, "not_owner")

    def test_bodies(self) -> None:
        """
        A body that makes no sense is refused.
        """
        for port in ('"9001"', "0", "65536", "true", "null", "1.5"):
            self.assertEqual((port, self.put("ann", port).code), (port, "malformed"))
        answer = self.ask("PUT /members/ann", "port=1", content_type="text/plain")
        self.assertEqual(answer.code, "malformed")

    def test_remove(self) -> None:
        """
        Its owner lets a name go, and an operator any; one that is not there is not found.
        """
        self.put("ann")
        self.put("bob", 9002)
        answer = self.ask("DELETE /members/ann", peer=GUEST, x_a="b")
        self.assertEqual(answer.status, 401)
        self.assertEqual(self.ask("DELETE /members/ann").json, {"name": "ann"})
        self.assertEqual(self.askWithToken("DELETE /members/bob", peer=GUEST).status, 200)
        self.assertEqual(self.names(), [])
        for asking in (self.ask, self.askWithToken):
            self.assertEqual(asking("DELETE /members/ann").code, "not_found")

    def test_oddNames(self) -> None:
        """
        A name that a path cannot carry stands after the question mark.
        """
        for name in ("..", "a/b", "é?&=#", "retry"):
            self.assertEqual(
                self.ask(
                    f"PUT /members?name={quote(name, safe='')}",
                    '{"port": 9001}',
                    content_type=JSON,
                ).status,
                200,
            )
            self.assertEqual(self.names(), [name])
            asked = quote(name, safe="")
            self.assertEqual(self.askWithToken(f"POST /members/pause?name={asked}").status, 200)
            self.assertEqual(self.ask(f"DELETE /members?name={asked}").status, 200)
        self.assertEqual(self.ask("DELETE /members").code, "malformed")

    def test_steer(self) -> None:
        """
        An operator pauses, resumes and retries; others may not.
        """
        self.put("ann")
        for word, state in (("pause", "paused"), ("resume", "new"), ("retry", "new")):
            self.assertEqual(self.ask(f"POST /members/ann/{word}").status, 401)
            self.assertEqual(self.askWithToken(f"POST /members/ann/{word}").json, {"name": "ann"})
            self.assertEqual(self.ask("GET /members").json["members"][0]["state"], state)
            self.assertEqual(self.askWithToken(f"POST /members/bob/{word}").code, "not_found")

    def test_lookedUpOnce(self) -> None:
        """
        However many look, members are looked up once a second for all of them; who may operate, or
        has changed something, sees how it is.
        """
        self.put("ann")
        self.assertEqual(self.names(), ["ann"])
        self.successResultOf(self.room.enrol("bob", "10.0.0.66", 9001))
        self.assertEqual(self.names(), ["ann"])
        self.assertEqual(len(self.askWithToken("GET /members").json["members"]), 2)
        self.network.advance(1)
        self.assertEqual(self.names(), ["ann", "bob"])
        self.ask("DELETE /members/ann")
        self.assertEqual(self.names(), ["bob"])

    def test_rate(self) -> None:
        """
        Registrations count against the rate of the wire, as messages do.
        """
        for _ in range(220):
            self.askWithToken(
                "PUT /members/ann", '{"port": 9001}', content_type=JSON, peer="10.0.0.9"
            )
            self.network.advance(0.02)
        self.assertGreater(self.room.counters["refused.rate"], 0)
