"""
A program in a room, over real sockets: a chatserver that is killed and comes back.
"""

import tempfile
from pathlib import Path
from typing import Any

from twisted.internet.defer import gatherResults
from twisted.trial.unittest import SynchronousTestCase

from tests.loopback.rig import HOST, Receiver, chatserver, hurl
from tests.loopback.waiting import LoopbackWaiting
from tests.ports import freePort
from twisted_messenger import Enrolled, Heard, MemberOptions, RoomClient, Stored


class RoomClientTests(LoopbackWaiting, SynchronousTestCase):
    """
    A client on the real reactor, and the server in another process.
    """

    def setUp(self) -> None:
        """
        Nothing was heard yet.
        """
        self.heard: list[Heard] = []
        self.port = freePort()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.directory = Path(folder.name)

    def client(self, host: str = HOST, **options: Any) -> RoomClient:
        """
        A client that is to take part.
        """
        server = f"{host}:{self.port}"
        client = RoomClient(self.reactor, server, "bot", self.heard.append, **options)
        self.addCleanup(lambda: self.waitFor(client.stopService()))
        return client

    def hears(self, *texts: str) -> None:
        """
        Wait until exactly these texts were heard.
        """
        self.waitUntil(lambda: len(self.heard) >= len(texts))
        self.assertEqual([one.text for one in self.heard], list(texts))

    def test_bothWays(self) -> None:
        """
        It is found where it listens by default, over either family; it hears, and is heard.
        """
        options = MemberOptions(json=True)
        with chatserver(self.directory, self.port, "--receipts") as server, Receiver() as ann:
            hurl(self.port, f"connect_request|ann|localhost|{ann.port}")
            server.prints("ann at localhost")
            for number, host in enumerate(("localhost", HOST, "[::1]")):
                client = self.client(host, options=options)
                client.startService()
                joined = self.waitFor(client.joined)
                self.assertEqual(joined, Enrolled(position=3 * number))
                hurl(self.port, "from:ann|one")
                self.hears("one")
                said = gatherResults([client.say("two"), client.say("three")])
                last = 3 * number + 3
                self.assertEqual(self.waitFor(said), [Stored(last - 1), Stored(last)])
                self.assertTrue(self.waitFor(client.leave()).stored)
                self.waitFor(client.stopService())
                (message,) = self.heard
                self.assertEqual((message.name, message.id), ("ann", last - 2))
                self.heard.clear()
            ann.gets(["bot: two", "bot: three"] * 3)

    def test_serverKilled(self) -> None:
        """
        What is said while the server is dead arrives when it is back, once and in order; and what
        was said while the client was stopped is heard when it starts again.
        """
        store = ("--store", "sqlite:room.sqlite")
        client = self.client()
        with Receiver() as ann:
            with chatserver(self.directory, self.port, *store) as server:
                client.startService()
                self.waitFor(client.joined)
                hurl(self.port, f"connect_request|ann|localhost|{ann.port}")
                server.prints("ann at localhost")
                server.kill()
            said = gatherResults([client.say(text) for text in ("one", "two", "three")])
            with chatserver(self.directory, self.port, *store):
                self.assertEqual(self.waitFor(said), [Stored()] * 3)
                ann.gets(["bot: one", "bot: two", "bot: three"])
                self.waitFor(client.stopService())
                hurl(self.port, "from:ann|four")
                client.startService()
                self.hears("four")
                self.waitFor(client.stopService())
