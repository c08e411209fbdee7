"""
The description of the door is true of it.
"""

import json
import re
from typing import Any

from tests.web.doorrig import CONTROL, GUEST, DoorTestCase, Response
from twisted_messenger.delivery.broadcaster import Broadcaster
from twisted_messenger.push.creator import PushCreator

JSON = "application/json"

_TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "null": type(None),
}

# Somebody here, who runs the room, and somebody elsewhere.
_CALLERS: tuple[dict[str, Any], ...] = ({}, {"port": CONTROL}, {"peer": GUEST})

#: Requests that are answered in every way that needs no mishap.
ASKED: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("GET /messages", "", {}),
    ("GET /messages?after=0&limit=1", "", {}),
    ("GET /messages?limit=0", "", {}),
    ("POST /messages?name=ann", "hello", {}),
    ("POST /messages", '{"name": "ann", "text": "hello"}', {"content_type": JSON}),
    ("POST /messages", '{"name": "ann"}', {"content_type": JSON}),
    ("POST /messages", "<x/>", {"content_type": "text/xml"}),
    ("POST /messages?name=ann", "x", {"idempotency_key": "k"}),
    ("POST /messages?name=ann", "y", {"idempotency_key": "k"}),
    ("POST /messages?name=ann", "x" * 300_000, {}),
    ("POST /announce", "hello", {}),
    ("GET /members", "", {}),
    ("PUT /members/ann", '{"host": "localhost", "port": 9001}', {"content_type": JSON}),
    ("PUT /members/ann", '{"port": 9001, "options": "who"}', {"content_type": JSON}),
    ("PUT /members/ann", "{}", {"content_type": JSON}),
    ("PUT /members?name=bob", '{"port": 9002}', {"content_type": JSON}),
    ("PUT /members", '{"port": 9002}', {"content_type": JSON}),
    ("GET /members", "", {}),
    ("POST /members/ann/pause", "", {}),
    ("POST /members/pause?name=ann", "", {}),
    ("POST /members/nobody/pause", "", {}),
    ("DELETE /members/ann", "", {}),
    ("DELETE /members/ann", "", {}),
    ("DELETE /members?name=bob", "", {}),
    ("GET /healthz", "", {}),
    ("GET /readyz", "", {}),
    ("GET /counters", "", {}),
    ("GET /metrics", "", {}),
    ("GET /openapi.json", "", {}),
    ("GET /messages", "", {"host": "evil.example"}),
    ("POST /messages?name=ann", "x", {"origin": "http://evil.example"}),
)


class OpenAPITests(DoorTestCase):
    """
    /openapi.json.
    """

    def setUp(self) -> None:
        """
        Read it.
        """
        super().setUp()
        broadcaster = Broadcaster(self.store, PushCreator(self.network), self.network)
        broadcaster.startService()
        self.addCleanup(broadcaster.stopService)
        self.spec: Any = self.ask("GET /openapi.json").json

    def resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        """
        What is referred to.
        """
        while "$ref" in schema:
            found: Any = self.spec
            for part in schema["$ref"].removeprefix("#/").split("/"):
                found = found[part]
            schema = found
        return schema

    def assertFits(self, value: object, schema: dict[str, Any]) -> None:
        """
        Fail unless a value is what a schema says.
        """
        schema = self.resolved(schema)
        kinds = schema.get("type", [])
        names = [kinds] if isinstance(kinds, str) else kinds
        if names:
            self.assertTrue(any(isinstance(value, _TYPES[one]) for one in names), (value, schema))
        if "enum" in schema:
            self.assertIn(value, schema["enum"])
        if "pattern" in schema and isinstance(value, str):
            self.assertTrue(re.search(schema["pattern"], value), value)
        if isinstance(value, dict) and "properties" in schema:
            self.assertEqual(set(schema.get("required", ())) - set(value), set())
            self.assertEqual(set(value) - set(schema["properties"]), set())
            for name, one in value.items():
                self.assertFits(one, schema["properties"][name])
        for one in value if isinstance(value, list) else ():
            self.assertFits(one, schema.get("items", {}))

    def test_routes(self) -> None:
        """
        Every place is described, with who may, and nothing else is.
        """
        described = {
            (method.upper(), path, operation["x-right"])
            for path, operations in self.spec["paths"].items()
            for method, operation in operations.items()
        }
        there = {(one.method, one.path, one.right.value) for one in self.door.routes.all}
        self.assertEqual(described ^ there, set())

    def test_references(self) -> None:
        """
        Whatever it refers to is there.
        """
        for reference in set(re.findall(r'"\$ref": "([^"]+)"', json.dumps(self.spec))):
            self.assertTrue(self.resolved({"$ref": reference}), reference)

    def test_security(self) -> None:
        """
        A place asks for the token as its right says.
        """
        asked: dict[str, list[dict[str, list[str]]]] = {
            "nothing": [],
            "read": [{"token": []}, {}],
            "send": [{"token": []}, {}],
            "operate": [{"token": []}],
        }
        for operations in self.spec["paths"].values():
            for operation in operations.values():
                found = operation.get("security", self.spec["security"])
                self.assertEqual(found, asked[operation["x-right"]])

    def test_answers(self) -> None:
        """
        Whoever asks, and however, gets an answer that is described, in the shape that is described.
        """
        for what, body, headers in ASKED:
            for more in _CALLERS:
                answer = self.ask(what, body, **{**headers, **more})
                self.assertDescribed(what, answer)
            self.assertDescribed(what, self.askWithToken(what, body, **headers))

    def assertDescribed(self, what: str, answer: Response) -> None:
        """
        Fail unless an answer is one of those that are described.
        """
        method, _, place = what.partition(" ")
        route, _ = self.door.routes.find(method, place.partition("?")[0].split("/")[1:])
        responses = self.spec["paths"][route.path][route.method.lower()]["responses"]
        self.assertIn(str(answer.status), responses, (what, answer.body))
        content = self.resolved(responses[str(answer.status)])["content"]
        kind = answer.headers["content-type"].partition(";")[0]
        self.assertIn(kind, content, what)
        if kind == JSON and route.path != "/openapi.json":
            self.assertFits(answer.json, content[kind]["schema"])
