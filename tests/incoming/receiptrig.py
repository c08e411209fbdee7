"""
What the tests of receipts share: a wrapped receiver whose outcome the test decides.
"""

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.interfaces import IReactorTime
from twisted.internet.protocol import ClientCreator, Factory, Protocol, connectionDone
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from twisted_messenger.incoming.limits import SenderLimits
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
    bug: type[BaseException] = Bug

    def __init__(self, made: "list[Taking]", data: bytes = b"") -> None:
        self.outcome: Deferred[Outcome] = Deferred()
        self.data = data
        self.reason: Failure | None = None
        self._made = made
        made.append(self)

    def further(self) -> "Taking":
        """
        Hand over what came after the last newline.
        """
        lines, newline, rest = self.data.rpartition(b"\n")
        self.data = lines + newline
        return Taking(self._made, rest)

    def dataReceived(self, data: bytes) -> None:
        """
        Keep it.
        """
        self.data += data
        if self.bugIn == "dataReceived":
            raise self.bug

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """
        Keep why.
        """
        self.reason = reason
        if self.bugIn == "connectionLost":
            raise self.bug


class TakingFactory(Factory):
    """
    :param made: every protocol that is made, also of further messages.
    """

    noisy = False

    def __init__(self, made: list[Taking]) -> None:
        self._made = made

    def buildProtocol(self, addr: object) -> Taking:
        """
        One for the first message.
        """
        return Taking(self._made)


class ReceiptTestCase(SynchronousTestCase):
    """
    A wrapped receiver and its senders.
    """

    networkClass: type[MemoryNetwork] = MemoryNetwork

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
        clock: IReactorTime = self.network
        self.factory = ReceiptFactory(
            TakingFactory(self.taking), clock, limits=SenderLimits(**options)
        )
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

    def decide(self, outcome: Outcome = None, which: int | None = None) -> None:
        """
        Fire an outcome.

        :param which: by default, of the last message that has ended, or else of the last.
        """
        if which is None:
            whole = [one for one in self.taking if one.reason and one.reason.check(ConnectionDone)]
            (whole or self.taking)[-1].outcome.callback(outcome)
        else:
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
