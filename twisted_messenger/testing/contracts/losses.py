"""
What a member loses when the log is trimmed, and what every store must say of it. See ``store``.
"""

from dataclasses import replace

from twisted_messenger.roster import Progress, RosterLimits
from twisted_messenger.stores.retention import MEMBERS_STEP
from twisted_messenger.testing.contracts.retention import RetentionContract
from twisted_messenger.testing.contracts.roster import at


class LossesContract(RetentionContract):
    """
    The tests of what members lose.
    """

    def test_whoLosesWhat(self) -> None:
        """
        A member misses what others said and it had not yet: neither its own nor what it had.
        """
        before = {name: self.join(name, 5000 + i) for i, name in enumerate("abcde")}
        _, two, three, four = (self.hear(name) for name in "xaxb")
        last = self.hear("x")
        self.advance(b=two, c=three, d=four, e=last)
        revision = self.news().revision
        self.assertEqual(self.trim(entries=1), 4)
        news = {state.member.name: state for state in self.news(revision).members}
        self.assertEqual(
            {name: state.progress.missed for name, state in news.items()},
            {"a": 3, "b": 1, "c": 1},
        )
        for state in news.values():
            self.assertEqual(state.progress.cursor, four)
            self.assertEqual(state.member, before[state.member.name].member)
            self.assertEqual(state.registered, before[state.member.name].registered)
        for name, cursor in (("d", four), ("e", last)):
            self.assertEqual(self.state(name), replace(before[name], progress=Progress(cursor)))

    def test_restOfProgressStays(self) -> None:
        """
        What else is known of a member's way is not touched.
        """
        self.join("bob", 5000)
        self.progressed("bob", Progress(0, 3, 2, True))
        positions = self.say("one", "two")
        self.trim(entries=1)
        self.assertEqual(self.state("bob").progress, Progress(positions[0], 4, 2, True))

    def test_ownUnderATakenName(self) -> None:
        """
        A member that took a name misses what a stranger had said under it, not what it said itself.
        """
        self.join("bob", 5000)
        self.hear("ann", "a stranger's")
        self.enrol(at("ann", 5000))
        self.hear("ann", "her own")
        self.hear("ci")
        self.assertEqual(self.trim(entries=1), 2)
        self.assertEqual(self.state("ann").progress.missed, 1)

    def test_manyAreBehind(self) -> None:
        """
        However many members are behind, each loses what it had not yet.
        """
        for number in range(MEMBERS_STEP + 3):
            self.successResultOf(self.store.enrol(at(f"m{number}", 5000 + number), RosterLimits()))
        positions = self.say("one", "two", "three")
        self.advance(m7=positions[0])
        self.assertEqual(self.trim(entries=1), 2)
        self.assertEqual(self.texts(), ["three"])
        missed = self.missed()
        self.assertEqual(missed.pop("m7"), 1)
        self.assertEqual(set(missed.values()), {2})

    def test_lateCursor(self) -> None:
        """
        A cursor that was on its way while the log was trimmed: what it had is not lost.
        """
        self.join("bob", 5000)
        positions = self.say("one", "two", "three")
        self.trim(entries=1)
        late = Progress(positions[0], due=1, settled=1)
        self.assertEqual(self.progressed("bob", late), Progress(positions[1], 2, 1))

    def test_lateCursorBeyond(self) -> None:
        """
        One that had all that was dropped, and more, has lost nothing.
        """
        self.join("bob", 5000)
        positions = self.say("one", "two", "three", "four")
        self.trim(entries=2)
        there = Progress(positions[2], 3, 3, True)
        self.assertEqual(self.progressed("bob", there), there)
        self.assertEqual(self.texts(), ["four"])

    def test_nothingIsReadAcrossALoss(self) -> None:
        """
        Who reads on after what a member had last gets nothing, until it knows what the member lost.
        """
        bob = self.join("bob", 5000)
        positions = self.say("one", "two", "three", "four")
        self.trim(entries=2)
        self.assertEqual(self.texts(0), [])
        self.assertEqual(self.texts(positions[0]), [])
        floor = self.news(bob.registered).floor
        self.assertEqual((floor, self.news().floor), (positions[1], positions[1]))
        self.assertEqual(self.texts(floor), ["three", "four"])

    def test_readAcrossWhatEverybodyHas(self) -> None:
        """
        What every member had is no loss: a reader that was elsewhere goes on after it.
        """
        self.join("bob", 5000)
        positions = self.say("one", "two", "three")
        self.advance(bob=positions[1])
        self.assertEqual((self.texts(), self.news().floor), (["three"], 0))

    def test_lossesAddUp(self) -> None:
        """
        What a member lost is counted over its whole life; a newcomer lost nothing.
        """
        self.join("bob", 5000)
        self.say("one", "two", "three")
        self.trim(entries=1)
        self.join("carol", 5001)
        self.say("four", "five")
        self.trim(entries=1)
        self.assertEqual(self.missed(), {"bob": 4, "carol": 1})
        for asked in (at("bob", 5000), at("bob", 5002), at("rob", 5002)):
            self.enrol(asked)
        self.assertEqual(self.missed(), {"rob": 4, "carol": 1})

    def test_lossesOfTheMerged(self) -> None:
        """
        Two that become one have what the slower of them lost, until they are told.
        """
        self.join("bob", 5000)
        self.join("rob", 5001)
        positions = self.say("one", "two", "three")
        self.advance(rob=positions[2])
        self.trim(entries=1)
        self.enrol(at("rob", 5000))
        self.assertEqual(self.state("rob").progress, Progress(positions[1], due=2))
