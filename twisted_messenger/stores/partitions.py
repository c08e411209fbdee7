"""
How the members of a room are divided among nodes. Pure.

Each member belongs to one of a fixed number of partitions for ever; nodes take, keep and give
whole partitions.
"""

from collections.abc import Collection, Sequence

#: Enough that shares are even, few enough that all of them are read every second. The column
#: ``members.partition`` is computed with it.
PARTITIONS = 256


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
