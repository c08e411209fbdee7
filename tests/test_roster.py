"""
What a registration does to an older one, and who may remove it.
"""

from dataclasses import replace

from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.address import PROGRAM, certificateKey, elsewhere, literal, machineKey
from twisted_messenger.refusal import Reason, Refusal
from twisted_messenger.registering import RosterState, decide, mayLeave
from twisted_messenger.roster import (
    Change,
    Enrolment,
    Member,
    Progress,
    RosterLimits,
    mergedProgress,
)

_HOME = "127.0.0.1"
_OFFICE = "10.0.0.5"
_ELSEWHERE = "10.0.0.6"


def _asked(name: str = "alice", host: str = _OFFICE, port: int = 9000) -> Enrolment:
    """
    A registration from the office.
    """
    return Enrolment(name, host, port, _OFFICE)


def _member(name: str, port: int, id: int, owner: str = _OFFICE, host: str = _OFFICE) -> Member:
    """
    Somebody who is registered already.
    """
    return Member(name, host, port, owner, id)


_ALICE = _member("alice", 9000, 1)
_ALICE_ELSEWHERE_PORT = _member("alice", 9001, 1)
_ALICE_OTHER_HOST = _member("alice", 9000, 1, host="10.0.0.7")
_BOB = _member("bob", 9000, 2)
_STRANGER_ALICE = _member("alice", 9001, 3, owner=_ELSEWHERE)
_STRANGER_THERE = _member("bob", 9000, 4, owner=_ELSEWHERE)

#: Who bears the name, who is at the address, what becomes of alice at port 9000 from the office.
_DECISIONS: list[tuple[Member | None, Member | None, Change | Reason]] = [
    (None, None, Change.JOINED),
    (_ALICE, _ALICE, Change.REFRESHED),
    (_ALICE_ELSEWHERE_PORT, None, Change.MOVED),
    (_ALICE_OTHER_HOST, None, Change.MOVED),
    (None, _BOB, Change.RENAMED),
    (_ALICE_ELSEWHERE_PORT, _BOB, Change.MERGED),
    (_STRANGER_ALICE, None, Reason.NAME_TAKEN),
    (_STRANGER_ALICE, _BOB, Reason.NAME_TAKEN),
    (_STRANGER_ALICE, _STRANGER_THERE, Reason.NAME_TAKEN),
    (None, _STRANGER_THERE, Reason.NOT_OWNER),
    (_ALICE_ELSEWHERE_PORT, _STRANGER_THERE, Reason.NOT_OWNER),
]

_BOT = Member("bot", "", 0, PROGRAM, 5)
_ENROLLED_BOT = Member("bot", _OFFICE, 9000, PROGRAM, 6)

#: Who asks for a name, who bears it, and what becomes of that.
_LISTENERS: list[tuple[Enrolment, Member | None, Change | Reason]] = [
    (Enrolment("bot", "", 0, PROGRAM), None, Change.JOINED),
    (Enrolment("bot", "", 0, PROGRAM), _BOT, Change.REFRESHED),
    (Enrolment("bot", "", 0, PROGRAM, after=7), None, Change.JOINED),
    (Enrolment("bot", "", 0, PROGRAM, after=7), _BOT, Change.JOINED),
    (Enrolment("bot", "", 0, PROGRAM), _ENROLLED_BOT, Reason.NAME_TAKEN),
    (Enrolment("alice", "", 0, PROGRAM, after=7), _STRANGER_ALICE, Reason.NAME_TAKEN),
    (Enrolment("bot", _OFFICE, 9000, PROGRAM), _BOT, Reason.NAME_TAKEN),
    (Enrolment("bot", _OFFICE, 9000, _OFFICE), _BOT, Reason.NAME_TAKEN),
]


def _outcome(
    asked: Enrolment, state: RosterState, limits: RosterLimits | None = None
) -> Change | Reason | str | None:
    """
    The decision, reduced to what a table can say.
    """
    decision = decide(asked, state, limits or RosterLimits())
    return decision.reason if isinstance(decision, Refusal) else decision


class MergedTests(SynchronousTestCase):
    """
    Two members that become one.
    """

    def test_losses(self) -> None:
        """
        Whatever one of them has lost and was not told of, the one that they become is told of, be
        it the slower one's or not.
        """
        for cursors in ((5, 5), (5, 7), (7, 5)):
            progress = mergedProgress([Progress(cursors[0], 9, 1), Progress(cursors[1], 4, 4)])
            self.assertEqual((progress.cursor, progress.missed), (5, 8))


class DecideTests(SynchronousTestCase):
    """
    A name and an address belong to the machine that registered them first.
    """

    def test_listeners(self) -> None:
        """
        A listener inside the program goes on where it was, or begins anew where it likes; it is no
        member at an address, and no such member is one.
        """
        for asked, named, expected in _LISTENERS:
            there = named if named is not None and named.address == asked.address else None
            self.assertEqual(_outcome(asked, RosterState(named, there, 1, 1)), expected)

    def test_everyCase(self) -> None:
        """
        The owner may come again, move, and change the name; nobody else may.
        """
        decided = [
            (named, there, _outcome(_asked(), RosterState(named, there, 1, 1)))
            for named, there, _ in _DECISIONS
        ]
        self.assertEqual(decided, _DECISIONS)

    def test_loopbackIsOneMachine(self) -> None:
        """
        Who registered over IPv4 may refresh over IPv6 on the same machine.
        """
        asked = Enrolment("alice", "::1", 9000, machineKey("::1"))
        there = Member("alice", _HOME, 9000, _HOME, 1)
        self.assertEqual(asked.address, there.address)
        self.assertIs(_outcome(asked, RosterState(there, there, 1, 1)), Change.REFRESHED)

    def test_refusalsSayWhose(self) -> None:
        """
        A refusal names what cannot be had.
        """
        taken = decide(_asked(), RosterState(_STRANGER_ALICE, None, 1, 0), RosterLimits())
        assert isinstance(taken, Refusal)
        self.assertIn("alice", taken.detail)
        there = decide(_asked(), RosterState(None, _STRANGER_THERE, 1, 1), RosterLimits())
        assert isinstance(there, Refusal)
        self.assertIn("10.0.0.5:9000", there.detail)


class CapTests(SynchronousTestCase):
    """
    A room has so many members, and so many behind one host.
    """

    def test_defaults(self) -> None:
        """
        A room takes 10,000 members, 32 of them at one host.
        """
        self.assertEqual(RosterLimits(), RosterLimits(members=10_000, perHost=32))

    def test_joining(self) -> None:
        """
        The last free place can be had, and no more; no limit means none.
        """
        limits = RosterLimits(members=5, perHost=3)
        unlimited = RosterLimits(members=0, perHost=0)
        for members, atHost, limit, expected in (
            (4, 2, limits, Change.JOINED),
            (5, 2, limits, Reason.MEMBER_CAP),
            (6, 0, limits, Reason.MEMBER_CAP),
            (4, 3, limits, Reason.MEMBER_CAP),
            (4, 4, limits, Reason.MEMBER_CAP),
            (99999, 2, RosterLimits(members=0, perHost=3), Change.JOINED),
            (4, 99999, RosterLimits(members=5, perHost=0), Change.JOINED),
            (99999, 99999, unlimited, Change.JOINED),
        ):
            outcome = _outcome(_asked(), RosterState(None, None, members, atHost), limit)
            self.assertEqual((members, atHost, limit, outcome), (members, atHost, limit, expected))

    def test_whoIsInStays(self) -> None:
        """
        In a full room members can still refresh, move, rename and merge.
        """
        limits = RosterLimits(members=1, perHost=1)
        for named, there, expected in (
            (_ALICE, _ALICE, Change.REFRESHED),
            (_ALICE_ELSEWHERE_PORT, None, Change.MOVED),
            (None, _BOB, Change.RENAMED),
            (_ALICE_ELSEWHERE_PORT, _BOB, Change.MERGED),
        ):
            self.assertIs(_outcome(_asked(), RosterState(named, there, 1, 1), limits), expected)

    def test_movingToAnotherHost(self) -> None:
        """
        Moving needs a place at the new host, but none in the room.
        """
        limits = RosterLimits(members=1, perHost=3)
        for atHost, expected in ((2, Change.MOVED), (3, Reason.MEMBER_CAP)):
            state = RosterState(_ALICE_OTHER_HOST, None, 1, atHost)
            self.assertEqual(_outcome(_asked(), state, limits), expected)

    def test_loopback(self) -> None:
        """
        Programs on the server's machine have no cap of their own, only the room's.
        """
        limits = RosterLimits(members=5, perHost=3)
        for host, members, expected in (
            (_HOME, 4, Change.JOINED),
            ("::1", 4, Change.JOINED),
            (_HOME, 5, Reason.MEMBER_CAP),
            ("127.0.0.2", 4, Reason.MEMBER_CAP),
        ):
            state = RosterState(None, None, members, 3)
            asked = Enrolment("alice", host, 9000, machineKey(host))
            self.assertEqual((host, _outcome(asked, state, limits)), (host, expected))


class MayLeaveTests(SynchronousTestCase):
    """
    A registration is removed by whoever made it.
    """

    def test_everyCase(self) -> None:
        """
        The owner leaves; a stranger is refused; what is not there needs no leaving.
        """
        for named, expected in (
            (_ALICE, True),
            (None, False),
            (_ALICE_ELSEWHERE_PORT, False),
            (_ALICE_OTHER_HOST, False),
        ):
            self.assertEqual((named, mayLeave(_asked(), named)), (named, expected))

    def test_stranger(self) -> None:
        """
        Nobody can make somebody else leave, nor learn where that one is.
        """
        asked = Enrolment("alice", _OFFICE, 9000, _ELSEWHERE)
        for named in (_ALICE, _ALICE_ELSEWHERE_PORT, _STRANGER_ALICE):
            refusal = mayLeave(replace(asked, owner="10.9.9.9"), named)
            assert isinstance(refusal, Refusal)
            self.assertIs(refusal.reason, Reason.NOT_OWNER)

    def test_loopbackIsOneMachine(self) -> None:
        """
        Who registered over IPv6 may leave over IPv4 on the same machine.
        """
        there = Member("alice", "::1", 9000, _HOME, 1)
        self.assertIs(mayLeave(Enrolment("alice", _HOME, 9000, _HOME), there), True)


class OwnerTests(SynchronousTestCase):
    """
    What an owner is known by: an address, or a certificate.
    """

    def test_keys(self) -> None:
        """
        A certificate's holder owns what no address can own.
        """
        self.assertEqual(certificateKey("ann"), "certificate ann")
        self.assertIsNone(literal(certificateKey("10.0.0.5")))

    def test_certificates(self) -> None:
        """
        The holder of a certificate has its names from every address; its address alone does not.
        """
        ann = certificateKey("ann")
        named = _member("alice", 9000, 1, owner=ann)
        for owner, host, expected in (
            (ann, _OFFICE, Change.REFRESHED),
            (ann, _ELSEWHERE, Change.MOVED),
            (certificateKey("bob"), _OFFICE, Reason.NAME_TAKEN),
            (_OFFICE, _OFFICE, Reason.NAME_TAKEN),
        ):
            asked = Enrolment("alice", host, 9000, owner)
            there = named if host == _OFFICE else None
            outcome = _outcome(asked, RosterState(named, there, 1, 1))
            self.assertEqual((owner, host, outcome), (owner, host, expected))

    def test_told(self) -> None:
        """
        Every refusal says what the owner is known by, but not who it is.
        """
        for owner, how in (
            (_ELSEWHERE, "from another address"),
            (certificateKey("77ff"), "with another certificate"),
        ):
            taken = _member("alice", 9000, 1, owner=owner)
            there = _member("bob", 9000, 2, owner=owner)
            details = [
                refusal.detail
                for refusal in (
                    decide(_asked(), RosterState(taken, None, 1, 0), RosterLimits()),
                    decide(_asked(), RosterState(None, there, 1, 1), RosterLimits()),
                    mayLeave(_asked(), taken),
                )
                if isinstance(refusal, Refusal)
            ]
            self.assertEqual(elsewhere(owner), how)
            self.assertEqual(
                details,
                [
                    f"alice is registered {how}",
                    f"10.0.0.5:9000 was registered {how}",
                    f"alice was registered {how}",
                ],
            )


class AddressTests(SynchronousTestCase):
    """
    An address has one spelling.
    """

    def test_literals(self) -> None:
        """
        However an address was written, it is the same address.
        """
        spellings = {
            "127.0.0.1": "127.0.0.1",
            "::1": "::1",
            "[::1]": "::1",
            "0:0:0:0:0:0:0:1": "::1",
            "2001:DB8::0:5": "2001:db8::5",
            "::ffff:10.0.0.5": "10.0.0.5",
            "::FFFF:0a00:0005": "10.0.0.5",
            "[::ffff:127.0.0.1]": "127.0.0.1",
            "::ffff:0.0.0.0": "0.0.0.0",
            "fe80::1%2": "fe80::1%2",
        }
        self.assertEqual({host: literal(host) for host in spellings}, spellings)

    def test_zoneOfAnAddressWithoutZones(self) -> None:
        """
        A zone behind an address that needs none does not make it another machine.
        """
        spellings = {"::1%1": "::1", "::%1": "::", "2001:db8::5%2": "2001:db8::5"}
        self.assertEqual({host: literal(host) for host in spellings}, spellings)

    def test_names(self) -> None:
        """
        What is not plainly an address must be looked up and judged by what is found.
        """
        names = ["", "localhost", "example.org", "127.1", "0x7f000001", "2130706433"]
        names += ["010.0.0.1", "10.0.0.5 ", "10.0.0.5:80", "10.0.0.256", "::1::", "\u0661.1.1.1"]
        self.assertEqual([name for name in names if literal(name) is not None], [])

    def test_machines(self) -> None:
        """
        127.0.0.1 and ::1 are one machine; any other loopback address is another.
        """
        keys = {
            "127.0.0.1": "127.0.0.1",
            "::1": "127.0.0.1",
            "127.0.0.2": "127.0.0.2",
            "10.0.0.5": "10.0.0.5",
        }
        self.assertEqual({host: machineKey(host) for host in keys}, keys)
