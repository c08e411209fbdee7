"""
What the tests of receipts share: a wrapped receiver whose outcome the test decides.
"""

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionLost
from twisted.internet.interfaces import IReactorTime
from twisted.internet.protocol import ClientCreator, Factory, Protocol, connectionDone
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from twisted_messenger.incoming.receipt import ReceiptFactory
from twisted_messenger.interfaces import IReceiptProtocol, Outcome
from twisted_messenger.sockets import resetOnClose
from twisted_messenger.testing import MemoryNetwork, RecordingProtocol

HOST, PORT = "127.0.0.1", 8880


class Bug(Exception):
    """
    Raised on purpose.
    """


@implementer(IReceiptProtocol)
class Taking(Protocol):
    """
    Takes a message and leaves the outcome to the test.
    """

    bugIn = ""

    def __init__(self) -> None:
        self.outcome: Deferred[Outcome] = Deferred()
        self.data = b""
        self.reason: Failure | None = None

    def dataReceived(self, data: bytes) -> None:
        """
        Keep it.
        """
        self.data += data
        if self.bugIn == "dataReceived":
            raise Bug

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """
        Keep why.
        """
        self.reason = reason
        if self.bugIn == "connectionLost":
            raise Bug


class ReceiptTestCase(SynchronousTestCase):
    """
    A wrapped receiver and its senders.
    """

    networkClass = MemoryNetwork

    def setUp(self) -> None:
        """
        Listen.
        """
        self.network = self.networkClass()
        self.taking: list[Taking] = []
        self.listen()

    def listen(self, port: int = PORT, **options: Any) -> None:
        """
        Listen with a factory of these options.
        """
        self.makeFactory(**options)
        # As the service does: who is turned away is reset.
        resetOnClose(self.network.listenTCP(port, self.factory), True)

    def makeFactory(self, **options: Any) -> None:
        """
        Make a factory of these options.
        """
        test = self

        class TakingFactory(Factory):
            noisy = False

            def buildProtocol(self, addr: object) -> Taking:
                test.taking.append(Taking())
                return test.taking[-1]

        clock: IReactorTime = self.network
        self.factory = ReceiptFactory(TakingFactory(), clock, **options)
        self.counters = self.factory.refusals.counters

    def connect(
        self, data: bytes = b"", port: int = PORT, end: bool = False, host: str | None = None
    ) -> Any:
        """
        Connect a sender and let it write.

        :param host: its own address; the network's where ``None``.
        """
        connected = ClientCreator(self.network, RecordingProtocol).connectTCP(
            HOST, port, bindAddress=None if host is None else (host, 0)
        )
        self.network.settle()
        sender = self.successResultOf(connected)
        self.write(sender, data)
        if end:
            self.end(sender)
        return sender

    def write(self, sender: Any, data: bytes) -> None:
        """
        Let a sender write.
        """
        sender.transport.write(data)
        self.network.settle()

    def end(self, sender: Any) -> None:
        """
        Let a sender end its message.
        """
        sender.transport.loseWriteConnection()
        self.network.settle()

    def decide(self, outcome: Outcome = None, which: int = -1) -> None:
        """
        Fire an outcome.
        """
        self.taking[which].outcome.callback(outcome)
        self.network.settle()

    def assertReceipt(self, sender: Any, line: bytes = b"") -> None:
        """
        The sender has seen an orderly close behind that line, and nothing is left at our side.
        """
        self.assertEqual((sender.data, sender.ended, sender.reason), (line, True, None))
        sender.transport.loseConnection()
        self.network.settle()
        self.assertEqual(self.factory.protocols, {})

    def assertReset(self, sender: Any) -> None:
        """
        The sender has seen a reset and never an orderly close.
        """
        self.assertEqual((sender.data, sender.ended), (b"", False))
        self.assertIs(sender.reason.type, ConnectionLost)

    def assertWaiting(self, sender: Any) -> None:
        """
        The sender has seen nothing yet.
        """
        self.assertEqual((sender.data, sender.ended, sender.reason), (b"", False, None))
