"""
The room: how much each source may send.
"""

from tests.roomtestcase import GUEST, HOME, OTHER, RoomTestCase
from twisted_messenger.address import Source
from twisted_messenger.rates import RateLimit
from twisted_messenger.refusal import Reason, Refusal
from twisted_messenger.room.chatroom import ChatRoom
from twisted_messenger.room.policy import AdmissionPolicy

#: On the same network.
SIX, NEIGHBOUR = Source("2001:db8::1", False), Source("2001:db8::ffff:1", False)

OVER = Refusal(Reason.RATE, "more than 2 messages a second from your address")


class ChargeTests(RoomTestCase):
    """
    Three messages at once, two a second.
    """

    def setUp(self) -> None:
        """
        Open a room with that limit.
        """
        super().setUp()
        self.make(AdmissionPolicy(), rates=RateLimit(2, 3))

    def charge(self, *sources: Source) -> list[Refusal | None]:
        """
        Receive a message from each of these.
        """
        return [self.room.charge(source) for source in sources]

    def test_told(self) -> None:
        """
        One more than the burst is refused for now, and the refusal tells the rate.
        """
        self.assertEqual(self.charge(*[GUEST] * 5), [None] * 3 + [OVER] * 2)
        self.assertEqual(OVER.line(), b"~ rate: more than 2 messages a second from your address\n")

    def test_fraction(self) -> None:
        """
        So it does where it is no whole number.
        """
        self.make(AdmissionPolicy(), rates=RateLimit(0.25, 1))
        *_, refusal = self.charge(GUEST, GUEST)
        assert refusal is not None
        self.assertIn("more than 0.25 messages", refusal.detail)

    def test_comesBack(self) -> None:
        """
        Two a second come back, by a clock that nobody sets, up to the burst; to go on in vain
        costs nothing.
        """
        self.charge(*[GUEST] * 20)
        for seconds, taken in ((0.4, 0), (0.1, 1), (0.5, 1), (1, 2), (60, 3)):
            self.steady.advance(seconds)
            told = self.charge(*[GUEST] * 5)
            self.assertEqual((seconds, told.count(None)), (seconds, taken))

    def test_others(self) -> None:
        """
        Another source is not bothered.
        """
        self.charge(*[GUEST] * 10)
        self.assertEqual(self.charge(*[OTHER] * 4), [None] * 3 + [OVER])
        self.assertEqual(self.charge(SIX), [None])

    def test_network(self) -> None:
        """
        An IPv6 network is one source.
        """
        self.assertEqual(
            self.charge(SIX, NEIGHBOUR, SIX, NEIGHBOUR, Source("2001:db8:0:1::1", False)),
            [None, None, None, OVER, None],
        )

    def test_loopback(self) -> None:
        """
        This machine may say as much as it likes.
        """
        for source in (HOME, Source("::1"), Source.between(None, None)):
            self.assertEqual(self.charge(*[source] * 10), [None] * 10)

    def test_certificates(self) -> None:
        """
        Certificates do not multiply what an address may send.
        """
        people = [Source("10.0.0.7", False, name) for name in "abcd"]
        self.assertEqual(self.charge(*people), [None] * 3 + [OVER])

    def test_noLimit(self) -> None:
        """
        Without a limit nobody is told to wait.
        """
        self.make(AdmissionPolicy(), rates=RateLimit(0, 1))
        self.assertEqual(self.charge(*[GUEST] * 200), [None] * 200)

    def test_default(self) -> None:
        """
        Without a word it is a hundred at once, twenty a second.
        """
        self.room = ChatRoom(self.store, steady=self.steady.seconds)
        self.assertEqual(self.charge(*[GUEST] * 101).count(None), 100)
        self.steady.advance(1)
        self.assertEqual(self.charge(*[GUEST] * 21).count(None), 20)

    def test_bytes(self) -> None:
        """
        Large messages are limited by their bytes; others, and this machine, are not bothered.
        """
        self.make(AdmissionPolicy(), None, RateLimit(0, 1), RateLimit(10.0, 100))
        sizes = (60, 50, 40, 1)
        told = [self.room.charge(GUEST, size) for size in sizes]
        self.assertEqual([one is None for one in told], [True, False, True, False])
        refusal = told[1]
        assert refusal is not None
        line = b"~ rate: more than 10 bytes a second from your address\n"
        self.assertEqual(refusal.line(), line)
        self.steady.advance(5)
        self.assertIsNone(self.room.charge(GUEST, 50))
        self.assertIsNone(self.room.charge(OTHER, 100))
        self.assertIsNone(self.room.charge(HOME, 10**9))

    def test_whoCharges(self) -> None:
        """
        Whoever receives a message charges for it, once: what the room is told costs nothing more.
        """
        self.join("keeper", port=9999)
        for number in range(5):
            self.join("ann", source=GUEST)
            self.say("ann", str(number), GUEST)
            self.room.refuse(Refusal(Reason.MALFORMED, "what?"), GUEST)
            self.assertTaken(self.room.leave("ann", "", 5000, GUEST))
        self.assertEqual(self.charge(GUEST), [None])
        self.assertEqual(self.counters["refused.malformed"], 5)

    def test_notCounted(self) -> None:
        """
        Nor is a refusal for the rate counted before somebody reports it.
        """
        *_, refusal = self.charge(*[GUEST] * 4)
        self.assertEqual((self.counters.snapshot(), self.lines()), ({}, []))
        assert refusal is not None
        self.room.refuse(refusal, GUEST)
        self.assertEqual(self.counters.snapshot(), {"refused.rate": 1})
        self.assertEqual(self.lines(), [f"refused rate from 10.0.0.7: {refusal.detail}"])

    def test_askers(self) -> None:
        """
        Look-ups are counted for the same sources; this machine is one of them.
        """
        for source in (GUEST, SIX, NEIGHBOUR, HOME, Source("::1")):
            self.successResultOf(self.room.register("ann", "desk", 5000, source))
        self.assertEqual(
            self.names.askers,
            ["10.0.0.7", "2001:db8::/64", "2001:db8::/64", "127.0.0.1", "127.0.0.1"],
        )
