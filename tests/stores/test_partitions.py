"""
How the members of a room are divided among nodes.
"""

from collections import Counter
from random import Random

from hypothesis import assume, given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.stores.postgresql.partitions import (
    EARNED_SECONDS,
    PARTITIONS,
    fairShare,
    partitionOf,
    surplusOf,
)

#: The ids of nodes, as they are found in a table: in any order; and for how long they have lived.
NODES = st.dictionaries(st.uuids().map(str), st.floats(0, 1e6), min_size=1, max_size=2 * PARTITIONS)


class ShareTests(SynchronousTestCase):
    """
    Every node works out by itself what it should have, and all come to the same.
    """

    @given(NODES)
    def test_everyPartition(self, lived: dict[str, float]) -> None:
        """
        All shares together are all partitions: none is left over, and none is fought for.
        """
        self.assertEqual(sum(fairShare(lived, node) for node in lived), PARTITIONS)

    @given(NODES)
    def test_even(self, lived: dict[str, float]) -> None:
        """
        Of nodes that have lived for long, none has more than one partition more than another.
        """
        old = {node: EARNED_SECONDS + age for node, age in lived.items()}
        shares = [fairShare(old, node) for node in old]
        self.assertLessEqual(max(shares) - min(shares), 1)

    @given(NODES, st.randoms())
    def test_sameEverywhere(self, lived: dict[str, float], chance: Random) -> None:
        """
        In whatever order a node finds the others, it comes to the same.
        """
        shares = {node: fairShare(lived, node) for node in lived}
        shuffled = list(lived.items())
        chance.shuffle(shuffled)
        for node in list(lived)[:5]:
            self.assertEqual(fairShare(dict(shuffled), node), shares[node])

    def test_alone(self) -> None:
        """
        A node that is alone serves everybody, as soon as it is there.
        """
        for age in (0.0, 1e6):
            self.assertEqual(fairShare({"one": age}, "one"), PARTITIONS)


class NewcomerTests(SynchronousTestCase):
    """
    What a node has that was not there for long.
    """

    def share(self, lived: float, *others: float) -> int:
        """
        What it has among others.
        """
        nodes = {f"node {number}": age for number, age in enumerate(others)}
        return fairShare({**nodes, "newcomer": lived}, "newcomer")

    def test_earns(self) -> None:
        """
        Among old nodes it has nothing for half a minute, then half of what they have, and the same
        after a minute; so one that crashes every few seconds takes nobody with it.
        """
        for lived, share in ((0, 0), (29.9, 0), (30, 86), (59.9, 86), (60, 128), (9e9, 128)):
            self.assertIn(self.share(lived, 1e6) - share, (-1, 0), lived)

    def test_startTogether(self) -> None:
        """
        Nodes that are started together have their shares at once, also where one takes a few
        seconds longer than another.
        """
        self.assertEqual(self.share(0, 0), 128)
        self.assertEqual(self.share(1, 2), 128)
        self.assertIn(self.share(2, 4, 3), (85, 86))
        self.assertEqual(self.share(1, 8), 0)

    @given(st.floats(0, 1e6), st.floats(0, 1e6), st.lists(st.floats(0, 1e6), min_size=1))
    def test_grows(self, lived: float, more: float, others: list[float]) -> None:
        """
        It never has less because it has lived longer, while the others stay as they are.
        """
        assume(lived + more <= max(others))
        self.assertLessEqual(self.share(lived, *others), self.share(lived + more, *others))


class SurplusTests(SynchronousTestCase):
    """
    What a node gives up when others come.
    """

    @given(st.sets(st.integers(0, PARTITIONS - 1)), st.integers(-2, PARTITIONS + 2))
    def test_surplus(self, held: set[int], share: int) -> None:
        """
        Just as many as are too many, each of them the node's own, and always the same ones.
        """
        surplus = surplusOf(list(held), share)
        self.assertEqual(len(surplus), max(0, len(held) - max(0, share)))
        self.assertEqual(len(set(surplus)), len(surplus))
        self.assertLessEqual(set(surplus), held)
        self.assertEqual(surplusOf(sorted(held, reverse=True), share), surplus)

    def test_enough(self) -> None:
        """
        Who has no more than its share keeps everything.
        """
        self.assertEqual(surplusOf([3, 1, 2], 3), [])
        self.assertEqual(surplusOf([], 5), [])


class PlaceTests(SynchronousTestCase):
    """
    Where a member belongs.
    """

    @given(st.integers(1, 2**62))
    def test_inRange(self, memberId: int) -> None:
        """
        Every member belongs to one of the partitions there are, for ever.
        """
        self.assertIn(partitionOf(memberId), range(PARTITIONS))
        self.assertEqual(partitionOf(memberId + PARTITIONS), partitionOf(memberId))

    def test_everyPlace(self) -> None:
        """
        Any 256 members who came one after the other belong to 256 partitions.
        """
        for first in (1, 100, 2**40):
            places = {partitionOf(first + count) for count in range(PARTITIONS)}
            self.assertEqual(len(places), PARTITIONS)

    @given(st.integers(1, 2**40), st.integers(1, PARTITIONS), st.sampled_from([2, 3]))
    def test_smallRooms(self, first: int, members: int, nodes: int) -> None:
        """
        However few members came one after the other, two or three nodes that have halves or
        thirds of the partitions have nearly as many of the members each.
        """
        counts = Counter(
            partitionOf(first + count) * nodes // PARTITIONS for count in range(members)
        )
        fair = members / nodes
        for node in range(nodes):
            self.assertLessEqual(abs(counts[node] - fair), 3, (node, counts))
