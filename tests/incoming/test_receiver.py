"""
The receiving end of a push or of a friend's message.
"""

from collections.abc import Awaitable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionLost
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import ClientCreator
from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.address import Source
from twisted_messenger.incoming.receipt import ReceiptFactory
from twisted_messenger.incoming.receiver import PeerReceiverFactory, Taken
from twisted_messenger.refusal import Reason, Refusal
from twisted_messenger.testing import MemoryNetwork, RecordingProtocol

HOST, PORT, BARE_PORT = "127.0.0.1", 8881, 8882


class Bug(Exception):
    """
    Raised on purpose.
    """


class PeerReceiverTests(SynchronousTestCase):
    """
    A receiver, with receipts and without.
    """

    def setUp(self) -> None:
        """
        Listen.
        """
        self.network = MemoryNetwork()
        self.texts: list[str] = []
        self.senders: list[IAddress] = []
        self.broken = False
        self.taken: Taken = None
        factory = self.listen(PORT, maxBytes=20)
        self.network.listenTCP(BARE_PORT, factory)

    def listen(self, port: int, **options: Any) -> PeerReceiverFactory:
        """
        Listen with receipts.
        """
        clock: Any = self.network
        factory = PeerReceiverFactory(self.received, **options)
        self.network.listenTCP(port, ReceiptFactory(factory, clock))
        return factory

    def received(self, sender: IAddress, text: str) -> Taken:
        """
        Keep what comes, unless the terminal is gone.
        """
        if self.broken:
            raise Bug
        self.senders.append(sender)
        self.texts.append(text)
        return self.taken

    def start(self, data: bytes, port: int = PORT) -> Any:
        """
        Begin a message.
        """
        connected = ClientCreator(self.network, RecordingProtocol).connectTCP(HOST, port)
        self.network.settle()
        sender = self.successResultOf(connected)
        sender.transport.write(data)
        self.network.settle()
        return sender

    def send(self, *chunks: bytes, port: int = PORT) -> Any:
        """
        Send a whole message, in pieces.
        """
        sender = self.start(b"", port)
        for chunk in chunks:
            sender.transport.write(chunk)
            self.network.settle()
        sender.transport.loseWriteConnection()
        self.network.settle()
        return sender

    def test_text(self) -> None:
        """
        A text comes with its sender's address, and the sender sees an orderly close.
        """
        sender = self.send(b"hello!")
        self.assertEqual(self.texts, ["hello!"])
        self.assertEqual(self.senders, [sender.transport.getHost()])
        self.assertEqual((sender.data, sender.ended), (b"", True))

    def test_notBeforeTheEnd(self) -> None:
        """
        Nothing is shown before the message is whole.
        """
        sender = self.start(b"half")
        self.assertEqual((self.texts, sender.ended), ([], False))

    def test_stripped(self) -> None:
        """
        Blanks and line ends around a text are dropped, those inside are kept.
        """
        self.send(b"  two\n words \r\n")
        self.assertEqual(self.texts, ["two\n words"])

    def test_empty(self) -> None:
        """
        An empty message is an empty text, as in the tutorial.
        """
        self.send()
        self.assertEqual(self.texts, [""])

    def test_lines(self) -> None:
        """
        A friend who keeps the connection and sends a line now and then is heard, line by line;
        an empty line says nothing.
        """
        sender = self.start(b"one\n")
        for line in (b"two\nthr", b"ee\n", b"\n", b"four"):
            self.network.advance(2)
            sender.transport.write(line)
            self.network.settle()
        self.assertEqual(self.texts, ["one", "two", "three"])
        self.assertEqual((sender.data, sender.ended), (b"", True))
        sender.transport.loseWriteConnection()
        self.network.settle()
        self.assertEqual(self.texts, ["one", "two", "three", "four"])
        self.assertIsNone(sender.reason)

    def test_everyCut(self) -> None:
        """
        It does not matter where the network cuts, not even inside a character.
        """
        message = "naïve ☃".encode()
        for cut in range(len(message) + 1):
            self.send(message[:cut], message[cut:])
        self.assertEqual(self.texts, ["naïve ☃"] * (len(message) + 1))

    def test_badBytes(self) -> None:
        """
        Bytes that are no text become question marks.
        """
        self.send(b"a\xff\xfeb")
        self.assertEqual(self.texts, ["a??b"])

    def test_limit(self) -> None:
        """
        The longest text passes.
        """
        self.send(b"x" * 20)
        self.assertEqual(self.texts, ["x" * 20])

    def test_tooBig(self) -> None:
        """
        A longer one is read to its end, refused and not shown, not even in part.
        """
        sender = self.send(b"x" * 20, b"x", b"x" * 100_000)
        self.assertTrue(sender.data.startswith(b"! too_big"), sender.data)
        self.assertTrue(sender.ended)
        self.assertEqual(self.texts, [])

    def test_reset(self) -> None:
        """
        Half a text behind which the sender vanished is not shown.
        """
        for port in (PORT, BARE_PORT):
            sender = self.start(b"half", port)
            sender.transport.abortConnection()
            self.network.settle()
        self.assertEqual(self.texts, [])

    def test_notShown(self) -> None:
        """
        A text that could not be shown is not confirmed.
        """
        self.broken = True
        sender = self.send(b"hello!")
        self.assertEqual(sender.ended, False)
        self.assertIs(sender.reason.type, ConnectionLost)
        self.assertEqual(len(self.flushLoggedErrors(Bug)), 1)

    def test_takenLater(self) -> None:
        """
        Whoever takes a text slowly says when it is done; its sender sees the close then.
        """
        self.taken = taken = Deferred[Refusal | None]()
        sender = self.send(b"hello!")
        self.assertFalse(sender.ended)
        taken.callback(None)
        self.network.settle()
        self.assertEqual((sender.data, sender.ended), (b"", True))

    def test_refusedLater(self) -> None:
        """
        Or says why not.
        """
        self.taken = taken = Deferred[Refusal | None]()
        sender = self.send(b"hello!")
        taken.callback(Refusal(Reason.SHUTDOWN, "gone"))
        self.network.settle()
        self.assertEqual((sender.data, sender.ended), (b"~ shutdown: gone\n", True))

    def test_refusedAtOnce(self) -> None:
        """
        A plain refusal is one too: for good, or for now.
        """
        for refusal, line in (
            (Refusal("not_today"), b"! not_today: \n"),
            (Refusal("not_now", "later", transient=True), b"~ not_now: later\n"),
        ):
            self.taken = refusal
            sender = self.send(b"hello!")
            self.assertEqual((sender.data, sender.ended), (line, True))

    def test_async(self) -> None:
        """
        An "async def" is run to its end before the sender sees the close.
        """
        work = Deferred[None]()
        done = []

        async def take() -> None:
            await work
            done.append("worked")

        self.taken = take()
        sender = self.send(b"hello!")
        self.assertEqual((done, sender.ended), ([], False))
        work.callback(None)
        self.network.settle()
        self.assertEqual((done, sender.data, sender.ended), (["worked"], b"", True))

    def test_asyncRefuses(self) -> None:
        """
        It refuses like any other callback, and what it raises is a reset.
        """

        async def refuse() -> Refusal:
            return Refusal("not_today")

        async def fail() -> None:
            raise Bug

        self.taken = refuse()
        self.assertEqual(self.send(b"hello!").data, b"! not_today: \n")
        self.taken = fail()
        sender = self.send(b"hello!")
        self.assertEqual((sender.data, sender.ended), (b"", False))
        self.assertIs(sender.reason.type, ConnectionLost)
        self.assertEqual(len(self.flushLoggedErrors(Bug)), 1)

    def test_awaitable(self) -> None:
        """
        Whatever can be awaited is.
        """
        work = Deferred[Refusal | None]()

        class Job(Awaitable[Refusal | None]):
            def __await__(self) -> Any:
                return work.__await__()

        self.taken = Job()
        sender = self.send(b"hello!")
        self.assertFalse(sender.ended)
        work.callback(Refusal("not_today"))
        self.network.settle()
        self.assertEqual(sender.data, b"! not_today: \n")

    def test_anyResult(self) -> None:
        """
        What a Deferred of some other library fires with is no refusal.
        """
        other: Any = Deferred()
        self.taken = other
        sender = self.send(b"hello!")
        other.callback(7)
        self.network.settle()
        self.assertEqual((sender.data, sender.ended), (b"", True))

    def test_atOnce(self) -> None:
        """
        A text does not wait for that of another connection, however slow that is.
        """
        self.taken = Deferred()
        slow = self.send(b"slow")
        self.taken = None
        self.assertTrue(self.send(b"fast").ended)
        self.assertEqual((self.texts, slow.ended), (["slow", "fast"], False))

    def test_inOrder(self) -> None:
        """
        Lines of one connection come one after the other: the next one when the last one is taken.
        """
        self.taken = first = Deferred[Refusal | None]()
        sender = self.start(b"one\n")
        self.network.advance(2)
        sender.transport.write(b"two\n")
        self.network.advance(2)
        self.assertEqual(self.texts, ["one"])
        first.callback(None)
        self.network.advance(4)
        self.assertEqual(self.texts, ["one", "two"])

    def test_ack(self) -> None:
        """
        Where a room wants a word, it gets one for what was taken, and the refusal for the rest.
        """
        self.listen(8883, ack=True)
        self.assertEqual(self.send(b"hello!", port=8883).data, b"+ taken\n")
        self.taken = Refusal("not_today")
        self.assertEqual(self.send(b"hello!", port=8883).data, b"! not_today: \n")

    def test_unwelcome(self) -> None:
        """
        Who may not send is reset, at the first byte or at an empty end; nothing is read, and
        nothing logged as a bug.
        """
        judged: list[str] = []

        def welcome(source: Source) -> bool:
            judged.append(source.host)
            return False

        self.listen(8883, welcome=welcome)
        for sender in (self.start(b"hel", 8883), self.send(port=8883)):
            self.assertEqual((sender.data, sender.ended), (b"", False))
            self.assertIs(sender.reason.type, ConnectionLost)
        self.assertEqual((self.texts, judged), ([], [HOST, HOST]))

    def test_welcome(self) -> None:
        """
        Who may is heard.
        """
        self.listen(8883, welcome=lambda source: source.host == HOST)
        self.assertTrue(self.send(b"hello!", port=8883).ended)
        self.assertEqual(self.texts, ["hello!"])

    def test_bare(self) -> None:
        """
        Without receipts texts are taken all the same.
        """
        self.send(b"hello!", port=BARE_PORT)
        self.send(b"x" * 21, port=BARE_PORT)
        self.assertEqual(self.texts, ["hello!"])
