"""
What a program hears in a room.
"""

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionLost

from tests.client.clientrig import HOST, PORT, SERVER, ClientTestCase
from twisted_messenger.client.roomclient import RoomClient
from twisted_messenger.errors import StartError
from twisted_messenger.peer.refreshing import REFRESH_SECONDS
from twisted_messenger.refusal import Reason, Refusal
from twisted_messenger.roster import Enrolled, MemberOptions
from twisted_messenger.testing import CollectingFactory


class HearingTests(ClientTestCase):
    """
    A client with a callback.
    """

    def test_heard(self) -> None:
        """
        It hears what the others say, by name and text, and not itself.
        """
        client = self.started()
        self.assertEqual(self.successResultOf(client.joined), Enrolled())
        self.post("hello")
        self.post("two\nlines", "bob")
        client.say("me too")
        self.network.advance(1)
        heard = [(one.name, one.text, one.id, one.sender.host) for one in self.heard]
        self.assertEqual(heard, [("eve", "hello", None, HOST), ("bob", "two\nlines", None, HOST)])

    def test_order(self) -> None:
        """
        The next message comes when the callback is done with the last, be it after ten minutes:
        then the room waits no longer.
        """
        self.started()
        self.post("hello")
        for wait in (9.0, 590.0):
            self.heard.clear()
            self.taken = slow = Deferred[Refusal | None]()
            self.post("one")
            self.taken = None
            self.post("two")
            self.network.advance(wait)
            self.assertEqual(self.texts(), ["one"])
            slow.callback(None)
            self.network.advance(1)
            self.assertEqual(self.texts(), ["one", "two"])

    def test_answers(self) -> None:
        """
        A callback that speaks in the room before it is done, as a bot does.
        """
        client = self.make()

        async def pong() -> None:
            await client.say("pong")

        client.startService()
        self.network.settle()
        self.taken = pong()
        self.post("ping")
        self.network.advance(1)
        self.assertIn("pong", [one.text for one in self.said() if one is not None])

    def test_refusesForNow(self) -> None:
        """
        What it does not take now comes again; what it will not have does not.
        """
        self.started()
        self.taken = Refusal("busy", transient=True)
        self.post("one")
        self.assertEqual(set(self.texts()), {"one"})
        self.heard.clear()
        self.taken = Refusal("never")
        self.network.advance(30)
        self.assertEqual(self.texts(), ["one"])
        self.taken = None
        self.post("two")
        self.assertEqual(self.texts(), ["one", "two"])

    def test_json(self) -> None:
        """
        With JSON it knows position and time.
        """
        self.started(options=MemberOptions(json=True))
        self.network.advance(7)
        self.post("\x1bhello")
        (one,) = self.heard
        self.assertEqual((one.name, one.text, one.id), ("eve", "\x1bhello", 1))
        self.assertIsInstance(one.time, float)

    def test_ack(self) -> None:
        """
        Where only a word confirms, it is given: nothing comes twice.
        """
        self.started(options=MemberOptions(ack=True))
        self.post("one")
        self.post("two")
        self.network.advance(600)
        self.assertEqual(self.texts(), ["one", "two"])

    def test_slowFirst(self) -> None:
        """
        With a word that confirms, even the very first message may take its time, and comes once.
        """
        self.started(options=MemberOptions(ack=True))
        self.taken = slow = Deferred[Refusal | None]()
        self.post("one")
        self.taken = None
        self.post("two")
        self.network.advance(300)
        self.assertEqual(self.texts(), ["one"])
        slow.callback(None)
        self.network.advance(1)
        self.assertEqual(self.texts(), ["one", "two"])

    def test_history(self) -> None:
        """
        It hears what was said before it came, as far as the room has it.
        """
        # For whom it keeps that.
        self.successResultOf(self.room.room.register("absent", HOST, 9999))
        self.post("one")
        self.post("two")
        self.started(options=MemberOptions(history=1))
        self.network.advance(1)
        self.assertEqual(self.texts(), ["two"])

    def test_noPush(self) -> None:
        """
        What the server sends that is no push is refused and counted, not heard.
        """
        client = self.started()
        sender = self.connect(client.address.port)
        sender.transport.write(b"hello")
        sender.transport.loseWriteConnection()
        self.network.settle()
        self.assertTrue(sender.data.startswith(b"! malformed"), sender.data)
        self.assertEqual(self.heard, [])
        self.assertEqual(client.counters["refused.malformed"], 1)

    def test_stranger(self) -> None:
        """
        Who is not the server is reset and counted, unless it is trusted.
        """
        client = self.started(trust=["10.0.0.8", "10.1.0.0/16"])
        for host, isTrusted in (("10.0.0.7", False), ("10.0.0.8", True), ("10.1.2.3", True)):
            sender = self.connect(client.address.port, host)
            sender.transport.write(b"eve: hello")
            sender.transport.loseWriteConnection()
            self.network.settle()
            self.assertEqual(sender.ended, isTrusted, host)
            if not isTrusted:
                self.assertIs(sender.reason.type, ConnectionLost)
        self.assertEqual((self.texts(), client.counters["strangers"]), (["hello"] * 2, 1))

    def test_stops(self) -> None:
        """
        A stop ends within seconds, though a callback never does; its sender is reset.
        """
        client = self.started()
        self.taken = Deferred()
        self.post("one")
        port = client.address.port
        stopped = client.stopService()
        self.network.advance(1)
        self.assertNoResult(stopped)
        self.network.advance(10)
        self.successResultOf(stopped)
        self.assertIsNone(client.address)
        self.assertIsNone(self.network.listenerAt(HOST, port))

    def test_lastWords(self) -> None:
        """
        What a callback says while it is stopped still goes out.
        """
        client = self.make()
        ready = Deferred[None]()

        async def pong() -> None:
            await ready
            await client.say("pong")

        client.startService()
        self.network.settle()
        self.taken = pong()
        self.post("ping")
        stopped = client.stopService()
        ready.callback(None)
        self.network.advance(1)
        self.successResultOf(stopped)
        self.assertIn("pong", [one.text for one in self.said() if one is not None])


class MembershipTests(ClientTestCase):
    """
    How a client comes and goes.
    """

    def test_address(self) -> None:
        """
        The server pushes to where the client comes from and listens, or to where it says.
        """
        client = self.started()
        self.assertEqual(self.names(), ["bot"])
        (joined,) = self.members("bot")
        self.assertEqual((joined.host, joined.port), (HOST, client.address.port))
        self.started("other", listen="tcp:9001:interface=127.0.0.1", callback="127.0.0.9:9002")
        self.network.advance(1)
        self.assertEqual(self.names(), ["bot"])
        self.started("third", listen="tcp:9003", callback="localhost:9003")
        (joined,) = self.members("third")
        self.assertEqual((joined.host, joined.port), ("localhost", 9003))

    def members(self, name: str) -> list[Any]:
        """
        The members of a name.
        """
        news = self.successResultOf(self.room.store.roster(0))
        return [one.member for one in news.members if one.member.name == name]

    def test_refused(self) -> None:
        """
        A name that somebody else has is refused, with the reason; others may have it later.
        """
        self.successResultOf(self.room.room.register("bot", "10.0.0.7", 9000))
        client = self.make(callback="127.0.0.9:9002")
        early = client.joined
        client.startService()
        self.network.advance(1)
        for joined in (early, client.joined):
            refusal = self.successResultOf(joined)
            assert isinstance(refusal, Refusal)
            self.assertIs(refusal.reason, Reason.FOREIGN_CALLBACK)
        self.flushLoggedErrors()

    def test_restart(self) -> None:
        """
        After a stop it is a member still, and hears what it missed when it starts again, wherever
        it listens then.
        """
        client = self.started()
        self.stopped(client)
        self.post("missed")
        self.network.advance(10)
        self.assertEqual((self.names(), self.texts()), (["bot"], []))
        joined = client.joined
        self.assertNoResult(joined)
        client.startService()
        self.network.advance(1)
        self.assertEqual(self.successResultOf(joined), Enrolled())
        self.assertEqual(self.texts(), ["missed"])

    def test_leave(self) -> None:
        """
        It leaves after what it has said, and hears no more; it is not registered again.
        """
        client = self.started()
        client.say("bye")
        left = client.leave()
        self.network.advance(1)
        self.assertTrue(self.successResultOf(left).stored)
        self.network.advance(3 * REFRESH_SECONDS)
        self.post("hello")
        self.assertEqual((self.names(), self.texts()), ([], []))
        self.stopped(client)
        self.assertRaises(RuntimeError, client.leave)

    def test_serverComesBack(self) -> None:
        """
        A server that has lost its members has this one again after a minute, and at once when the
        client had missed it.
        """
        client = self.started()
        for speaks in (False, True):
            self.room.stop()
            self.network.advance(1)
            if speaks:
                client.say("hello")
                self.network.advance(REFRESH_SECONDS / 2)
            self.room.forget()
            self.room.start()
            self.network.advance(6 if speaks else REFRESH_SECONDS * 1.2)
            self.assertEqual(self.names(), ["bot"])

    def test_silentServer(self) -> None:
        """
        A server without options is registered at with four fields, and is not asked again once it
        has said that it does not know the question.
        """
        server = CollectingFactory()
        self.listen(server)
        client = self.started(listen="tcp:9001")
        self.network.advance(REFRESH_SECONDS * 1.5)
        self.assertEqual(
            server.messages,
            [b"connect_request|bot|0.0.0.0|9001", b"connect_request|bot|0.0.0.0|9001|refresh"],
        )
        self.assertEqual(self.successResultOf(client.joined), Enrolled())

    def test_options(self) -> None:
        """
        Key and options go in the fifth field.
        """
        server = CollectingFactory()
        self.listen(server)
        self.started(
            listen="tcp:9001", key="correct-horse", options=MemberOptions(json=True, history=3)
        )
        self.assertEqual(
            server.messages,
            [b"connect_request|bot|0.0.0.0|9001|json,history=3,key=correct-horse"],
        )

    def test_portTaken(self) -> None:
        """
        Where it cannot listen, the start says so, and nothing is registered.
        """
        client = self.make(listen=f"tcp:{PORT}")
        error = self.assertRaises(StartError, client.startService)
        self.assertIn(f"listen tcp:{PORT}", str(error))
        self.network.advance(60)
        self.assertEqual((self.names(), client.running), ([], 0))

    def test_localhost(self) -> None:
        """
        A server may be named.
        """
        client = RoomClient(self.network, SERVER.replace(HOST, "localhost"), "bot", self.hear)
        client.startService()
        self.network.advance(1)
        self.post("hello")
        self.assertEqual(self.texts(), ["hello"])
