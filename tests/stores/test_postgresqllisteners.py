"""
Listeners inside programs, where several nodes share the room: each is at the node that has it.
"""

from tests.stores.postgresqlrig import StillReactor
from tests.stores.test_postgresqlnodes import SOON, NodesTestCase
from twisted_messenger.address import PROGRAM
from twisted_messenger.refusal import Refusal
from twisted_messenger.roster import Change, Enrolled, Enrolment, Progress, RosterLimits
from twisted_messenger.stores.postgresql.leases import LEASE_SECONDS
from twisted_messenger.stores.postgresql.store import PostgreSQLStore
from twisted_messenger.testing.contracts.roster import anyone, at, post


class ListenersTests(NodesTestCase):
    """
    Two nodes, and programs that may have the same listeners.
    """

    def setUp(self) -> None:
        """
        The second has seen the first.
        """
        super().setUp()
        self.secondReactor = StillReactor()
        self.second = self.node(reactor=self.secondReactor)

    def subscribe(self, node: PostgreSQLStore, name: str = "bot") -> Enrolled | Refusal:
        """
        A program of a node subscribes.
        """
        asked = Enrolment(name, "", 0, PROGRAM)
        return self.successResultOf(node.enrol(asked, RosterLimits()))

    def listeners(self, node: PostgreSQLStore, since: int = 0) -> dict[str, int]:
        """
        Which of them are a node's, and how far they have come.
        """
        members = self.news(node, since).members
        return {one.member.name: one.progress.cursor for one in members if one.member.isListener}

    def advance(self, node: PostgreSQLStore, listener: Enrolled, cursor: int) -> None:
        """
        A listener has come further.
        """
        self.successResultOf(node.advance({listener.id: Progress(cursor)}))

    def goOn(self, seconds: float) -> None:
        """
        Let time pass, in which the first node is silent.
        """
        self.uptime += seconds
        self.secondReactor.advance(SOON)

    def test_whereItIs(self) -> None:
        """
        Each is served by the node that has subscribed it, whoever serves its partition.
        """
        names = {f"bot{number}" for number in range(10)}
        for name in names:
            subscribed = self.subscribe(self.second, name)
            assert isinstance(subscribed, Enrolled)
            self.advance(self.second, subscribed, 0)
        self.assertEqual(self.listeners(self.first), {})
        self.assertEqual(set(self.listeners(self.second)), names)
        listed = self.successResultOf(self.first.everybody())
        nodes = {one.node for one in listed if one.state.member.isListener}
        self.assertEqual(nodes, {self.second.node})

    def test_cursor(self) -> None:
        """
        How far it has come is written by its node, and by no other.
        """
        position = self.successResultOf(self.first.append(post("x"), anyone))
        bot = self.subscribe(self.second)
        position = self.successResultOf(self.first.append(post("y"), anyone))
        assert isinstance(bot, Enrolled) and isinstance(position, int)
        self.advance(self.first, bot, position)
        self.assertEqual(self.listeners(self.second), {"bot": position - 1})
        self.advance(self.second, bot, position)
        self.assertEqual(self.listeners(self.second), {"bot": position})

    def test_another(self) -> None:
        """
        While a node has it, another one waits; when that has stopped, it goes on where it was.
        """
        bot = self.subscribe(self.first)
        position = self.successResultOf(self.first.append(post("x"), anyone))
        assert isinstance(bot, Enrolled) and isinstance(position, int)
        refused = self.subscribe(self.second)
        assert isinstance(refused, Refusal)
        self.assertTrue(refused.transient)
        self.advance(self.first, bot, position)
        self.leave(self.first)
        self.assertEqual(self.subscribe(self.second), Enrolled(Change.REFRESHED, position, bot.id))
        self.assertEqual(self.listeners(self.second), {"bot": position})

    def test_dies(self) -> None:
        """
        When its node dies, another one gets it once the lease has run out. What the first still
        writes is refused, and it learns that it has lost it.
        """
        bot = self.subscribe(self.first)
        position = self.successResultOf(self.first.append(post("x"), anyone))
        assert isinstance(bot, Enrolled) and isinstance(position, int)
        known = self.news(self.first)
        self.assertIsInstance(self.subscribe(self.second), Refusal)
        self.goOn(LEASE_SECONDS)
        self.assertIsInstance(self.subscribe(self.second), Enrolled)
        self.advance(self.first, bot, position)
        self.assertEqual(self.listeners(self.second), {"bot": position - 1})
        self.reactor.advance(SOON)
        news = self.news(self.first, known.revision)
        self.assertEqual(list(news.leaving), [bot.id])
        self.assertNotIn("bot", {one.member.name for one in news.members})

    def test_comesBack(self) -> None:
        """
        Where nobody else has got it, it is news to its node when that is there again: it waited.
        """
        self.subscribe(self.first)
        known = self.news(self.first).revision
        self.assertEqual(self.listeners(self.first, known), {})
        self.uptime += LEASE_SECONDS
        self.reactor.advance(SOON)
        self.assertEqual(self.listeners(self.first, known), {"bot": 0})

    def test_removed(self) -> None:
        """
        Any node may remove it, and it departs.
        """
        bot = self.subscribe(self.first)
        assert isinstance(bot, Enrolled)
        known = self.news(self.first).revision
        self.assertTrue(self.successResultOf(self.second.evict(bot.id)))
        self.first._told(f"{self.second.node} {2**31} 0")
        self.assertEqual(list(self.news(self.first, known).departed), [bot.id])
        self.assertIsInstance(
            self.successResultOf(self.second.enrol(at("bot", 5000 + 99), RosterLimits())), Enrolled
        )
