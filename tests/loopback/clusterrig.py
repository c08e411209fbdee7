"""
What is expected of the scenes of :mod:`tests.cluster`, each played small, so that it takes seconds.

``python -m tests.cluster`` does the same with 200 members.
"""

from collections.abc import Callable

from tests.cluster.scenarios import Outcome

MEMBERS = 12

#: Before and after what happens.
SECONDS = 0.5

# How often a scene is played in which something is to be seen.
_TRIES = 3


def kept(outcome: Outcome) -> None:
    """
    Something was said, and reached everybody in order.
    """
    assert outcome.accepted > 0
    assert (outcome.verdict.lost, outcome.verdict.disordered) == (0, 0), str(outcome)


def seen(play: Callable[[], Outcome], isSo: Callable[[Outcome], bool]) -> None:
    """
    Play a scene until something is seen in it.

    Not the first time for certain: where the machine itself stands still for seconds, the leases of
    all nodes run out, and what is under way comes again. Nothing is lost for that.
    """
    outcomes = []
    for _ in range(_TRIES):
        outcome = play()
        kept(outcome)
        if isSo(outcome):
            return
        outcomes.append(str(outcome))
    raise AssertionError(outcomes)
