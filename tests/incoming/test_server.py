"""
The server's end of a connection: one message in, the room's verdict out.
"""

from twisted.internet.error import ConnectionLost

from tests.incoming.serverrig import BARE_PORT, HOST, ServerTestCase, SlowStore
from twisted_messenger.errors import StoreError, StoreFull
from twisted_messenger.incoming.limits import IDLE_TIMEOUT
from twisted_messenger.wire import MIN_MAX_MESSAGE_BYTES


class ServerTests(ServerTestCase):
    """
    A room, with receipts and without.
    """

    def test_said(self) -> None:
        """
        A message is in the log when its sender sees the close, with its name and time.
        """
        self.network.advance(5)
        self.assertStored(self.send(b"from:ci|build 7 is green\n"))
        (entry,) = self.log()
        self.assertEqual(
            (entry.name, entry.text, entry.owned, entry.time), ("ci", "build 7 is green", False, 5)
        )

    def test_registered(self) -> None:
        """
        A member registers, speaks as the owner of its name, and leaves.
        """
        self.assertStored(self.send(b"connect_request|ann|localhost|9001"))
        self.assertStored(self.send(b"from:ann|hi"))
        self.assertTrue(self.log()[0].owned)
        self.assertStored(self.send(b"leave_request|ann|localhost|9001"))
        news = self.successResultOf(self.store.roster(0))
        self.assertEqual([state.member.name for state in news.members], ["keeper"])

    def test_everyCut(self) -> None:
        """
        It does not matter into which packets the network cuts a message.
        """
        message = "from:zoë|naïve ☃".encode()
        for cut in range(len(message) + 1):
            self.assertStored(self.send(message[:cut], message[cut:]))
        self.assertEqual(self.texts(), ["naïve ☃"] * (len(message) + 1))

    def test_order(self) -> None:
        """
        The log has the order in which the messages ended, not that in which they began.
        """
        first, second = self.connect(), self.connect()
        first.transport.write(b"from:a|began first")
        second.transport.write(b"from:b|ended first")
        self.network.settle()
        second.transport.loseWriteConnection()
        self.network.settle()
        first.transport.loseWriteConnection()
        self.network.settle()
        self.assertEqual(self.texts(), ["ended first", "began first"])

    def test_longest(self) -> None:
        """
        The longest message passes, whether or not netcat adds a line end.
        """
        message = b"from:ci|".ljust(MIN_MAX_MESSAGE_BYTES, b"x")
        for lineEnd in (b"", b"\n", b"\r\n"):
            self.assertStored(self.send(message, lineEnd))
        self.assertEqual(len(self.log()), 3)

    def test_tooBig(self) -> None:
        """
        A longer one is refused, but its sender can send all of it first.
        """
        message = b"from:ci|".ljust(MIN_MAX_MESSAGE_BYTES, b"x")
        for more in (b"x", b"xxx", b"x" * 1_000_000):
            self.assertRefused(self.send(message, more), b"! too_big")
        self.assertEqual((self.log(), self.counters["refused.too_big"]), ([], 3))

    def test_refusals(self) -> None:
        """
        Each kind of refusal is told by its code, counted, and leaves nothing behind.
        """
        for message, host, reason in (
            (b"hello", HOST, "malformed"),
            (b"x from:ci|text", HOST, "malformed"),
            (b"connect_request|a|b", HOST, "malformed"),
            (b"connect_request|\xff|localhost|9001", HOST, "bad_utf8"),
            (b"from:server|hi", HOST, "bad_name"),
            (b"connect_request|a|10.0.0.9|9001", HOST, "foreign_callback"),
            (b"connect_request|a|localhost|9001", "10.0.0.9", "foreign_callback"),
            (b"connect_request|a|localhost|80", HOST, "low_port"),
            (b"connect_request|a|a.example|9001", HOST, "unresolvable"),
            (b"connect_request|keeper||9001", "10.0.0.9", "name_taken"),
            (b"from:keeper|hi", "10.0.0.9", "not_owner"),
        ):
            before = self.counters[f"refused.{reason}"]
            self.assertRefused(self.send(message, host=host), b"! " + reason.encode())
            self.assertEqual(self.counters[f"refused.{reason}"], before + 1)
        self.assertEqual(self.log(), [])

    def test_storeFails(self) -> None:
        """
        When the store takes nothing, the sender hears that it may try again.
        """
        for error, mark in (
            (StoreError("gone"), b"~ store_unavailable"),
            (StoreFull("full"), b"~ store_full"),
        ):
            store = SlowStore()
            for port in self.ports:
                port.stopListening()
            self.network.settle()
            self.serve(store)
            sender = self.send(b"from:ci|hi")
            store.gates[0].errback(error)
            self.network.settle()
            self.assertRefused(sender, mark)

    def test_slowStore(self) -> None:
        """
        There is no receipt before the message is durable.
        """
        for port in self.ports:
            port.stopListening()
        self.network.settle()
        store = SlowStore()
        self.serve(store)
        sender = self.send(b"from:ci|hi")
        self.network.advance(10)
        self.assertFalse(sender.ended)
        store.gates[0].callback(None)
        self.network.settle()
        self.assertStored(sender)

    def test_closed(self) -> None:
        """
        A stopping room refuses for now.
        """
        self.room.close()
        self.assertRefused(self.send(b"from:ci|hi"), b"~ shutdown")

    def test_probe(self) -> None:
        """
        A connection without a byte is a health check: answered in order, counted, not logged.
        """
        self.assertStored(self.send())
        self.assertEqual((self.log(), self.counters["probes"]), ([], 1))

    def test_truncated(self) -> None:
        """
        A reset in the middle of a message leaves nothing of it in the log.
        """
        sender = self.connect()
        sender.transport.write(b"from:ci|deploy to st")
        self.network.settle()
        sender.transport.abortConnection()
        self.network.settle()
        self.assertEqual((self.log(), self.counters["refused.truncated"]), ([], 1))

    def test_idle(self) -> None:
        """
        A message that is never ended is not taken, and counted as idle.
        """
        sender = self.connect()
        sender.transport.write(b"from:ci|deploy to st")
        self.network.advance(IDLE_TIMEOUT + 1)
        self.assertIs(sender.reason.type, ConnectionLost)
        self.assertEqual((self.log(), self.counters["refused.idle"]), ([], 1))

    def test_bare(self) -> None:
        """
        Without receipts, messages are taken and refused all the same.
        """
        self.assertStored(self.send(b"from:ci|hi", port=BARE_PORT))
        self.send(b"nonsense", port=BARE_PORT)
        self.send(bytes(MIN_MAX_MESSAGE_BYTES + 3), port=BARE_PORT)
        self.assertEqual(self.texts(), ["hi"])
        self.assertEqual(self.counters["refused.malformed"], 1)
        self.assertEqual(self.counters["refused.too_big"], 1)
