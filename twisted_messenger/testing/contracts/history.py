"""
What every store must keep of what everybody has, for those who come later. See ``store``.
"""

from dataclasses import replace

from twisted_messenger.entry import ENTRY_OVERHEAD, LogExtent, LogLimits
from twisted_messenger.roster import MemberOptions
from twisted_messenger.stores.retention import STEP
from twisted_messenger.testing.contracts.roster import anyone, at, post
from twisted_messenger.testing.contracts.shares import SharesContract

_UNLIMITED = LogLimits(0, 0, 0, 1_000_000, 1e9)

# What a message of one letter by alice counts.
_ONE = ENTRY_OVERHEAD + len("alicex")


class HistoryContract(SharesContract):
    """
    The tests of what any store keeps of what waits for nobody.
    """

    def keep(
        self,
        entries: int = _UNLIMITED.keptEntries,
        seconds: float = _UNLIMITED.keptSeconds,
        **limits: int,
    ) -> int:
        """
        Forget what is over the limits, of what everybody has.

        :returns: how many entries somebody lost.
        """
        kept = replace(_UNLIMITED, keptEntries=entries, keptSeconds=seconds, **limits)
        return self.successResultOf(self.store.trim(kept))

    def history(self, after: int = 0, limit: int = 100, maxBytes: int = 2**30) -> list[str]:
        """
        What is in the log after a position, whoever has it.
        """
        entries = self.successResultOf(self.store.history(after, limit, maxBytes))
        return [entry.text for entry in entries]

    def newest(self, limit: int, maxBytes: int = 2**30) -> list[str]:
        """
        The last texts of the log.
        """
        entries = self.successResultOf(self.store.newest(limit, maxBytes))
        return [entry.text for entry in entries]

    def late(self, name: str, port: int, history: int) -> int:
        """
        Register somebody new that begins some messages back.

        :returns: the position after which it begins.
        """
        self.enrol(at(name, port, options=MemberOptions(history=history)))
        return self.state(name).progress.cursor

    def test_kept(self) -> None:
        """
        What nobody was there for, and what everybody has, can be read by who comes later.
        """
        self.say("for nobody")
        self.join("bob", 5000)
        (last,) = self.say("for bob")
        self.advance(bob=last)
        self.successResultOf(self.store.trim(LogLimits()))
        self.assertEqual(self.history(), ["for nobody", "for bob"])
        self.assertEqual(self.texts(), [])

    def test_extent(self) -> None:
        """
        How far the log reaches is known without reading it, and how much is in it.
        """
        self.assertEqual(self.extent(), LogExtent(0, 1, 0, 0))
        first, _, third = self.say("x", "x", "x")
        self.assertEqual(self.extent(), LogExtent(third, first, 3, 3 * _ONE))
        self.keep(entries=1)
        self.assertEqual(self.extent(), LogExtent(third, third, 1, _ONE))
        self.keep(entries=0)
        self.assertEqual(self.extent(), LogExtent(third, third + 1, 0, 0))

    def extent(self) -> LogExtent:
        """
        How far the log reaches.
        """
        return self.successResultOf(self.store.extent())

    def test_pages(self) -> None:
        """
        It is read from anywhere, so many at once, oldest first; or its end.
        """
        first, second, *_ = self.say("one", "two", "three", "four")
        self.assertEqual(self.history(first, 2), ["two", "three"])
        self.assertEqual(self.history(second), ["three", "four"])
        self.assertEqual(self.newest(3), ["two", "three", "four"])
        self.assertEqual(self.newest(9), ["one", "two", "three", "four"])

    def test_historyOfBytes(self) -> None:
        """
        No more bytes than asked for, but one message at least: from the end it is the newest.
        """
        self.say("x" * 10_000, "y" * 10_000, "z" * 10_000)
        self.assertEqual([text[0] for text in self.newest(9, 25_000)], ["y", "z"])
        self.assertEqual([text[0] for text in self.newest(9, 1)], ["z"])
        self.assertEqual(self.history(0, 9, 1), ["x" * 10_000])

    def test_keptEntries(self) -> None:
        """
        So many of them are kept, the newest; 0 keeps none.
        """
        self.say("one", "two", "three")
        self.keep(entries=3)
        self.assertEqual(self.history(), ["one", "two", "three"])
        self.keep(entries=2)
        self.assertEqual(self.history(), ["two", "three"])
        self.keep(entries=0)
        self.assertEqual(self.history(), [])

    def test_keptSeconds(self) -> None:
        """
        They are kept for so long, while the room runs; 0 keeps none.
        """
        for text in ("one", "two"):
            self.say(text)
            self.elapse(100)
        self.keep(seconds=300)
        self.assertEqual(self.history(), ["one", "two"])
        self.keep(seconds=150)
        self.assertEqual(self.history(), ["two"])
        self.keep(seconds=0)
        self.assertEqual(self.history(), [])

    def test_whatWaitsComesFirst(self) -> None:
        """
        Where there are too many bytes, what everybody has goes before what waits.
        """
        self.say("a", "b")
        self.join("bob", 5000)
        self.say("c", "d")
        self.assertEqual(self.keep(bytes=3 * _ONE), 0)
        self.assertEqual(self.history(), ["b", "c", "d"])
        self.assertEqual(self.keep(bytes=2 * _ONE), 0)
        self.assertEqual(self.keep(bytes=1 * _ONE), 1)
        self.assertEqual(self.history(), ["d"])

    def test_isNotCountedAsWaiting(self) -> None:
        """
        What is kept takes no place of what waits, and what waits none of what is kept.
        """
        self.say("a", "b", "c")
        self.join("bob", 5000)
        self.say("d", "e")
        self.assertEqual(self.keep(entries=3), 0)
        self.assertEqual(len(self.history()), 5)
        self.assertEqual(self.successResultOf(self.store.trim(LogLimits(entries=2))), 0)
        self.assertEqual(len(self.history()), 5)

    def test_lostIsKept(self) -> None:
        """
        What a member was away for too long to get, others can still read.
        """
        self.join("bob", 5000)
        self.say("one", "two", "three")
        self.assertEqual(self.successResultOf(self.store.trim(LogLimits(entries=1))), 2)
        self.assertEqual(self.state("bob").progress.missed, 2)
        self.assertEqual(self.texts(), ["three"])
        self.assertEqual(self.history(), ["one", "two", "three"])

    def test_lateMember(self) -> None:
        """
        A new member begins in what everybody has, and does not lose it while it catches up.
        """
        self.join("bob", 5000)
        positions = self.say("one", "two", "three")
        self.advance(bob=positions[2])
        self.assertEqual(self.late("eve", 5001, 2), positions[0])
        self.assertEqual(self.keep(entries=0), 0)
        self.assertEqual(self.texts(), ["two", "three"])
        self.advance(eve=positions[2])
        self.keep(entries=0)
        self.assertEqual(self.history(), [])

    def test_lateAfterALoss(self) -> None:
        """
        So it does where somebody else has lost what it begins with.
        """
        self.join("bob", 5000)
        self.say("one", "two", "three")
        self.successResultOf(self.store.trim(LogLimits(entries=1)))
        start = self.late("eve", 5001, 99)
        self.assertEqual(self.texts(start), ["one", "two", "three"])

    def test_shares(self) -> None:
        """
        What everybody has is nobody's share, until somebody new asks for it.
        """
        self.assertEqual([self.share("10.0.0.1") for _ in range(3)], [True] * 3)
        head = self.news().head
        self.late("eve", 5001, 2)
        self.assertFalse(self.share("10.0.0.1"))
        self.advance(eve=head - 1)
        self.assertEqual([self.share("10.0.0.1") for _ in range(2)], [True, False])
        self.advance(eve=head + 1)
        self.assertEqual([self.share("10.0.0.1") for _ in range(3)], [True, True, False])

    def test_much(self) -> None:
        """
        However much there is, all that is over the limits goes.
        """
        for _ in range(2):
            self.fill(STEP)
            self.keep()
        self.keep(entries=3)
        self.assertEqual(self.history(), [str(STEP - left) for left in (3, 2, 1)])

    def test_refusedIsNotKept(self) -> None:
        """
        What was not admitted cannot be read later.
        """
        self.refuse(post("x"))
        self.assertEqual(self.history(), [])

    def test_keptOverAClose(self) -> None:
        """
        After it was closed and opened, as much is kept and as much waits as before.
        """
        self.say("one", "two")
        self.join("bob", 5000)
        positions = self.say("three", "four")
        self.advance(bob=positions[0])
        self.successResultOf(self.store.close())
        self.openStore()
        self.assertEqual(self.keep(entries=2, bytes=10 * _ONE), 0)
        self.assertEqual(self.history(), ["two", "three", "four"])
        self.assertEqual(self.texts(), ["four"])
        self.successResultOf(self.store.append(post("five"), anyone))
        self.assertEqual(self.successResultOf(self.store.trim(LogLimits(entries=1))), 1)
