"""
Which connections are open, whose they are, and which one makes room.
"""

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.incoming.connectiontable import EVICTABLE_SILENCE, ConnectionTable

#: Two subscribers; nobody, who is exempt.
_WHOSE = ("ann", "bob", None)

_CONNECTIONS = range(5)


class CapTests(SynchronousTestCase):
    """
    How many there may be.
    """

    def test_defaults(self) -> None:
        """
        Without a word it is 4096 in all and 64 for each source.
        """
        table: ConnectionTable[int] = ConnectionTable()
        self.assertEqual((table.total, table.perHost), (4096, 64))

    def test_quarter(self) -> None:
        """
        Where there is less room in all, one source has a quarter of it, and one place at least.
        """
        for total, perHost in ((1, 1), (3, 1), (7, 1), (8, 2), (255, 63), (256, 64), (260, 64)):
            table: ConnectionTable[int] = ConnectionTable(total)
            self.assertEqual((total, table.perHost), (total, perHost))

    def test_chosen(self) -> None:
        """
        Who says how many for each source has so many.
        """
        for perHost in (0, 1, 100):
            table: ConnectionTable[int] = ConnectionTable(10, perHost)
            self.assertEqual((table.total, table.perHost), (10, perHost))


class TableTests(SynchronousTestCase):
    """
    Connections that come, speak, wait and go.
    """

    def setUp(self) -> None:
        """
        Ann may have two connections.
        """
        self.table: ConnectionTable[str] = ConnectionTable(10, 2)

    def test_excess(self) -> None:
        """
        A source's connections are counted against its own limit only.
        """
        self.table.add("a1", "ann", 0.0)
        self.table.add("b1", "bob", 0.0)
        self.table.add("a2", "ann", 0.0)
        self.assertEqual(self.table.excess("a2"), 0)
        self.table.add("a3", "ann", 0.0)
        self.table.add("a4", "ann", 0.0)
        self.assertEqual([self.table.excess(one) for one in ("a1", "a4", "b1")], [2, 2, 0])
        self.table.remove("a1")
        self.assertEqual(self.table.excess("a4"), 1)
        self.assertEqual(len(self.table), 4)

    def test_exempt(self) -> None:
        """
        Who is exempt has no limit of its own, but counts in all, and makes room like others.
        """
        for number in range(5):
            self.table.add(f"x{number}", None, 0.0)
        self.assertEqual((self.table.excess("x4"), len(self.table)), (0, 5))
        self.assertEqual(self.table.evictable(EVICTABLE_SILENCE), "x0")

    def test_noLimit(self) -> None:
        """
        0 is no limit.
        """
        table: ConnectionTable[int] = ConnectionTable(10, 0)
        for number in range(10):
            table.add(number, "ann", 0.0)
        self.assertEqual(table.excess(9), 0)

    def test_silence(self) -> None:
        """
        Nobody is evicted who was heard within the last second.
        """
        self.assertEqual(EVICTABLE_SILENCE, 1)
        self.table.add("a1", "ann", 5.0)
        self.assertIsNone(self.table.evictable(5.0))
        self.assertIsNone(self.table.evictable(5.99))
        self.assertEqual(self.table.evictable(6.0), "a1")

    def test_longest(self) -> None:
        """
        The one that was silent longest goes, not the one that came first.
        """
        self.table.add("a1", "ann", 0.0)
        self.table.add("a2", "ann", 1.0)
        self.table.heard("a1", 2.0)
        self.assertEqual(self.table.evictable(9.0), "a2")
        self.assertEqual(self.table.evictable(9.0, "a1"), "a2")

    def test_beside(self) -> None:
        """
        A source makes room among its own, however long others are silent.
        """
        self.table.add("b1", "bob", 0.0)
        self.table.add("a1", "ann", 8.0)
        self.table.add("a2", "ann", 9.0)
        self.assertEqual(self.table.evictable(9.5), "b1")
        self.assertIsNone(self.table.evictable(8.9, "a2"))
        self.assertEqual(self.table.evictable(9.0, "a2"), "a1")

    def test_occupied(self) -> None:
        """
        A connection that waits for us is not evicted, but counts, until it is heard again.
        """
        self.table.add("a1", "ann", 0.0)
        self.table.occupied("a1")
        self.assertIsNone(self.table.evictable(9.0))
        self.assertIsNone(self.table.evictable(9.0, "a1"))
        self.assertEqual(len(self.table), 1)
        self.table.heard("a1", 9.0)
        self.assertEqual(self.table.evictable(10.0, "a1"), "a1")

    def test_somebodyElses(self) -> None:
        """
        A connection that turns out to be somebody else's counts for them, once, from now on.
        """
        self.table.add("p1", "ann", 0.0)
        self.table.add("p2", "ann", 0.0)
        self.table.add("p3", "ann", 0.0)
        self.table.add("p3", "bob", 2.0)
        self.assertEqual([self.table.excess(one) for one in ("p1", "p3")], [0, 0])
        self.assertEqual(len(self.table), 3)
        self.assertIsNone(self.table.evictable(2.0, "p3"))
        self.assertEqual(self.table.evictable(3.0, "p3"), "p3")

    def test_gone(self) -> None:
        """
        What is gone neither counts nor speaks; to say so twice is no error.
        """
        self.table.add("a1", "ann", 0.0)
        for _ in range(2):
            self.table.remove("a1")
            self.table.heard("a1", 1.0)
            self.table.occupied("a1")
        self.assertEqual((len(self.table), self.table.excess("a1")), (0, 0))
        self.assertIsNone(self.table.evictable(9.0))


class NaiveTable:
    """
    The same, as a list that is searched.
    """

    def __init__(self, perHost: int) -> None:
        self.perHost = perHost
        self.whose: dict[int, str | None] = {}
        #: In the order of their last words.
        self.silent: list[tuple[int, float]] = []

    def occupied(self, connection: int) -> None:
        """
        It waits for us.
        """
        self.silent = [(one, when) for one, when in self.silent if one != connection]

    def heard(self, connection: int, now: float) -> None:
        """
        It spoke.
        """
        self.occupied(connection)
        if connection in self.whose:
            self.silent.append((connection, now))

    def excess(self, connection: int) -> int:
        """
        How many too many there are of its subscriber.
        """
        owner = self.whose.get(connection)
        if owner is None or self.perHost == 0:
            return 0
        return max(0, list(self.whose.values()).count(owner) - self.perHost)

    def evictable(self, now: float, of: Sequence[str | None]) -> int | None:
        """
        Who of those subscribers makes room.
        """
        for one, when in self.silent:
            if self.whose[one] in of:
                return one if now - when >= 1 else None
        return None


class ModelTests(SynchronousTestCase):
    """
    It is what a list would be, only faster.
    """

    @settings(deadline=None, max_examples=200)
    @given(
        st.integers(0, 2),
        st.lists(
            st.tuples(
                st.sampled_from(["add", "add", "heard", "occupied", "remove"]),
                st.sampled_from(_CONNECTIONS),
                st.sampled_from(_WHOSE),
                st.sampled_from([0.0, 0.25, 0.5, 1.0]),
            ),
            max_size=60,
        ),
    )
    def test_sameAsAList(
        self, perHost: int, steps: Sequence[tuple[str, int, str | None, float]]
    ) -> None:
        """
        Whoever comes, speaks, waits or goes, both agree on who is too many and who makes room.
        """
        table: ConnectionTable[int] = ConnectionTable(4, perHost)
        naive, now = NaiveTable(perHost), 0.0
        for what, connection, whose, gap in steps:
            now += gap
            if what == "add":
                table.add(connection, whose, now)
                naive.whose[connection] = whose
                naive.heard(connection, now)
            elif what == "heard":
                table.heard(connection, now)
                naive.heard(connection, now)
            elif what == "occupied":
                table.occupied(connection)
                naive.occupied(connection)
            else:
                table.remove(connection)
                naive.occupied(connection)
                naive.whose.pop(connection, None)
            self.assertEqual(len(table), len(naive.whose))
            self.assertEqual(table.evictable(now), naive.evictable(now, _WHOSE))
            for one in _CONNECTIONS:
                self.assertEqual(table.excess(one), naive.excess(one))
            for one, owner in naive.whose.items():
                if owner is not None:
                    self.assertEqual(table.evictable(now, one), naive.evictable(now, [owner]))
