"""
How the members of a room are divided among nodes. Pure.

Each member belongs to one of a fixed number of partitions for ever; nodes take, keep and give
whole partitions.
"""

from collections.abc import Collection, Sequence

#: Enough that shares are even, few enough that all of them are read every second.
PARTITIONS = 256

# The odd number next to the golden section of 256: members who came one after the other lie as far
# apart as can be, so that also a small room is divided evenly.
_STEP = 157


def partitionOf(memberId: int) -> int:
    """
    Where a member belongs; the column ``members.partition`` is computed in the same way.
    """
    return memberId * _STEP % PARTITIONS


def fairShare(nodes: Collection[str], node: str) -> int:
    """
    How many partitions a node should have.

    :param nodes: all that are there, in any order.
    :param node: one of them.
    :returns: the same at every node; all shares together are all partitions.
    """
    share, surplus = divmod(PARTITIONS, len(nodes))
    return share + (sorted(nodes).index(node) < surplus)


def surplusOf(held: Sequence[int], share: int) -> list[int]:
    """
    Which partitions a node gives up.

    :param held: those that it has.
    :param share: how many it should have.
    """
    return sorted(held)[max(0, share) :]
