"""
A database whose disk is full, or where forgetting takes too long.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from twisted.internet.defer import Deferred

from tests.stores.postgresqlrig import ImmediateDatabase, PostgreSQLTestCase, StillReactor
from twisted_messenger.entry import LogLimits
from twisted_messenger.errors import StoreFull
from twisted_messenger.roster import Progress, RosterLimits
from twisted_messenger.stores.postgresql.clearing import VACUUM_SECONDS
from twisted_messenger.stores.postgresql.store import PostgreSQLStore
from twisted_messenger.stores.retention import STEP
from twisted_messenger.testing.contracts.roster import anyone, at, post

T = TypeVar("T")

# What PostgreSQL says where its disk has no room for a further page, for every new message.
_FULL = """
CREATE FUNCTION {0}.no_space() RETURNS trigger LANGUAGE plpgsql AS
$$BEGIN RAISE EXCEPTION 'No space left on device' USING ERRCODE = 'disk_full'; END$$;
CREATE TRIGGER no_space BEFORE INSERT ON {0}.log EXECUTE FUNCTION {0}.no_space()
"""


class PumpedDatabase(ImmediateDatabase):
    """
    A database that makes the room's changes when the test says so.
    """

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.calls: list[Callable[[], object]] = []

    def run(self, call: Callable[[Any], T]) -> "Deferred[T]":
        """
        Later.
        """
        done: Deferred[T] = Deferred()
        self.calls.append(lambda: ImmediateDatabase.run(self, call).chainDeferred(done))
        return done

    def finish(self) -> int:
        """
        Make all changes, also those that come meanwhile.

        :returns: in how many transactions.
        """
        transactions = 0
        while self.calls:
            self.calls.pop(0)()
            transactions += 1
        return transactions


class FullTests(PostgreSQLTestCase):
    """
    Senders go on, and what every member has makes room for them.
    """

    def setUp(self) -> None:
        """
        A room in which a message waits for a member.
        """
        super().setUp()
        self.reactor = StillReactor()
        self.database = PumpedDatabase(self.server.address, self.room, self.reactor)
        self.store = PostgreSQLStore(self.database, self.reactor, lookSeconds=0)
        self.store.open()
        self.store.serve()
        self.database.finish()
        self.addCleanup(self.close)
        self.store.enrol(at("bob", 5000), RosterLimits())
        self.store.append(post("one"), anyone)
        self.database.finish()
        (self.bob,) = [one.member.id for one in self.successResultOf(self.store.roster(0)).members]

    def close(self) -> None:
        """
        Let go of the room.
        """
        closing = self.store.close()
        self.database.finish()
        self.successResultOf(closing)

    def texts(self) -> list[str]:
        """
        What is in the log.
        """
        entries = self.successResultOf(self.store.history(0, 10_000, 2**30))
        return [entry.text for entry in entries]

    def fill(self) -> None:
        """
        From now on no message finds room.
        """
        self.server.execute(_FULL.format(f"twisted_messenger_{self.room}"))

    def test_forgetting(self) -> None:
        """
        What was delivered is forgotten, though senders never pause.
        """
        self.fill()
        refused = [self.store.append(post("two"), anyone)]
        self.successResultOf(self.store.advance({self.bob: Progress(1)}))
        refused.append(self.store.append(post("three"), anyone))
        self.database.finish()
        for one in refused:
            self.failureResultOf(one, StoreFull)
        self.assertEqual(self.texts(), [])

    def test_trimming(self) -> None:
        """
        What is over a limit goes, and who is given up goes.
        """
        self.fill()
        refused = self.store.append(post("two"), anyone)
        trimming = self.store.trim(LogLimits(bytes=1))
        leaving = self.store.leave(at("bob", 5000))
        self.database.finish()
        self.failureResultOf(refused, StoreFull)
        self.assertEqual(self.successResultOf(trimming), 1)
        self.assertIs(self.successResultOf(leaving), True)

    def test_order(self) -> None:
        """
        What is asked for is done in that order, whatever makes room.
        """
        said = [self.store.append(post("two"), anyone)]
        leaving = self.store.leave(at("bob", 5000))
        joining = self.store.enrol(at("bob", 5000), RosterLimits())
        said.append(self.store.append(post("three"), anyone))
        self.database.finish()
        self.assertEqual([self.successResultOf(one) for one in said], [2, 3])
        self.assertTrue(self.successResultOf(leaving))
        joined = self.successResultOf(joining)
        self.assertTrue(joined.stored)
        self.assertEqual(self.texts(), ["one", "two", "three"])

    def test_keepsUp(self) -> None:
        """
        However much was delivered since the last look, all of it can be forgotten, in bounded
        steps.
        """
        said = [self.store.append(post("x"), anyone) for _ in range(STEP + 10)]
        self.database.finish()
        self.successResultOf(self.store.advance({self.bob: Progress(len(said) + 1)}))
        self.assertEqual(self.database.finish(), 2)
        trimming = self.store.trim(LogLimits(keptEntries=0))
        self.assertEqual(self.database.finish(), 2)
        self.assertEqual((self.successResultOf(trimming), self.texts()), (0, []))

    def reserve(self) -> int:
        """
        How many pieces of it are left.
        """
        pieces = self.server.execute(
            "SELECT relname FROM pg_class WHERE relname LIKE 'reserve%'"
            f" AND relnamespace = 'twisted_messenger_{self.room}'::regnamespace"
        )
        return len(pieces)

    def refused(self, seconds: float) -> int:
        """
        Say something in vain, after a while.

        :returns: what is left of the reserve.
        """
        self.reactor.advance(seconds)
        saying = self.store.append(post("more"), anyone)
        self.database.finish()
        self.failureResultOf(saying, StoreFull)
        return self.reserve()

    def test_roomIsMade(self) -> None:
        """
        Where what was forgotten is of no use to new messages for long, a piece of the reserve is
        given up, so that it can be.
        """
        self.fill()
        before = self.reserve()
        self.assertEqual(self.refused(100.0), before)
        self.successResultOf(self.store.advance({self.bob: Progress(1)}))
        self.assertEqual(self.refused(0.0), before)
        self.assertEqual(self.refused(VACUUM_SECONDS - 1), before)
        self.assertEqual(self.refused(1.0), before - 1)
        self.assertEqual(self.refused(100.0), before - 1)
