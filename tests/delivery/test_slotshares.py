"""
What one source may have of the broadcaster's places, and of its log.
"""

from tests.delivery.broadcasterrig import BroadcasterTestCase
from tests.roomtestcase import keepLog
from twisted_messenger.address import Source
from twisted_messenger.delivery.slots import MAX_PUSHES
from twisted_messenger.eventlog import LINE_BURST
from twisted_messenger.push.interfaces import Outcome
from twisted_messenger.room.chatroom import ChatRoom
from twisted_messenger.room.policy import AdmissionPolicy, readCallbacks
from twisted_messenger.roster import RosterLimits

_CROWD, _NEIGHBOUR, _OTHER = "10.0.0.7", "10.0.0.8", "10.0.0.9"

#: Of 64 places, 16 are for suspects, 2 of them for each source; of the others each has 8.
_PLACES, _SHARE, _SUSPECTS_SHARE = 64, 8, 2

#: Where members of the crowd live.
_MANY = range(20_000, 20_040)


class _CrowdTestCase(BroadcasterTestCase):
    """
    A room that many members of one source may join.
    """

    def setUp(self) -> None:
        """
        No caps on the roster; whoever joins may be anywhere in the neighbourhood.
        """
        super().setUp()
        _, networks = readCallbacks("cidr:10.0.0.0/8")
        policy = AdmissionPolicy(networks=networks, limits=RosterLimits(0, 0))
        self.room = ChatRoom(self.store, policy)

    def enrol(self, host: str, port: int, source: str = "", moves: int = 0) -> None:
        """
        A member called after its port joins, or moves.

        :param moves: so many ports further.
        """
        who = Source(source or host, host == "127.0.0.1")
        registered = self.room.register(f"m{port}", host, port + moves, who)
        self.assertTrue(self.successResultOf(registered).stored)

    def endAll(self) -> None:
        """
        Confirm what is under way, till nothing is left to push.
        """
        while self.pusher.open:
            self.pusher.end(min(self.pusher.open))

    def welcome(self) -> None:
        """
        All confirm a first message: who has done so is healthy.
        """
        self.say("ci", "welcome")
        self.endAll()
        self.pusher.sent.clear()


class ShareTests(_CrowdTestCase):
    """
    Many members of one source that all hang at once.
    """

    def crowd(self, hosts: tuple[str, ...] = (_CROWD,)) -> None:
        """
        Forty healthy members, at these hosts in turn.
        """
        self.start(maxPushes=_PLACES)
        for port in _MANY:
            self.enrol(hosts[port % len(hosts)], port)
        self.welcome()

    def test_eighth(self) -> None:
        """
        Together they have an eighth of the places.
        """
        self.crowd()
        self.say("ci", "1")
        self.assertEqual(len(self.pusher.open), _SHARE)

    def test_network(self) -> None:
        """
        One IPv6 network is one source.
        """
        self.start(maxPushes=_PLACES)
        for port in _MANY:
            self.enrol(f"2001:db8::{port:x}", port)
        self.welcome()
        self.say("ci", "1")
        self.assertEqual(len(self.pusher.open), _SHARE)

    def test_apart(self) -> None:
        """
        Each source has a share of its own.
        """
        self.crowd((_CROWD, _NEIGHBOUR))
        self.say("ci", "1")
        self.assertEqual(len(self.pusher.open), 2 * _SHARE)

    def test_loopback(self) -> None:
        """
        This machine's own members have no share: all are served at once.
        """
        self.crowd(("127.0.0.1",))
        self.say("ci", "1")
        self.assertEqual(len(self.pusher.open), len(_MANY))

    def test_others(self) -> None:
        """
        While hundreds of one source hang, a member of another one is served at once, every time.
        """
        hanging = range(20_000, 20_000 + 2 * MAX_PUSHES)
        self.start()
        for port in hanging:
            self.enrol(_CROWD, port)
        self.enrol(_OTHER, 30_000)
        self.welcome()
        for number in range(5):
            self.say("ci", str(number))
            self.assertEqual(len(self.pusher.open), MAX_PUSHES // 8 + 1)
            self.pusher.end(30_000)
        self.assertEqual(self.pusher.texts(30_000), [f"ci: {number}" for number in range(5)])

    def test_allGetEverything(self) -> None:
        """
        A crowd that does not hang gets all there is, each in order.
        """
        self.crowd()
        for number in range(5):
            self.say("ci", str(number))
        self.endAll()
        for port in _MANY:
            self.assertEqual(self.pusher.texts(port), [f"ci: {number}" for number in range(5)])

    def test_givenBack(self) -> None:
        """
        A share is given back when a push ends, and never twice.
        """
        self.crowd()
        for number in range(20):
            self.say("ci", str(number))
            self.assertEqual(len(self.pusher.open), _SHARE)
            self.endAll()

    def test_givenBackByTheFailed(self) -> None:
        """
        So it is when it ends badly; who joins again is as good as before.
        """
        self.crowd()
        for number in range(5):
            self.say("ci", str(number))
            self.assertEqual(len(self.pusher.open), _SHARE)
            for outcome in (Outcome.FAILED, Outcome.HUNG):
                self.pusher.end(min(self.pusher.open), outcome)
            self.endAll()
            for port in _MANY:
                self.enrol(_CROWD, port)
            self.network.settle()
            self.endAll()

    def test_neverTwice(self) -> None:
        """
        Whoever had a healthy place, failed, and failed again in a place of the suspects, gives
        nothing back for those.
        """
        self.crowd()
        self.say("ci", *map(str, range(5)))
        ended = 0
        while self.pusher.open:
            self.assertLessEqual(len(self.pusher.open), _SHARE + _SUSPECTS_SHARE)
            port = min(self.pusher.open)
            failing = port in _MANY[:_SHARE] and ended < 100
            self.pusher.end(port, Outcome.FAILED if failing else Outcome.CONFIRMED)
            ended += 1
            self.network.advance(0.5)
        self.assertGreater(self.counters.snapshot()["pushes.failed"], 2 * _SHARE)

    def test_moved(self) -> None:
        """
        Whoever has moved while a push was under way gives back what it took where it was.
        """
        for outcome in (Outcome.CONFIRMED, Outcome.HUNG, Outcome.FAILED):
            self.setUp()
            self.crowd((_CROWD, _NEIGHBOUR))
            self.say("ci", "1")
            first = [port for port in self.pusher.open if port % 2 == 0][:_SHARE]
            for port in first:
                # Its address is not, but it itself is elsewhere.
                self.enrol(_OTHER, port, _CROWD, 1000)
            for port in first:
                self.pusher.end(port + 1000, outcome)
            self.endAll()
            self.network.advance(60)
            self.endAll()
            for port in first:
                self.enrol(_CROWD, port)
            self.network.settle()
            self.welcome()
            for number in range(3):
                self.say("ci", str(number))
                self.assertEqual(len(self.pusher.open), 2 * _SHARE)
                self.endAll()


class LineTests(_CrowdTestCase):
    """
    What the log says of members that come and go.
    """

    def comesBack(self, port: int, times: int) -> None:
        """
        A member fails often enough for a line, and comes back, so many times.
        """
        for number in range(times):
            self.say("ci", str(number))
            self.fails(port, 5)
            self.network.advance(6)
            self.pusher.end(port)

    def test_limited(self) -> None:
        """
        A member can have so many lines and no more; the counters count on.
        """
        self.start()
        self.enrol(_CROWD, 20_000)
        log = keepLog(self, "eventlog")
        times = LINE_BURST
        self.comesBack(20_000, times)
        lines = log.lines()
        # Two each time; the limit is by the clock, and some seconds may pass.
        self.assertIn(len(lines), range(LINE_BURST, LINE_BURST + 20))
        self.assertIn("m20000 at 10.0.0.7:20000 was not reached", lines[0])
        self.assertIn("m20000 is back", lines[1])
        self.assertIn("not logged for now", lines[LINE_BURST - 1])
        counted = self.counters.snapshot()
        self.assertEqual(counted["unlogged"], 2 * times - len(lines))
        self.assertEqual(
            (counted["pushes.failed"], counted["pushes.confirmed"]), (5 * times, times)
        )

    def test_others(self) -> None:
        """
        Members of another source have lines of their own.
        """
        self.start()
        self.enrol(_CROWD, 20_000)
        self.comesBack(20_000, LINE_BURST)
        self.successResultOf(self.room.leave("m20000", _CROWD, 20_000, Source(_CROWD, False)))
        self.enrol(_OTHER, 30_000)
        log = keepLog(self, "eventlog")
        self.comesBack(30_000, 1)
        unreached, back = log.lines()
        self.assertIn("m30000 at 10.0.0.9:30000 was not reached", unreached)
        self.assertEqual(back, "m30000 is back")
