"""
What is promised of messages holds the short way too: the same tests, where the messages are whole
when they are accepted.
"""

from itertools import product

from twisted.internet.defer import ensureDeferred
from twisted.internet.error import ConnectionLost

from tests.incoming import (
    test_injection,
    test_listenerrestart,
    test_mistakes,
    test_receipt,
    test_receiptcaps,
    test_receiptlines,
    test_receiptpauses,
    test_receiptraces,
    test_server,
    test_serverlines,
    test_uncertain,
)
from tests.incoming.receiptrig import Bug, Taking, TakingFactory
from tests.incoming.waysrig import WholeMessages, WholeReceipts
from twisted_messenger.incoming.connection import ReceiptProtocol
from twisted_messenger.incoming.shortconnection import ShortConnection
from twisted_messenger.refusal import Reason, Refusal
from twisted_messenger.result import Reply
from twisted_messenger.shutdown import PATIENCE


class BuggyFactory(TakingFactory):
    """
    Its protocols have a bug from the beginning.
    """

    def __init__(self, made: list[Taking], where: str, bug: type[BaseException]) -> None:
        super().__init__(made)
        self._bug = where, bug

    def buildProtocol(self, addr: object) -> Taking:
        """
        One more.
        """
        made = super().buildProtocol(addr)
        made.bugIn, made.bug = self._bug
        return made


class WholeTests(WholeReceipts):
    """
    When the short way is taken.
    """

    def test_taken(self) -> None:
        """
        It is by what is whole, and by nothing else.
        """
        self.connect(b"message", end=True)
        self.assertEqual([type(one) for one in self.factory.protocols], [ShortConnection])
        self.decide()
        self.connect(b"mess")
        self.assertEqual([type(one) for one in self.factory.protocols], [ReceiptProtocol])

    def test_bugs(self) -> None:
        """
        An exception anywhere resets that connection alone, and so does Ctrl-C in a program that
        leaves it to Python.
        """
        for where, bug in product(("dataReceived", "connectionLost"), (Bug, KeyboardInterrupt)):
            self.factory.wrappedFactory = BuggyFactory(self.taking, where, bug)
            with self.network.lookingAway():
                first, second = self.connect(b"one", end=True), self.connect(b"two", end=True)
            self.assertEqual(len(self.flushLoggedErrors(bug)), 2)
            self.assertReset(first)
            self.assertReset(second)
            self.assertEqual(self.factory.protocols, {})
        self.factory.wrappedFactory = TakingFactory(self.taking)
        sender = self.connect(b"three", end=True)
        self.decide()
        self.assertReceipt(sender)

    def test_gone(self) -> None:
        """
        Who resets before the answer is no error, whatever the answer is.
        """
        for outcome in (None, Refusal(Reason.RATE, "slow down"), Reply("here")):
            sender = self.connect(b"message", end=True)
            sender.transport.abortConnection()
            self.network.settle()
            self.decide(outcome)
            self.assertEqual(self.factory.protocols, {})

    def test_goneBefore(self) -> None:
        """
        Who has reset before anybody looks has sent no message.
        """
        with self.network.lookingAway():
            self.connect(b"message").transport.abortConnection()
            self.network.settle()
        (taking,) = self.taking
        assert taking.reason is not None
        taking.reason.trap(ConnectionLost)
        self.assertEqual(self.factory.protocols, {})

    def test_stop(self) -> None:
        """
        At the end, who waits for us is answered, and who comes then is reset.
        """
        waiting = self.connect(b"message", end=True)
        drained = self.factory.drained()
        late = self.connect(b"too late", end=True)
        self.assertReset(late)
        self.assertNoResult(drained)
        self.decide(which=0)
        self.assertReceipt(waiting)
        self.successResultOf(drained)

    def test_stopInTime(self) -> None:
        """
        Who cannot be answered then is reset.
        """
        waiting = self.connect(b"message", end=True)
        finished = ensureDeferred(self.factory.finished())
        self.network.advance(PATIENCE - 1)
        self.assertWaiting(waiting)
        self.network.advance(1)
        self.assertReset(waiting)
        self.successResultOf(finished)
        self.decide()


class AnswerTests(WholeReceipts, test_receipt.AnswerTests):
    """
    The answer to a whole message.
    """


class AccidentTests(WholeReceipts, test_receipt.AccidentTests):
    """
    What must never look like a receipt.
    """


class NetcatTests(WholeReceipts, test_receipt.NetcatTests):
    """
    Those that do not end.
    """


class ManyTests(WholeReceipts, test_receipt.ManyTests):
    """
    Making room, and the end of the room.
    """


class TooManyTests(WholeReceipts, test_receiptcaps.TooManyTests):
    """
    A source that is lively everywhere.
    """


class MakingRoomTests(WholeReceipts, test_receiptcaps.MakingRoomTests):
    """
    A source whose silent connections go.
    """


class FullHouseTests(WholeReceipts, test_receiptpauses.FullTests):
    """
    A house that is full.
    """


class ManyAtOnceTests(WholeReceipts, test_receiptpauses.ManyTests):
    """
    Many that come at the same moment.
    """


class LineTests(WholeReceipts, test_receiptlines.LineTests):
    """
    Receipts that are lines.
    """


class RaceTests(WholeReceipts, test_receiptraces.RaceTests):
    """
    What happens at the same moment.
    """


class RestartTests(WholeReceipts, test_listenerrestart.RestartTests):
    """
    Listening again.
    """


class UncertainReceiptTests(WholeReceipts, test_uncertain.UncertainReceiptTests):
    """
    What nobody knows.
    """


class ServerTests(WholeMessages, test_server.ServerTests):
    """
    A room.
    """


class ServerLinesTests(WholeMessages, test_serverlines.LinesTests):
    """
    Lines without an end.
    """


class ServerRateTests(WholeMessages, test_serverlines.RateTests):
    """
    What lines cost.
    """


class PositionTests(WholeMessages, test_receiptlines.RoomTests):
    """
    Positions in receipts.
    """


class InjectionTests(WholeMessages, test_injection.InjectionTests):
    """
    Lines in the name of others.
    """


class AnsweredTests(WholeMessages, test_mistakes.AnsweredTests):
    """
    Other protocols.
    """


class ProbeTests(WholeMessages, test_mistakes.ProbeTests):
    """
    Who says nothing.
    """
