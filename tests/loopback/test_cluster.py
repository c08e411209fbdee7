"""
Real nodes, a real database, and what is done to them: small, so that it takes seconds.

``python -m tests.cluster`` does the same with 200 members.
"""

from collections.abc import Callable

from tests.cluster import scenarios
from tests.cluster.scenarios import Outcome
from tests.postgresqlserver import PostgreSQLServer, running
from twisted_messenger.stores.postgresql.leases import LEASE_SECONDS

MEMBERS = 12

#: Before and after what happens.
SECONDS = 0.5

#: Messages that one member may get again: those of the tenth of a second before its cursor is
#: written, with room for a slow machine.
AGAIN = 60

# How often a scene is played in which something is to be seen.
_TRIES = 3


def _kept(outcome: Outcome) -> None:
    assert outcome.accepted > 0
    assert (outcome.verdict.lost, outcome.verdict.disordered) == (0, 0), str(outcome)


def _seen(play: Callable[[], Outcome], isSo: Callable[[Outcome], bool]) -> None:
    """
    Play a scene until something is seen in it.

    Not the first time for certain: where the machine itself stands still for seconds, the leases of
    all nodes run out, and what is under way comes again. Nothing is lost for that.
    """
    outcomes = []
    for _ in range(_TRIES):
        outcome = play()
        _kept(outcome)
        if isSo(outcome):
            return
        outcomes.append(str(outcome))
    raise AssertionError(outcomes)


def test_killed(postgresql: PostgreSQLServer) -> None:
    """
    A node that is killed takes nothing with it, and its members wait for little more than the
    lease.
    """
    _seen(
        lambda: scenarios.killed(postgresql, MEMBERS, SECONDS),
        # How much more is measured elsewhere: machines that test are slow.
        lambda outcome: (
            outcome.verdict.doubled < AGAIN * MEMBERS and outcome.gap < 3 * LEASE_SECONDS
        ),
    )


def test_stopped(postgresql: PostgreSQLServer) -> None:
    """
    A node that stood still for longer than its lease doubles nothing when it goes on.
    """
    _seen(
        lambda: scenarios.stopped(postgresql, MEMBERS, SECONDS),
        lambda outcome: outcome.told.startswith("0 doubled after it resumed"),
    )


def test_crashing(postgresql: PostgreSQLServer) -> None:
    """
    A node that crashes again and again takes no members with it: nobody waits for its leases.
    """
    _seen(
        # As long as a node lives, in which the others grow old enough.
        lambda: scenarios.crashing(postgresql, MEMBERS, 2),
        lambda outcome: outcome.gap < LEASE_SECONDS / 2,
    )


def test_hung(postgresql: PostgreSQLServer) -> None:
    """
    A primary that stands still, and keeps its connections, keeps neither nodes nor senders: they go
    over to the standby.
    """
    _kept(scenarios.hung(postgresql, MEMBERS, SECONDS))


def test_joinedAndLeft(postgresql: PostgreSQLServer) -> None:
    """
    A node that comes, and one that leaves in order, are not noticed by anybody.
    """
    _seen(
        lambda: scenarios.joinedAndLeft(postgresql, MEMBERS, SECONDS),
        lambda outcome: outcome.verdict.doubled == 0,
    )


def test_restarted() -> None:
    """
    The database may be restarted, and may crash, under load.
    """
    # Its own, since others need the shared one; and with everything on disk.
    with running() as server:
        _kept(scenarios.restarted(server, MEMBERS, SECONDS))


def test_stalled() -> None:
    """
    Who says something while the database stands still for three seconds is heard, and not refused.
    """
    with running() as server:
        _seen(
            lambda: scenarios.stalled(server, MEMBERS, SECONDS),
            lambda outcome: "~" not in outcome.told,
        )


def test_pooled(postgresql: PostgreSQLServer) -> None:
    """
    A pooler that pools sessions may lie between, and may be restarted.
    """
    _kept(scenarios.pooled(postgresql, MEMBERS, SECONDS))


def test_failedOver(postgresql: PostgreSQLServer) -> None:
    """
    What a new primary accepts reaches everybody, though it lacks what the old one accepted last.
    """
    _kept(scenarios.failedOver(postgresql, MEMBERS, SECONDS))
