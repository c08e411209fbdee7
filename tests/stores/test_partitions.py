"""
How the members of a room are divided among nodes.
"""

from collections import Counter
from random import Random

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.stores.postgresql.partitions import (
    PARTITIONS,
    fairShare,
    partitionOf,
    surplusOf,
)

#: The ids of nodes, as they are found in a table: in any order.
NODES = st.lists(st.uuids().map(str), min_size=1, max_size=2 * PARTITIONS, unique=True)


class ShareTests(SynchronousTestCase):
    """
    Every node works out by itself what it should have, and all come to the same.
    """

    @given(NODES)
    def test_everyPartition(self, nodes: list[str]) -> None:
        """
        All shares together are all partitions: none is left over, and none is fought for.
        """
        self.assertEqual(sum(fairShare(nodes, node) for node in nodes), PARTITIONS)

    @given(NODES)
    def test_even(self, nodes: list[str]) -> None:
        """
        No node has more than one partition more than another.
        """
        shares = [fairShare(nodes, node) for node in nodes]
        self.assertLessEqual(max(shares) - min(shares), 1)

    @given(NODES, st.randoms())
    def test_sameEverywhere(self, nodes: list[str], chance: Random) -> None:
        """
        In whatever order a node finds the others, it comes to the same.
        """
        shares = {node: fairShare(nodes, node) for node in nodes}
        for node in nodes[:5]:
            chance.shuffle(nodes)
            self.assertEqual(fairShare(set(nodes), node), shares[node])
            self.assertEqual(fairShare(nodes, node), shares[node])

    def test_alone(self) -> None:
        """
        A node that is alone serves everybody.
        """
        self.assertEqual(fairShare(["one"], "one"), PARTITIONS)


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
