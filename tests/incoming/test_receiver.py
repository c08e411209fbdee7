"""
The receiving end of a push or of a friend's message.
"""

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionLost
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import ClientCreator
from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.incoming.receipt import ReceiptFactory
from twisted_messenger.incoming.receiver import PeerReceiverFactory
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
        self.taken: Deferred[Refusal | None] | None = None
        clock: Any = self.network
        factory = PeerReceiverFactory(self.received, maxBytes=20)
        self.network.listenTCP(PORT, ReceiptFactory(factory, clock))
        self.network.listenTCP(BARE_PORT, factory)

    def received(self, sender: IAddress, text: str) -> "Deferred[Refusal | None] | None":
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
        self.taken = Deferred()
        sender = self.send(b"hello!")
        self.assertFalse(sender.ended)
        self.taken.callback(None)
        self.network.settle()
        self.assertEqual((sender.data, sender.ended), (b"", True))

    def test_refusedLater(self) -> None:
        """
        Or says why not.
        """
        self.taken = Deferred()
        sender = self.send(b"hello!")
        self.taken.callback(Refusal(Reason.SHUTDOWN, "gone"))
        self.network.settle()
        self.assertEqual((sender.data, sender.ended), (b"~ shutdown: gone\n", True))

    def test_bare(self) -> None:
        """
        Without receipts texts are taken all the same.
        """
        self.send(b"hello!", port=BARE_PORT)
        self.send(b"x" * 21, port=BARE_PORT)
        self.assertEqual(self.texts, ["hello!"])
