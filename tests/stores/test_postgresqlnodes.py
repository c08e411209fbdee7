"""
Several nodes in one room: whose members are whose, and what becomes of a node that is cut off.
"""

from os import getpid
from socket import gethostname
from typing import Any

from twisted.logger import LogLevel

from tests.roomtestcase import keepLog
from tests.stores.postgresqlrig import PostgreSQLTestCase, StillReactor
from twisted_messenger.entry import LogLimits
from twisted_messenger.lease import Lease
from twisted_messenger.refusal import Reason, Refusal
from twisted_messenger.roster import Change, Progress, RosterLimits, RosterNews
from twisted_messenger.steering import Order
from twisted_messenger.stores.postgresql.database import PostgreSQLDatabase
from twisted_messenger.stores.postgresql.leases import LEASE_SECONDS
from twisted_messenger.stores.postgresql.store import PostgreSQLStore
from twisted_messenger.testing.contracts.pending import Letter
from twisted_messenger.testing.contracts.roster import OFFICE, anyone, at, post
from twisted_messenger.version import VERSION

_PROGRAM = "SHOW application_name"

#: Between two renewals.
SOON = 1.01


class NodesTestCase(PostgreSQLTestCase):
    """
    Nodes with clocks of their own, on one server.
    """

    def node(self, **options: Any) -> PostgreSQLStore:
        """
        One more, open.
        """
        node = self.makeNode(lease=Lease(0.0, lambda: self.uptime), **options)
        node.open()
        node.serve()
        self.there.add(node)
        self.addCleanup(self.leave, node)
        return node

    def leave(self, node: PostgreSQLStore) -> None:
        """
        Let a node stop in order, if it has not.
        """
        if node in self.there:
            self.there.remove(node)
            self.successResultOf(node.close())

    def setUp(self) -> None:
        """
        A room with one node and ten members.
        """
        super().setUp()
        self.uptime = 1000.0
        self.there: set[PostgreSQLStore] = set()
        self.reactor = StillReactor()
        self.first = self.node(reactor=self.reactor)
        for number in range(10):
            self.enrol(self.first, number)

    def enrol(self, node: PostgreSQLStore, number: int) -> Change | Refusal | None:
        """
        Register a member somewhere.
        """
        asked = at(f"m{number}", 5000 + number)
        result = self.successResultOf(node.enrol(asked, RosterLimits()))
        return result if isinstance(result, Refusal) else result.change

    def news(self, node: PostgreSQLStore, since: int = 0) -> RosterNews:
        """
        What a node knows of its members.
        """
        return self.successResultOf(node.roster(since))

    def members(self, node: PostgreSQLStore) -> set[str]:
        """
        Whom it serves.
        """
        return {state.member.name for state in self.news(node).members}

    def timeSet(self, seconds: float) -> None:
        """
        The database's clock was set: all leases seem to end earlier, or later.
        """
        self.server.execute(
            f"UPDATE twisted_messenger_{self.room}.nodes"
            f" SET expires = expires - {seconds} * interval '1 second'"
        )


class NodesTests(NodesTestCase):
    """
    Members are divided among the nodes, and each has one.
    """

    def test_aloneItHasAll(self) -> None:
        """
        A node that is alone serves everybody.
        """
        self.assertEqual(self.members(self.first), {f"m{number}" for number in range(10)})

    def test_handOver(self) -> None:
        """
        When another joins, the first hands over its surplus: nobody is served by two, and
        whoever moves goes on where it was.
        """
        known = self.news(self.first)
        (position,) = [self.successResultOf(self.first.append(post("x"), anyone))]
        assert isinstance(position, int)
        secondReactor = StillReactor()
        second = self.node(reactor=secondReactor)
        self.assertEqual(self.members(second), set())
        self.reactor.advance(SOON)
        leaving = self.news(self.first, known.revision).leaving
        self.assertIn(len(leaving), range(3, 8))
        secondReactor.advance(SOON)
        self.assertEqual(self.members(second), set())
        progress = {memberId: Progress(position, reached=True) for memberId in leaving}
        self.successResultOf(self.first.advance(progress))
        self.successResultOf(self.first.handOver(leaving))
        secondReactor.advance(SOON)
        states = {state.member.id: state.progress for state in self.news(second).members}
        self.assertEqual(states, progress)
        self.assertEqual(len(self.members(self.first)), 10 - len(leaving))
        self.assertEqual(self.members(self.first) & self.members(second), set())

    def test_leavesInOrder(self) -> None:
        """
        What a node leaves when it stops is another's at its next look, without waiting for a
        lease to end.
        """
        reactor = StillReactor()
        second = self.node(reactor=reactor)
        self.leave(self.first)
        reactor.advance(SOON)
        self.assertEqual(len(self.members(second)), 10)

    def test_dies(self) -> None:
        """
        When a node dies, its members are served by another once its lease has run out; what it
        still writes of them is refused, and it learns that they are gone.
        """
        known = self.news(self.first)
        position = self.successResultOf(self.first.append(post("x"), anyone))
        assert isinstance(position, int)
        reactor = StillReactor()
        second = self.node(reactor=reactor)
        self.uptime += LEASE_SECONDS
        reactor.advance(SOON)
        self.assertEqual(len(self.members(second)), 10)
        log = keepLog(self, "stores.postgresql.store")
        ids = [state.member.id for state in known.members]
        self.successResultOf(self.first.advance({one: Progress(position) for one in ids}))
        (line,) = log.lines(LogLevel.warn)
        self.assertIn("10 members was not written: they are another node's", line)
        self.assertEqual({one.progress for one in self.news(second).members}, {Progress(0)})
        self.reactor.advance(SOON)
        self.assertEqual(set(self.news(self.first, known.revision).departed), set(ids))

    def test_onlyPosts(self) -> None:
        """
        A program that only says something has no members, and says it to all; when it begins to
        push, it has its share, and when it ends, the others have all of them again.
        """
        reactor = StillReactor()
        poster = self.makeNode(lease=Lease(0.0, lambda: self.uptime), reactor=reactor)
        self.assertRaises(RuntimeError, poster.serve)
        poster.open()
        self.there.add(poster)
        self.addCleanup(self.leave, poster)
        self.successResultOf(poster.append(post("x"), anyone))
        for _ in range(3):
            for one in (reactor, self.reactor):
                one.advance(SOON)
        self.assertEqual((len(self.members(self.first)), self.members(poster)), (10, set()))
        poster.serve()
        known = self.news(self.first)
        self.reactor.advance(SOON)
        leaving = self.news(self.first, known.revision).leaving
        self.successResultOf(self.first.handOver(leaving))
        reactor.advance(SOON)
        self.assertEqual(len(self.members(poster)), len(leaving))
        self.assertIn(len(leaving), range(3, 8))
        self.successResultOf(poster.serveNobody())
        self.reactor.advance(SOON)
        self.assertEqual((len(self.members(self.first)), self.members(poster)), (10, set()))

    def test_anyNodeTakes(self) -> None:
        """
        Messages and registrations go to any node; who owns a name is known to all.
        """
        second = self.node()
        positions = [
            self.successResultOf(node.append(post(text), anyone))
            for text, node in (("a", self.first), ("b", second), ("c", self.first))
        ]
        self.assertEqual(positions, sorted(map(int, map(str, positions))))
        for node in (self.first, second):
            entries = self.successResultOf(node.read(0, 10, 10_000))
            self.assertEqual([entry.text for entry in entries], ["a", "b", "c"])
        taken = self.successResultOf(second.enrol(at("m0", 5000, OFFICE), RosterLimits()))
        assert isinstance(taken, Refusal)
        self.assertIs(taken.reason, Reason.NAME_TAKEN)
        self.assertIs(self.enrol(second, 0), Change.REFRESHED)

    def test_newMembersElsewhere(self) -> None:
        """
        Whoever registers at a node that does not serve it is served by the one that does.
        """
        known = self.news(self.first)
        second = self.node()
        self.enrol(second, 10)
        self.first._told(f"{second.node} {2**31} 0")
        names = [state.member.name for state in self.news(self.first, known.revision).members]
        self.assertEqual((names, self.members(second)), (["m10"], set()))

    def test_roomsApart(self) -> None:
        """
        Two rooms in one database know nothing of each other.
        """
        self.room += "other"
        other = self.node()
        self.assertEqual((self.members(other), self.news(other).head), (set(), 0))
        self.assertIs(self.enrol(other, 0), Change.JOINED)


class ClockTests(NodesTestCase):
    """
    The database's clock is set: forward, or back.
    """

    def setUp(self) -> None:
        """
        A second node, which has seen the first.
        """
        super().setUp()
        self.secondReactor = StillReactor()
        self.second = self.node(reactor=self.secondReactor)

    def renew(self) -> set[str]:
        """
        Let the second look.

        :returns: its members.
        """
        self.secondReactor.advance(SOON)
        return self.members(self.second)

    def test_forward(self) -> None:
        """
        A node whose lease seems to be over, and is not, keeps its members: nobody is served by two.
        """
        self.timeSet(10)
        for _ in range(2):
            self.assertEqual(self.renew(), set())
            self.assertEqual(len(self.members(self.first)), 10)
            self.uptime += LEASE_SECONDS - 0.1

    def test_back(self) -> None:
        """
        A node that has died while the clock was set back is gone as soon as any other.
        """
        self.timeSet(-3600)
        self.uptime += LEASE_SECONDS - 0.5
        self.assertEqual(self.renew(), set())
        self.uptime += 0.5
        self.assertEqual(len(self.renew()), 10)

    def test_goesOn(self) -> None:
        """
        A node that was taken for gone, and goes on before anybody has its members, has them.
        """
        self.leave(self.second)
        third = self.makeNode(lease=Lease(0.0, lambda: self.uptime), reactor=self.secondReactor)
        third.open()
        self.there.add(third)
        self.addCleanup(self.leave, third)
        self.uptime += LEASE_SECONDS
        self.secondReactor.advance(SOON)
        self.reactor.advance(SOON)
        third.serve()
        self.assertEqual((self.members(third), len(self.members(self.first))), (set(), 10))


class SteeringTests(NodesTestCase):
    """
    Whichever node is asked, it answers for the room.
    """

    def test_nodes(self) -> None:
        """
        All members are listed, with the node that serves each, and with none when that is gone.
        """
        other = self.makeNode(lease=Lease(0.0, lambda: self.uptime))
        other.open()
        self.there.add(other)
        self.addCleanup(self.leave, other)
        listed = self.successResultOf(other.everybody())
        self.assertEqual([one.node for one in listed], [self.first.node] * 10)
        self.leave(self.first)
        listed = self.successResultOf(other.everybody())
        self.assertEqual([one.node for one in listed], [""] * 10)

    def test_ownerHears(self) -> None:
        """
        What is wanted at one node of another's member is news to that one.
        """
        other = self.makeNode(lease=Lease(0.0, lambda: self.uptime))
        other.open()
        self.there.add(other)
        self.addCleanup(self.leave, other)
        before = self.news(self.first)
        self.successResultOf(other.steer("m3", Order.PAUSE))
        self.successResultOf(other.steer("m4", Order.RETRY))
        self.successResultOf(other.steer("m5", Order.REMOVE))
        self.uptime += 1
        self.reactor.advance(SOON)
        news = self.news(self.first, before.revision)
        told = {one.member.name: (one.paused, one.retried > 0) for one in news.members}
        self.assertEqual(told, {"m3": (True, False), "m4": (False, True)})
        self.assertEqual(len(news.departed), 1)


class WhoTests(NodesTestCase):
    """
    An operator sees which node is which, what it has, and how far its members are behind.
    """

    def cluster(self, *columns: str) -> "list[tuple[object, ...]]":
        """
        What the view says of each node.
        """
        return self.server.execute(
            f"SELECT {', '.join(columns)} FROM twisted_messenger_{self.room}.cluster ORDER BY lived"
        )

    def test_view(self) -> None:
        """
        Of each node: where it is, and what it has.
        """
        self.successResultOf(self.first.append(post("x"), anyone))
        self.first.listens(["127.0.0.1:8880", "/run/room"])
        self.uptime += 1
        self.reactor.advance(SOON)
        second = self.makeNode(lease=Lease(0.0, lambda: self.uptime))
        second.open()
        self.there.add(second)
        self.addCleanup(self.leave, second)
        self.assertEqual(
            self.cluster("node::text", "serves", "partitions", "members", "waiting", "lag"),
            [(second.node, False, 0, 0, 0, 0), (self.first.node, True, 256, 10, 10, 1)],
        )
        self.assertEqual(
            self.cluster("host", "pid", "version", "places")[1],
            (gethostname(), getpid(), VERSION, "127.0.0.1:8880, /run/room"),
        )
        for lived, lease in self.cluster("lived", "lease"):
            self.assertLess(float(str(lived)), 2)
            self.assertLess(float(str(lease)), LEASE_SECONDS)

    def test_nobody(self) -> None:
        """
        Members that nobody serves are seen, too.
        """
        self.leave(self.first)
        self.assertEqual(self.cluster("node", "partitions", "members"), [(None, 256, 10)])

    def test_connections(self) -> None:
        """
        The database's own lists name the node, whatever else its program is called.
        """
        names: list[str] = []
        for address in ("", "?application_name=" + "x" * 60):
            database = PostgreSQLDatabase(self.server.address + address, self.room, StillReactor())
            database.open(lambda cursor: names.extend(cursor.execute(_PROGRAM).fetchone()))
            self.assertTrue(names[-1].endswith(f" {database.node}"), names)
            database.close()


class DeadlineTests(NodesTestCase):
    """
    How long a node believes that its members are its own.
    """

    def test_countsFromBefore(self) -> None:
        """
        A tenth less than the lease, from before it was asked for.
        """
        self.assertAlmostEqual(self.first.lease.until, 1000 + 0.9 * 3)
        self.uptime = 1001.0
        self.reactor.advance(SOON)
        self.assertAlmostEqual(self.first.lease.until, 1001 + 0.9 * 3)

    def test_afterALapse(self) -> None:
        """
        A node that could not renew in time, and whose members nobody took, has them again, and
        all of them are news.
        """
        known = self.news(self.first)
        self.uptime = 1010.0
        self.reactor.advance(SOON)
        again = self.news(self.first, known.revision)
        self.assertEqual((len(again.members), list(again.departed)), (10, []))

    def test_stopped(self) -> None:
        """
        A node that has left may push nothing any more.
        """
        node = self.node()
        self.leave(node)
        self.assertEqual(node.lease.until, 0.0)

    def test_wrongClock(self) -> None:
        """
        A node whose clock is wrong by a day neither makes messages old, nor drops them as such.
        """
        wrong = self.node(clock=lambda: self.now() - 86_400)
        day = LogLimits(seconds=3600)
        message = post("x")._replace(time=self.now() - 86_400)
        letter = Letter(message)
        wrong.appendPending(letter)
        asked = wrong.append(message, anyone), letter.outcome
        positions = [self.successResultOf(one) for one in asked]
        self.assertEqual(self.successResultOf(self.first.trim(day)), 0)
        self.assertEqual(self.successResultOf(wrong.trim(day)), 0)
        entries = self.successResultOf(self.first.read(0, 10, 10_000))
        self.assertEqual({entry.position for entry in entries}, set(positions))
        for entry in entries:
            self.assertLess(abs(entry.time - self.now()), 60)

    def now(self) -> float:
        """
        By the database's clock.
        """
        ((seconds,),) = self.server.execute("SELECT extract(epoch FROM now())::float8")
        return float(str(seconds))
