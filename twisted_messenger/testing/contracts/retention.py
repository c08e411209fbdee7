"""
What every store must drop of its log, and how much at once. See ``store``.
"""

from twisted_messenger.entry import ENTRY_OVERHEAD, LogLimits
from twisted_messenger.roster import MemberState, Progress
from twisted_messenger.stores.retention import STEP
from twisted_messenger.testing.contracts.roster import anyone, at, post
from twisted_messenger.testing.contracts.steering import SteeringContract


class RetentionContract(SteeringContract):
    """
    The tests of what any store drops of its log.
    """

    def trim(self, *, entries: int = 0, size: int = 0, seconds: float = 0) -> int:
        """
        Drop what is over the limits, and forget what everybody has.

        :returns: how many entries were dropped.
        """
        limits = LogLimits(entries, size, seconds, keptEntries=0)
        return self.successResultOf(self.store.trim(limits))

    def fill(self, count: int) -> None:
        """
        Append many messages.
        """
        for number in range(count):
            self.say(str(number))

    def assertSize(self, size: int) -> None:
        """
        Fail unless the log counts so many bytes; it loses its oldest entry.
        """
        self.assertEqual(self.trim(size=size), 0)
        self.assertEqual(self.trim(size=size - 1), 1)

    def test_tooMany(self) -> None:
        """
        Of too many messages the oldest go, and who was behind is put behind them.
        """
        self.join("bob", 5000)
        positions = self.say("one", "two", "three", "four", "five")
        self.assertEqual(self.trim(entries=5), 0)
        self.assertEqual(self.trim(entries=3), 2)
        self.assertEqual(self.texts(), ["three", "four", "five"])
        bob = self.state("bob")
        self.assertEqual(bob.progress, Progress(positions[1], due=2))
        self.assertEqual(self.news().head, positions[4])

    def test_tooBig(self) -> None:
        """
        Of too many bytes the oldest go; names count, and letters by the bytes they take.
        """
        self.join("bob", 5000)
        first = self.hear("zoë", "né")
        self.hear("alice", "x" * 1000)
        size = 2 * ENTRY_OVERHEAD + 4 + 3 + 5 + 1000
        self.assertEqual(self.trim(size=size), 0)
        self.assertEqual(self.trim(size=size - 1), 1)
        self.assertEqual(self.state("bob").progress.cursor, first)
        self.assertEqual([entry.name for entry in self.read()], ["alice"])
        self.assertSize(ENTRY_OVERHEAD + 5 + 1000)
        self.assertEqual(self.texts(), [])

    def test_tooOld(self) -> None:
        """
        What is older than the limit goes.
        """
        self.join("bob", 5000)
        for text in ("one", "two", "three"):
            self.say(text)
            self.elapse(100)
        self.assertEqual(self.trim(seconds=320), 0)
        self.assertEqual(self.trim(seconds=150), 2)
        self.assertEqual(self.texts(), ["three"])
        self.assertEqual(self.trim(seconds=120), 0)
        self.elapse(30)
        self.assertEqual(self.trim(seconds=120), 1)

    def test_clockIsSet(self) -> None:
        """
        A clock that is set, ahead or back, neither drops nor keeps anything.
        """
        self.join("bob", 5000)
        for time in (1e9, 2e9, 1.0):
            self.successResultOf(self.store.append(post("x")._replace(time=time), anyone))
        self.assertEqual(self.trim(seconds=150), 0)
        self.elapse(200)
        self.assertEqual(self.trim(seconds=150), 3)

    def test_severalLimits(self) -> None:
        """
        Of several limits the tightest counts, whichever it is.
        """
        self.join("bob", 5000)
        for _ in range(6):
            self.hear("alice")
            self.elapse(100)
        one = ENTRY_OVERHEAD + 6
        self.assertEqual(self.trim(entries=5, size=6 * one, seconds=650), 1)
        self.assertEqual(self.trim(entries=5, size=4 * one, seconds=550), 1)
        self.assertEqual(self.trim(entries=4, size=4 * one, seconds=350), 1)
        self.assertEqual(self.trim(entries=3, size=3 * one, seconds=350), 0)

    def test_noLimits(self) -> None:
        """
        0 means no limit.
        """
        self.join("bob", 5000)
        self.hear("alice", "x" * 10_000)
        self.elapse(1e9)
        self.assertEqual(self.trim(), 0)
        self.assertEqual(len(self.texts()), 1)

    def test_nothingOver(self) -> None:
        """
        Where nothing is over a limit, nobody loses anything and nobody is told.
        """
        self.assertEqual(self.trim(entries=1, size=1, seconds=1), 0)
        bob = self.join("bob", 5000)
        self.say("one", "two")
        revision = self.news().revision
        self.assertEqual(self.trim(entries=2, size=10_000, seconds=1000), 0)
        self.assertEqual(self.texts(), ["one", "two"])
        news = self.news(revision)
        self.assertEqual((list(news.members), news.revision), ([], revision))
        self.assertEqual(self.state("bob"), bob)

    def test_running(self) -> None:
        """
        How long the room has been running goes on by itself, and only forwards.
        """
        before = self.store.running()
        self.elapse(100)
        self.say("x")
        self.assertGreaterEqual(self.store.running(), before)

    def missed(self) -> dict[str, int]:
        """
        How much each member lost.
        """
        return {state.member.name: state.progress.missed for state in self.news().members}

    def test_trimmingWakes(self) -> None:
        """
        Who follows the store learns at once what was dropped.
        """
        self.join("bob", 5000)
        self.say("one", "two")
        seen: list[tuple[list[str], MemberState]] = []
        self.store.follow(lambda: seen.append((self.texts(), self.state("bob"))))
        self.trim(entries=1)
        self.assertEqual(seen[-1:], [(["two"], self.state("bob"))])
        self.assertEqual(self.state("bob").progress.missed, 1)

    def test_boundedSteps(self) -> None:
        """
        A long log is dropped piece by piece, so that nobody waits long for the store.
        """
        self.join("bob", 5000)
        self.fill(2 * STEP + 10)
        pieces = []
        while piece := self.trim(entries=4):
            pieces.append(piece)
        self.assertEqual(pieces, [STEP, STEP, 6])
        last = [str(number) for number in range(2 * STEP + 6, 2 * STEP + 10)]
        self.assertEqual(self.texts(), last)
        self.assertEqual(self.missed(), {"bob": 2 * STEP + 6})

    def test_boundedByBytes(self) -> None:
        """
        Sizes are right between the pieces too.
        """
        self.join("bob", 5000)
        self.fill(STEP + 2)
        self.assertEqual([self.trim(size=1) for _ in range(3)], [STEP, 2, 0])

    def test_emptied(self) -> None:
        """
        When everything was dropped, the log goes on with the right size.
        """
        self.join("bob", 5000)
        last = self.say("one", "two")[-1]
        self.assertEqual(self.trim(size=1), 2)
        self.assertEqual((self.texts(), self.news().head), ([], last))
        self.assertEqual(self.trim(size=1), 0)
        self.assertGreater(self.say("three")[0], last)
        self.assertSize(ENTRY_OVERHEAD + len("alicethree"))

    def test_sizeOfWhatIsLeft(self) -> None:
        """
        What every member has, or nobody was there for, takes no room.
        """
        self.say("for nobody")
        self.join("bob", 5000)
        positions = self.say("one", "two", "three")
        self.advance(bob=positions[1])
        self.assertSize(ENTRY_OVERHEAD + len("alicethree"))
        self.say("four", "five")
        self.successResultOf(self.store.leave(at("bob", 5000)))
        self.join("carol", 5001)
        self.say("six")
        self.assertSize(ENTRY_OVERHEAD + len("alicesix"))

    def test_refusedTakesNoRoom(self) -> None:
        """
        A message that was refused takes no room.
        """
        self.join("bob", 5000)
        self.say("one")
        self.refuse(post("two"))
        self.assertSize(ENTRY_OVERHEAD + len("aliceone"))
