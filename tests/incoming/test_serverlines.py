"""
A room that hears several lines on one connection.
"""

from typing import Any

from twisted.internet.error import ConnectionDone, ConnectionLost

from tests.incoming.serverrig import HOST, ServerTestCase, SlowStore
from tests.roomtestcase import keepLog
from twisted_messenger.incoming.gathering import LINE_SECONDS
from twisted_messenger.incoming.limits import IDLE_TIMEOUT
from twisted_messenger.rates import RateLimit
from twisted_messenger.wire import MIN_MAX_MESSAGE_BYTES

#: More than the time between two looks at the time-outs.
SOON = 0.5

GUEST = "10.0.0.7"


class LinesTestCase(ServerTestCase):
    """
    A sender that never ends.
    """

    def say(self, *pieces: bytes, host: str = HOST, sender: Any = None) -> Any:
        """
        Send pieces with a pause after each one.
        """
        sender = sender or self.connect(host=host)
        for piece in pieces:
            sender.transport.write(piece)
            self.network.settle()
            self.network.advance(LINE_SECONDS + SOON)
        return sender

    def members(self) -> list[str]:
        """
        Who is registered, besides the one that keeps the log.
        """
        members = self.successResultOf(self.store.roster(0)).members
        return [state.member.name for state in members if state.member.name != "keeper"]

    def assertReset(self, sender: Any) -> None:
        """
        The next line cannot be sent.
        """
        sender.transport.write(b"more\n")
        self.network.settle()
        self.assertIs(sender.reason.type, ConnectionLost)


class LinesTests(LinesTestCase):
    """
    What is said.
    """

    def test_lines(self) -> None:
        """
        A device that prints a line now and then loses none.
        """
        sender = self.say(b"from:ann|one\n", b"from:ann|two\n", b"three\n", b"four\nfi", b"ve\n")
        self.assertEqual(self.texts(), ["one", "two", "three", "four", "five"])
        self.assertEqual({entry.name for entry in self.log()}, {"ann"})
        self.assertStored(sender)

    def test_pasted(self) -> None:
        """
        Two pasted lines are one message.
        """
        self.assertStored(self.say(b"from:ann|one\ntwo\n"))
        self.assertEqual(self.texts(), ["one\ntwo"])

    def test_registered(self) -> None:
        """
        Who begins with a registration may do everything.
        """
        sender = self.say(
            b"connect_request|ann||9001\n",
            b"from:ann|one\nfrom:ann|two\n",
            b"leave_request|ann||9001\nconnect_request|bob||9002\n",
        )
        self.assertStored(sender)
        self.assertEqual((self.texts(), self.members()), (["one", "two"], ["bob"]))

    def test_registeredAtOnce(self) -> None:
        """
        So are the lines that come with it, one after the other.
        """
        self.assertStored(self.say(b"connect_request|ann||9001\nfrom:ann|one\ntwo\n"))
        self.assertEqual((self.texts(), self.members()), (["one\ntwo"], ["ann"]))
        self.assertTrue(self.log()[0].owned)

    def test_cannotRegister(self) -> None:
        """
        A line in somebody's log neither registers nor speaks under another name.
        """
        self.say(b"from:ann|one\n", b"connect_request|eve||9001\n", b"from:eve|two\n")
        self.assertEqual(self.texts(), ["one", "connect_request|eve||9001", "from:eve|two"])
        self.assertEqual(({entry.name for entry in self.log()}, self.members()), ({"ann"}, []))

    def test_endOfFile(self) -> None:
        """
        Lines that end within the time are one message, as ever.
        """
        self.assertRefused(self.send(b"connect_request|a||9001\nfrom:a|hi\n"), b"! malformed")
        self.assertEqual(self.members(), [])

    def test_blanks(self) -> None:
        """
        An empty line now and then, to keep the connection alive, says nothing.
        """
        sender = self.say(b"from:ann|one\n", b"\n", b"\r\n", b"two\n")
        self.assertEqual(self.texts(), ["one", "two"])
        self.assertStored(sender)

    def test_refusedFirst(self) -> None:
        """
        Where the first line is refused, the sender is told, and nothing after it is taken.
        """
        for lines in (b"hello\n", b"connect_request|a||80\nfrom:a|hi\n"):
            sender = self.say(lines, b"from:ann|two\n")
            self.assertTrue(sender.ended)
            self.assertEqual(sender.data[:2], b"! ")
        self.assertEqual((self.texts(), self.members()), ([], []))

    def test_halfAfterRefused(self) -> None:
        """
        So it is where half a line has come already: of a further line, or the last byte of UTF-16.
        """
        for message, word in (
            (b"hello\nha", b"! malformed"),
            (b"from:server|hi\nfrom:ann|two", b"! bad_name"),
            ("from:ann|hi\r\n".encode("utf-16-le"), b"! bad_utf8"),
        ):
            sender = self.say(message)
            self.assertRefused(sender, word)
            self.assertIsNone(sender.reason)
        self.assertEqual((self.texts(), self.counters["refused.truncated"]), ([], 2))

    def test_tooBigAtTheLastMoment(self) -> None:
        """
        A message that becomes too big when its lines would have been taken is read to its end, and
        its sender is told.
        """
        sender = self.connect()
        sender.transport.write(b"from:ann|one\n")
        self.network.settle()
        # Time jumps, as it does for a program that was stopped and goes on; the bytes are with
        # the kernel, but the timers come first.
        self.network.rightNow += LINE_SECONDS + SOON
        sender.transport.socket.send(b"x" * (MIN_MAX_MESSAGE_BYTES + 3))
        self.network.settle()
        self.network.advance(SOON)
        self.assertIsNone(sender.reason)
        sender.transport.loseWriteConnection()
        self.network.settle()
        self.assertRefused(sender, b"! too_big")


class NotTakenTests(LinesTestCase):
    """
    What is not taken resets the connection, and is logged with source and name.
    """

    def setUp(self) -> None:
        """
        Keep the log.
        """
        super().setUp()
        self.lines = keepLog(self, "eventlog")

    def test_refused(self) -> None:
        """
        A refused further command resets.
        """
        sender = self.say(b"connect_request|ann||9001\n", b"connect_request|ann||80\n")
        self.assertReset(sender)
        self.assertEqual(self.counters["refused.low_port"], 1)

    def test_partly(self) -> None:
        """
        Where the first command of some was taken, a reset says that nobody should trust the rest.
        """
        sender = self.say(b"connect_request|ann||9001\nfrom:server|hi\nfrom:ann|hi\n")
        self.assertIs(sender.reason.type, ConnectionLost)
        self.assertEqual((sender.ended, self.members(), self.texts()), (False, ["ann"], []))
        self.assertEqual(self.counters["refused.bad_name"], 1)

    def test_half(self) -> None:
        """
        Half a line is never taken, and the log says whose it was.
        """
        for message in (b"from:ann|hello", b"from:ann|one\nhello"):
            sender = self.say(message, host=GUEST)
            self.network.advance(IDLE_TIMEOUT)
            self.assertReset(sender)
        self.assertEqual(self.texts(), ["one"])
        self.assertEqual(
            self.lines.lines(),
            [
                f"refused idle from {GUEST}: 14 bytes of ann, not ended in time",
                f"refused idle from {GUEST}: 5 bytes of ann, not ended in time",
            ],
        )

    def test_tooBig(self) -> None:
        """
        So is a further message beyond the limit.
        """
        sender = self.say(b"from:ann|one\n")
        sender.transport.write(b"x" * (MIN_MAX_MESSAGE_BYTES + 3))
        self.network.settle()
        self.assertReset(sender)
        self.assertEqual((self.texts(), self.counters["refused.too_big"]), (["one"], 1))

    def test_nul(self) -> None:
        """
        The NUL that programs in C send after each line is no half of one: nothing is reset for it,
        and nothing logged.
        """
        for leave in ("", "abortConnection"):
            for lines in (
                [b"from:ann|one\n\0", b"two\n\0"],
                [b"from:ann|one\n", b"\0two\n", b"\0"],
            ):
                sender = self.say(*lines)
                if leave:
                    getattr(sender.transport, leave)()
                    self.network.settle()
                self.network.advance(IDLE_TIMEOUT)
                if not leave:
                    sender.transport.loseConnection()
                    self.network.settle()
                    self.assertIs(sender.reason.type, ConnectionDone)
        self.assertEqual(self.texts(), ["one", "two"] * 4)
        self.assertEqual(self.lines.lines(), [])

    def test_gone(self) -> None:
        """
        A sender that goes after its answer is no news.
        """
        sender = self.say(b"from:ann|one\n")
        sender.transport.abortConnection()
        self.network.settle()
        self.assertEqual(self.lines.lines(), [])
        self.assertEqual(self.counters.snapshot(), {"accepted": 1, "registered.joined": 1})


class RateTests(LinesTestCase):
    """
    Three messages at once, and none soon after.
    """

    def setUp(self) -> None:
        """
        Limit the rate.
        """
        self.rates = RateLimit(0.001, 3)
        super().setUp()

    def test_each(self) -> None:
        """
        Each message costs one.
        """
        sender = self.say(*[b"from:ci|%d\n" % number for number in range(4)], host=GUEST)
        self.assertReset(sender)
        self.assertEqual((self.texts(), self.counters["refused.rate"]), (["0", "1", "2"], 1))

    def test_eachCommand(self) -> None:
        """
        So does each command that comes with others.
        """
        first = b"connect_request|ann||9001\n"
        sender = self.say(first + b"from:ann|0\nfrom:ann|1\nfrom:ann|2\n", host=GUEST)
        self.assertIs(sender.reason.type, ConnectionLost)
        self.assertEqual((self.texts(), self.counters["refused.rate"]), (["0", "1"], 1))


class WaitingTests(LinesTestCase):
    """
    A store that is slow.
    """

    def test_order(self) -> None:
        """
        What comes while a message waits for the store comes after it.
        """
        for port in self.ports:
            port.stopListening()
        self.network.settle()
        store = SlowStore()
        self.serve(store)
        sender = self.say(b"from:ann|one\n", b"two\n", b"three\n")
        self.assertEqual((len(store.gates), sender.ended), (1, False))
        store.gates[0].callback(None)
        self.network.advance(LINE_SECONDS)
        self.assertEqual((len(store.gates), sender.ended), (2, True))
        store.gates[1].callback(None)
        self.network.settle()
        self.assertEqual(self.texts(), ["one", "two\nthree"])
        self.assertStored(sender)
