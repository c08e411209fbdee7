"""
Receipts where one source has many connections.
"""

from typing import Any

from twisted.internet.error import ConnectionLost

from tests.incoming.receiptrig import HOST, PORT, ReceiptTestCase
from twisted_messenger.incoming.connection import DRAIN_SECONDS
from twisted_messenger.incoming.connectiontable import EVICTABLE_SILENCE
from twisted_messenger.incoming.gathering import LINE_SECONDS
from twisted_messenger.interfaces import ConnectionEvicted
from twisted_messenger.refusal import Reason, Refusal

#: More than the time between two looks at the time-outs.
SOON = 0.5

GUEST, OTHER = "10.0.0.7", "10.0.0.8"

TOO_MANY = b"~ connection_cap: there are 2 connections from your address already\n"


class SourceTestCase(ReceiptTestCase):
    """
    Two connections from each source.
    """

    def listen(self, port: int = PORT, **options: Any) -> None:
        """
        Listen with that cap, unless told otherwise.
        """
        super().listen(port, **{"maxPerHost": 2, **options})

    def come(self, times: int = 1, host: str = GUEST, data: bytes = b"x") -> list[Any]:
        """
        Connect some from there.
        """
        return [self.connect(data, host=host) for _ in range(times)]

    def assertTold(self, sender: Any, line: bytes = b"") -> None:
        """
        The sender has seen an orderly close behind that line.
        """
        self.assertEqual((sender.data, sender.ended), (line, True))

    def assertOpen(self, *senders: Any) -> None:
        """
        The senders have seen nothing yet.
        """
        for sender in senders:
            self.assertWaiting(sender)


class TooManyTests(SourceTestCase):
    """
    A source that is lively everywhere.
    """

    def test_told(self) -> None:
        """
        The next ones are told at their end of file that there were too many, and not before;
        what they send is thrown away.
        """
        first, second, third, fourth = self.come(4)
        self.write(third, b"more")
        self.assertOpen(first, second, third, fourth)
        self.end(third)
        self.end(fourth)
        self.assertTold(third, TOO_MANY)
        self.assertTold(fourth, TOO_MANY)
        self.assertEqual([taken.data for taken in self.taking], [b"x", b"x", b"", b""])
        self.assertEqual([taken.reason for taken in self.taking], [None] * 4)
        self.assertEqual(self.counters["refused.connection_cap"], 2)

    def test_othersGoOn(self) -> None:
        """
        Those that came before are answered as ever, and another source is not bothered.
        """
        first, _, third = self.come(3)
        other = self.connect(b"x", host=OTHER, end=True)
        self.end(first)
        self.decide(which=0)
        self.decide(which=3)
        self.assertTold(first)
        self.assertTold(other)
        self.end(third)
        self.assertTold(third, TOO_MANY)

    def test_twice(self) -> None:
        """
        Beyond twice the cap they are reset.
        """
        *kept, fifth = self.come(5, data=b"")
        self.assertOpen(*kept)
        self.assertReset(fifth)

    def test_placeIsFreeAgain(self) -> None:
        """
        Who goes makes room for the next one.
        """
        first, _ = self.come(2)
        first.transport.abortConnection()
        self.network.settle()
        (third,) = self.come()
        self.end(third)
        self.decide()
        self.assertTold(third)

    def test_unexplained(self) -> None:
        """
        A server that explains nothing resets them, at their end too.
        """
        self.listen(PORT + 1, explain=False)
        *_, third = [self.connect(b"x", PORT + 1, host=GUEST) for _ in range(3)]
        self.assertWaiting(third)
        self.end(third)
        self.assertReset(third)

    def test_neverEnds(self) -> None:
        """
        One that does not end is reset in the end.
        """
        *_, third = self.come(3)
        for _ in range(int(DRAIN_SECONDS)):
            self.write(third, b"x")
            self.network.advance(1)
        self.network.advance(SOON)
        self.assertReset(third)

    def test_loopback(self) -> None:
        """
        This machine is exempt.
        """
        self.assertOpen(*self.come(10, HOST))
        self.assertEqual(self.counters.snapshot(), {})

    def test_network(self) -> None:
        """
        The addresses of an IPv6 network are one source.
        """
        senders = []
        for host in ("2001:db8::1", "2001:db8::2", "2001:db8:0:1::1", "2001:db8::ffff:1"):
            # Twisted resolves an IPv6 address that it is to bind to.
            self.network.host = host
            senders.append(self.connect(b"x", end=True))
        self.assertOpen(*senders[:3])
        self.assertTold(senders[3], TOO_MANY)

    def test_quarter(self) -> None:
        """
        Without a word one source may have a quarter of all.
        """
        self.listen(PORT + 1, maxPerHost=None, maxConnections=12)
        senders = [self.connect(b"x", PORT + 1, True, GUEST) for _ in range(4)]
        self.assertOpen(*senders[:3])
        self.assertTold(senders[3], TOO_MANY.replace(b"2", b"3"))


class MakingRoomTests(SourceTestCase):
    """
    A source some of whose connections are silent.
    """

    def test_ownLongestSilent(self) -> None:
        """
        Its own longest silent one is reset, and what it was told is why; others are left alone,
        however long they are silent.
        """
        (other,) = self.come(host=OTHER)
        old, older = self.come(2)
        self.network.advance(EVICTABLE_SILENCE / 2)
        self.write(old, b"x")
        self.network.advance(EVICTABLE_SILENCE / 2)
        (new,) = self.come()
        self.assertReset(older)
        self.assertOpen(other, old, new)
        reason = self.taking[2].reason
        assert reason is not None
        reason.trap(ConnectionEvicted)
        self.end(new)
        self.decide()
        self.assertTold(new)
        self.assertEqual(self.counters.snapshot(), {"evicted.connection_cap": 1})

    def test_waiting(self) -> None:
        """
        A connection that waits for its outcome is never reset for another one.
        """
        waiting = [self.connect(b"x", host=GUEST, end=True) for _ in range(2)]
        self.network.advance(60)
        (third,) = self.come()
        self.end(third)
        self.assertTold(third, TOO_MANY)
        self.assertOpen(*waiting)
        for which in (0, 1):
            self.decide(which=which)
            self.assertTold(waiting[which])

    def test_waitingForLong(self) -> None:
        """
        Nor is one that was ended by its silence, while its outcome is not known.
        """
        waiting = self.come(2, data=b"line\n")
        self.network.advance(LINE_SECONDS + 60)
        (third,) = self.come()
        self.end(third)
        self.assertTold(third, TOO_MANY)
        self.assertOpen(*waiting)

    def test_lingering(self) -> None:
        """
        One that has its receipt and does not go makes room in order: its sender has seen a
        receipt and never sees a reset.
        """
        for refusal, line in (
            (None, b""),
            (Refusal(Reason.MALFORMED, "what?"), b"! malformed: what?\n"),
        ):
            first = len(self.taking)
            lingering, lively = self.come(2, data=b"line\n")
            self.network.advance(LINE_SECONDS + SOON)
            self.write(lively, b"more")
            self.decide(refusal, first)
            self.assertTold(lingering, line)
            self.network.advance(EVICTABLE_SILENCE)
            self.write(lively, b"more")
            open_ = len(self.factory.protocols)
            (third,) = self.come()
            self.assertEqual(len(self.factory.protocols), open_)
            self.end(lingering)
            self.assertTold(lingering, line)
            self.assertIsNone(lingering.reason)
            self.end(third)
            self.decide()
            self.assertTold(third)
            lively.transport.abortConnection()
            self.network.settle()

    def test_answeredJustNow(self) -> None:
        """
        Nobody who was answered within the last second has to make room.
        """
        self.come(2, data=b"line\n")
        self.network.advance(LINE_SECONDS + 10)
        self.decide(which=0)
        self.decide(which=1)
        self.network.advance(EVICTABLE_SILENCE - 0.01)
        (third,) = self.come()
        self.end(third)
        self.assertTold(third, TOO_MANY)
        self.network.advance(0.01)
        (fourth,) = self.come()
        self.end(fourth)
        self.decide()
        self.assertTold(fourth)

    def test_further(self) -> None:
        """
        A further message keeps its connection while it comes; one that is silent in the middle
        of it makes room with a reset.
        """
        answered, lively = self.come(2, data=b"line\n")
        self.network.advance(LINE_SECONDS + SOON)
        self.decide(which=0)
        self.network.advance(EVICTABLE_SILENCE)
        self.write(answered, b"more")
        (third,) = self.come()
        self.end(third)
        self.assertTold(third, TOO_MANY)
        self.network.advance(EVICTABLE_SILENCE)
        (fourth,) = self.come()
        self.write(answered, b"more")
        self.assertIs(answered.reason.type, ConnectionLost)
        self.assertOpen(lively, fourth)
        (further,) = [taken for taken in self.taking if taken.data == b"more"]
        assert further.reason is not None
        further.reason.trap(ConnectionEvicted)

    def test_late(self) -> None:
        """
        What comes after a refusal does not keep a connection.
        """
        refused, lively = self.come(2, data=b"line\n")
        self.network.advance(LINE_SECONDS + SOON)
        refusal = Refusal(Reason.MALFORMED, "what?")
        self.decide(refusal, which=0)
        self.network.advance(EVICTABLE_SILENCE)
        self.write(refused, b"more")
        self.come()
        self.assertEqual(len(self.factory.protocols), 2)
        self.assertTold(refused, refusal.line())
        self.assertWaiting(lively)

    def test_toldIsSilent(self) -> None:
        """
        Who was turned away and stays makes room as well.
        """
        senders = self.come(4)
        self.network.advance(EVICTABLE_SILENCE)
        for sender in senders[:2]:
            self.write(sender, b"x")
        (fifth,) = self.come()
        self.assertReset(senders[2])
        self.assertOpen(senders[0], senders[1], senders[3], fifth)
        self.assertEqual(self.counters["evicted.connection_cap"], 1)
