"""
A room with a door: start, stop, and start again.
"""

from typing import Any

from twisted.internet.protocol import ClientCreator
from twisted.trial.unittest import SynchronousTestCase
from twisted.web.server import Site

from tests.web.doorrig import HOST, PORT, TOKEN, Response, request
from twisted_messenger.refusal import Refusal
from twisted_messenger.service.assembly import chatService
from twisted_messenger.testing import MemoryNetwork, MemoryRoom, RecordingProtocol
from twisted_messenger.web.access import DoorAccess


class DoorServiceTests(SynchronousTestCase):
    """
    chatService with ``web`` and ``control``.
    """

    def setUp(self) -> None:
        """
        One that has started.
        """
        self.memory = MemoryRoom(web=[str(PORT)], access=DoorAccess(TOKEN))
        self.network = self.memory.network

    def connect(self, port: int = PORT) -> Any:
        """
        Connect somebody.
        """
        connected = ClientCreator(self.network, RecordingProtocol).connectTCP(HOST, port)
        self.network.settle()
        return self.successResultOf(connected)

    def ask(self, what: str, body: str = "", port: int = PORT) -> Response:
        """
        Ask for something.
        """
        client = self.connect(port)
        client.transport.write(request(what, body, host=f"{HOST}:{port}"))
        self.network.settle()
        return Response(client.data)

    def test_said(self) -> None:
        """
        What is said over HTTP is in the room, and what is said there is heard.
        """
        reader = self.connect()
        reader.transport.write(request("GET /lines"))
        self.network.settle()
        self.assertEqual(self.ask("POST /messages?name=ann", "hello").json, {"id": "1"})
        self.memory.room.post("bob", "hello ann")
        self.memory.advance(1)
        self.assertIn(b"ann: hello\n", reader.data)
        self.assertIn(b"bob: hello ann\n", reader.data)

    def test_stop(self) -> None:
        """
        At the stop who listens is told when to come back, and the ports are free.
        """
        reader, idle = self.connect(), self.connect()
        reader.transport.write(request("GET /events"))
        self.network.settle()
        self.successResultOf(self.memory.stop())
        self.assertIn(b"retry:", reader.data)
        self.assertTrue(reader.data.endswith(b"0\r\n\r\n"))
        self.assertTrue(reader.ended)
        self.assertTrue(idle.ended)

    def test_stopWithStalledReader(self) -> None:
        """
        Who does not read does not hold the stop up.
        """
        reader = self.connect()
        reader.transport.write(request("GET /events"))
        self.network.settle()
        reader.transport.pauseProducing()
        for _ in range(50):
            self.memory.room.post("ann", "x" * 9000)
            self.memory.advance(0.2)
        stopped = self.memory.stop()
        self.memory.advance(0.1)
        self.successResultOf(stopped)

    def test_again(self) -> None:
        """
        It can be started again, and is as before.
        """
        self.successResultOf(self.memory.stop())
        self.memory.service.startService()
        self.network.settle()
        self.assertEqual(self.ask("GET /messages").status, 200)
        self.successResultOf(self.memory.stop())

    def test_ownPort(self) -> None:
        """
        Nobody can register the door as a callback.
        """
        result = self.successResultOf(self.memory.room.register("loop", "127.0.0.1", PORT))
        assert isinstance(result, Refusal)
        self.assertEqual(result.code, "own_port")

    def test_embedded(self) -> None:
        """
        A program hangs the door into a site of its own; while the room is stopped it says so.
        """
        entrances = self.memory.service.entrances
        assert entrances is not None
        self.network.listenTCP(9999, Site(entrances.resource, reactor=self.network))
        self.assertEqual(self.ask("POST /messages?name=ann", "x", 9999).status, 201)
        form = self.connect(9999)
        kind = "application/x-www-form-urlencoded"
        said = request("POST /messages", "name=ann&text=y", content_type=kind, host=f"{HOST}:9999")
        form.transport.write(said)
        self.network.settle()
        self.assertEqual(Response(form.data).json, {"id": "2"})
        self.successResultOf(self.memory.stop())
        self.assertEqual(self.ask("GET /messages", port=9999).code, "shutdown")

    def test_beyond(self) -> None:
        """
        A door that lets other machines in needs a token.
        """
        error = self.assertRaises(
            ValueError, chatService, MemoryNetwork(), "memory:", web=["tcp:8881"]
        )
        self.assertIn("token", str(error))
