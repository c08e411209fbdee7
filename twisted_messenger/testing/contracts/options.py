"""
What every store must do with a registration's options and its key. See ``store``.
"""

from twisted_messenger.entry import LogLimits
from twisted_messenger.refusal import Reason, Refusal
from twisted_messenger.roster import Change, Enrolled, MemberOptions, Progress, RosterLimits
from twisted_messenger.testing.contracts.progress import ProgressContract
from twisted_messenger.testing.contracts.roster import HOME, OFFICE, anyone, at, post

_KEY = "correct-horse"
_JSON = MemberOptions(json=True, ack=True)


class OptionsContract(ProgressContract):
    """
    The tests of what any store keeps of a fifth field.
    """

    def options(self, name: str) -> MemberOptions:
        """
        How a member wants its pushes.
        """
        return self.state(name).member.options

    def test_kept(self) -> None:
        """
        What a member asked for is kept, whatever it does without asking for something else.
        """
        self.assertIs(self.enrol(at("bob", 5000, options=_JSON)), Change.JOINED)
        for asked in (at("bob", 5000), at("bob", 5001), at("rob", 5001)):
            self.enrol(asked)
            self.assertEqual(self.options(asked.name), _JSON)
        self.enrol(at("rob", 5001, options=MemberOptions(newline=True)))
        self.assertEqual(self.options("rob"), MemberOptions(newline=True))
        self.enrol(at("rob", 5001, options=MemberOptions()))
        self.assertEqual(self.options("rob"), MemberOptions())

    def test_merged(self) -> None:
        """
        Two members that become one have the options of the name that stays.
        """
        self.enrol(at("bob", 5000, options=_JSON))
        self.join("carol", 5001)
        self.assertIs(self.enrol(at("bob", 5001)), Change.MERGED)
        self.assertEqual(self.options("bob"), _JSON)

    def test_historyIsNotKept(self) -> None:
        """
        How far back a member began is no property of the member.
        """
        self.enrol(at("bob", 5000, options=MemberOptions(json=True, history=5)))
        self.assertEqual(self.options("bob"), MemberOptions(json=True))

    def hear(self, name: str, text: str = "x") -> int:
        """
        Append a message of somebody.

        :returns: its position.
        """
        position = self.successResultOf(self.store.append(post(text, name), anyone))
        assert isinstance(position, int)
        return position

    def test_history(self) -> None:
        """
        A new member can begin some messages back; those under its own name do not count.
        """
        self.join("bob", 5000)
        positions = [self.hear(name) for name in ("ci", "carol", "ci", "carol", "ci")]
        for history, before, name in (
            (0, positions[4], "dan"),
            (1, positions[3], "eve"),
            (2, positions[2], "fay"),
            (5, positions[0] - 1, "gus"),
            (99, positions[0] - 1, "hal"),
            (1, positions[2], "carol"),
        ):
            port = 6000 + before + 10 * len(self.news().members)
            options = MemberOptions(history=history)
            self.assertIs(self.enrol(at(name, port, options=options)), Change.JOINED)
            cursor = self.state(name).progress.cursor
            waits = [e for e in self.read(cursor) if not self.state(name).said(e.position, e.name)]
            self.assertEqual(len(waits), min(history, 5), name)
            self.assertLessEqual(before, cursor)

    def test_historyOfNothing(self) -> None:
        """
        Where the log is empty, it begins now, and so does who is there already.
        """
        self.hear("ci")
        self.successResultOf(self.store.trim(LogLimits(keptEntries=0)))
        self.enrol(at("bob", 5000, options=MemberOptions(history=5)))
        head = self.news().head
        self.assertEqual(self.state("bob").progress.cursor, head)
        self.hear("ci")
        self.advance(bob=head + 1)
        self.enrol(at("bob", 5000, options=MemberOptions(history=5)))
        self.assertEqual(self.state("bob").progress.cursor, head + 1)

    def test_keyTakesBack(self) -> None:
        """
        Who shows the key may come from anywhere: the place stays, and the owner is the new address.
        """
        self.enrol(at("bob", 5000, HOME, key=_KEY))
        before = self.state("bob")
        self.say("missed")
        self.assertIs(self.enrol(at("bob", 5000, OFFICE, key=_KEY)), Change.MOVED)
        after = self.state("bob")
        self.assertEqual((after.member.host, after.member.owner), (OFFICE, OFFICE))
        self.assertEqual((after.member.id, after.progress), (before.member.id, before.progress))
        self.assertEqual(after.member.key, before.member.key)
        self.assertRefused(self.enrol(at("bob", 5000, HOME)), Reason.NAME_TAKEN)

    def test_wrongKey(self) -> None:
        """
        With another key, or without one, the name is taken, and nothing changes.
        """
        self.enrol(at("bob", 5000, key=_KEY, options=_JSON))
        bob = self.state("bob")
        for key in (None, "incorrect-horse"):
            asked = at("bob", 5000, OFFICE, key=key)
            refusal = self.enrol(asked)
            self.assertRefused(refusal, Reason.NAME_TAKEN)
            assert isinstance(refusal, Refusal)
            self.assertIn("key", refusal.detail)
        self.assertEqual(list(self.news().members), [bob])

    def test_withoutTheKeyFromHome(self) -> None:
        """
        From where the key was shown, one may refresh without it; that changes neither key nor
        options.
        """
        self.enrol(at("bob", 5000, key=_KEY, options=_JSON))
        bob = self.state("bob").member
        self.assertIs(self.enrol(at("bob", 5000, options=MemberOptions())), Change.REFRESHED)
        self.assertEqual(self.state("bob").member, bob)
        self.assertRefused(self.enrol(at("bob", 5001)), Reason.NAME_TAKEN)
        self.assertRefused(self.enrol(at("rob", 5000)), Reason.NOT_OWNER)

    def test_keyIsGivenUp(self) -> None:
        """
        Who leaves gives up the key: the name is anybody's.
        """
        self.enrol(at("bob", 5000, key=_KEY))
        self.assertIs(self.successResultOf(self.store.leave(at("bob", 5000))), True)
        self.assertIs(self.enrol(at("bob", 5000, OFFICE)), Change.JOINED)
        self.assertIsNone(self.state("bob").member.key)

    def test_secretIsNotKept(self) -> None:
        """
        Nothing that the store has tells the key.
        """
        self.enrol(at("bob", 5000, key=_KEY))
        key = self.state("bob").member.key
        assert key is not None
        self.assertNotIn(_KEY.encode(), key.salt + key.hash)
        self.assertNotIn(_KEY, repr(self.news()))

    def refresh(
        self, name: str, port: int, host: str = HOME, owner: str = "", key: str | None = None
    ) -> Enrolled | Refusal:
        """
        Ask whether a registration stands.
        """
        asked = at(name, port, host, owner or None, key=key, refresh=True)
        return self.successResultOf(self.store.enrol(asked, RosterLimits()))

    def test_stands(self) -> None:
        """
        Who asks whether its registration stands changes nothing, and nobody is woken.
        """
        self.enrol(at("bob", 5000, key=_KEY))
        bob, revision = self.state("bob"), self.news().revision
        woken: list[bool] = []
        self.store.follow(lambda: woken.append(True))
        self.assertEqual(self.refresh("bob", 5000), Enrolled())
        self.assertEqual(self.refresh("bob", 5000, key=_KEY), Enrolled())
        self.assertEqual((woken, self.news().revision, self.state("bob")), ([], revision, bob))

    def test_standsNot(self) -> None:
        """
        One that is gone is made anew, and begins now; another that has its place is left alone.
        """
        (head,) = self.say("before")
        self.assertEqual(self.refresh("bob", 5000), Enrolled(Change.JOINED, head))
        self.join("carol", 5001)
        before = list(self.news().members)
        for name, port, host, owner in (
            ("bob", 5002, HOME, HOME),
            ("dan", 5000, HOME, HOME),
            ("bob", 5001, HOME, HOME),
            ("bob", 5000, HOME, OFFICE),
            ("bob", 5000, OFFICE, OFFICE),
        ):
            self.assertRefused(self.refresh(name, port, host, owner), Reason.NAME_TAKEN)
        self.assertEqual(list(self.news().members), before)

    def test_names(self) -> None:
        """
        Who is there can be asked, in the order in which they came.
        """
        self.assertEqual(self.successResultOf(self.store.names(10)), [])
        for number, name in enumerate("zab"):
            self.join(name, 5000 + number)
        self.enrol(at("z", 5000))
        self.assertEqual(self.successResultOf(self.store.names(10)), ["z", "a", "b"])
        self.assertEqual(self.successResultOf(self.store.names(2)), ["z", "a"])

    def test_failing(self) -> None:
        """
        What is known of a member that fails is kept as it was said last; a registration ends it.
        """
        self.join("bob", 5000)
        failing = Progress(0, reached=True, failingSince=17.5, attempts=3, lastReached=1e9)
        self.assertEqual(self.progressed("bob", failing), failing)
        healthy = Progress(0, reached=True, lastReached=1e9 + 1)
        self.assertEqual(self.progressed("bob", healthy), healthy)
        self.progressed("bob", failing)
        for asked in (at("bob", 5000), at("bob", 5001), at("rob", 5001)):
            self.enrol(asked)
            self.assertEqual(self.state(asked.name).progress, healthy)

    def test_beyondTheHead(self) -> None:
        """
        Nobody has what has not been said: the next message is not lost, whatever was reported.
        """
        self.join("bob", 5000)
        self.assertEqual(self.progressed("bob", Progress(1000)).cursor, self.news().head)
        self.say("one")
        self.assertEqual(self.texts(self.state("bob").progress.cursor), ["one"])

    def test_takenName(self) -> None:
        """
        What a stranger said under a name before a member took it is not the member's own.
        """
        self.join("bob", 5000)
        first = self.hear("ann", "a stranger's")
        self.enrol(at("ann", 5000))
        second = self.hear("ann", "her own")
        ann = self.state("ann")
        self.assertEqual([ann.said(one, "ann") for one in (first, second)], [False, True])
        self.assertFalse(ann.said(second, "bob"))
        self.enrol(at("ann", 5001))
        self.assertEqual(self.state("ann").named, ann.named)
