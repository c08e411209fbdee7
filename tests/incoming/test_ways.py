"""
What is promised of messages holds the short way too: the same tests, where the messages are whole
when they are accepted.
"""

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
from tests.incoming.waysrig import WholeMessages, WholeReceipts
from twisted_messenger.incoming.connection import ReceiptProtocol
from twisted_messenger.incoming.shortconnection import ShortConnection


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
