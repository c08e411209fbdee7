"""
What the tests of the door share: a room on a network in memory, and a client that says bytes.
"""

import json
from typing import Any

from twisted.internet.protocol import ClientCreator
from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.room.chatroom import ChatRoom
from twisted_messenger.stores.memory import MemoryStore
from twisted_messenger.testing import MemoryNetwork, RecordingProtocol
from twisted_messenger.web.access import DoorAccess
from twisted_messenger.web.door import Door
from twisted_messenger.web.site import DoorSite
from twisted_messenger.web.turns import TURN_SECONDS

HOST, PORT, CONTROL = "127.0.0.1", 8881, 8882
GUEST = "10.0.0.7"
TOKEN = "correct-horse-battery-staple"
PROXY = "10.0.0.99"
NAME = "room.example"

# That the longest page takes, and one more for who asks for it.
_MAX_TURNS = 11


class Response:
    """
    An answer, taken apart.

    :param data: all that came.
    """

    def __init__(self, data: bytes) -> None:
        head, _, self.body = data.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        self.status = int(first.split(" ")[1]) if first else 0
        pairs = [line.partition(": ") for line in lines]
        self.headers = {name.lower(): value for name, _, value in pairs}

    @property
    def json(self) -> Any:
        """
        The body as JSON.
        """
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """
        Of a refusal.
        """
        return str(self.json["code"])


class DoorTestCase(SynchronousTestCase):
    """
    A door at ``PORT``, and its control at ``CONTROL``.
    """

    access = DoorAccess(TOKEN, proxies=[PROXY], hosts=[NAME])

    def setUp(self) -> None:
        """
        Open it.
        """
        self.network = MemoryNetwork()
        self.store = self.makeStore()
        self.store.open()
        self.room = ChatRoom(self.store, clock=lambda: 1000.0, steady=self.network.seconds)
        self.door = Door(
            *(self.network, self.store, self.room, self.access),
            control="room.control",
            steady=self.network.seconds,
        )
        self.door.isOpen = True
        self.site = DoorSite(self.door)
        self.network.listenTCP(PORT, self.site)
        self.network.listenTCP(CONTROL, DoorSite(self.door, atControl=True))

    def makeStore(self) -> Any:
        """
        Of the room.
        """
        return MemoryStore(self.network.seconds)

    def connect(self, peer: str = HOST, port: int = PORT) -> Any:
        """
        Connect somebody.
        """
        creator = ClientCreator(self.network, RecordingProtocol)
        connected = creator.connectTCP(HOST, port, bindAddress=(peer, 0))
        self.network.settle()
        return self.successResultOf(connected)

    def ask(
        self,
        what: str,
        body: bytes | str = b"",
        peer: str = HOST,
        port: int = PORT,
        **headers: str,
    ) -> Response:
        """
        Ask for something, and take the answer.

        :param what: the method and the place.
        :param headers: with ``_`` for each dash.
        """
        client = self.connect(peer, port)
        client.transport.write(request(what, body, **headers))
        self.waitForTurn(client)
        client.transport.loseConnection()
        self.network.settle()
        return Response(client.data)

    def waitForTurn(self, client: Any) -> None:
        """
        Let the time pass that others have the room to themselves for.
        """
        self.network.settle()
        for _ in range(_MAX_TURNS):
            if not client.data:
                self.network.advance(TURN_SECONDS)

    def askWithToken(self, what: str, body: bytes | str = b"", **more: Any) -> Response:
        """
        Ask with the right token.
        """
        return self.ask(what, body, authorization=f"Bearer {TOKEN}", **more)

    def say(self, text: str, name: str = "ann") -> int:
        """
        Have somebody say something.

        :returns: where it is in the log.
        """
        stored: Any = self.successResultOf(self.room.post(name, text))
        position: int = stored.position
        return position


def request(what: str, body: bytes | str = b"", **headers: str) -> bytes:
    """
    The bytes of a request.

    :param what: the method and the place.
    :param headers: with ``_`` for each dash; an empty one is left out.
    """
    data = body if isinstance(body, bytes) else body.encode()
    all_ = {"host": f"{HOST}:{PORT}"}
    if data:
        all_["content-length"] = str(len(data))
    all_ |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"{name}: {value}" for name, value in all_.items() if value]
    return "\r\n".join([f"{what} HTTP/1.1", *lines, "", ""]).encode() + data
