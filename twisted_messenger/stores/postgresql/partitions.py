"""
How the members of a room are divided among nodes. Pure.

Each member belongs to one of a fixed number of partitions for ever; nodes take, keep and give
whole partitions.
"""

from collections.abc import Mapping, Sequence

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


#: Seconds after which a node has its whole share: a node that crashes again and again takes
#: members with it each time, and each time they wait for its lease to end.
EARNED_SECONDS = 60.0


def fairShare(lived: Mapping[str, float], node: str) -> int:
    """
    How many partitions a node should have.

    :param lived: for how many seconds each node has lived, in any order.
    :param node: one of them.
    :returns: the same at every node; all shares together are all partitions.
    """
    oldest = max(lived.values())
    total = sum(_earned(one, oldest) for one in lived.values())
    before = sum(_earned(one, oldest) for other, one in lived.items() if other < node)
    after = before + _earned(lived[node], oldest)
    return PARTITIONS * after // total - PARTITIONS * before // total


def _earned(lived: float, oldest: float) -> int:
    """
    What a node has, in halves of a whole share.

    Nodes that start at about the same time need not wait: they are as good as the oldest.
    """
    whole = min(EARNED_SECONDS, oldest / 2)
    return (lived >= whole) + (lived >= whole / 2)


def surplusOf(held: Sequence[int], share: int) -> list[int]:
    """
    Which partitions a node gives up.

    :param held: those that it has.
    :param share: how many it should have.
    """
    return sorted(held)[max(0, share) :]
