"""
Real nodes, a real database, and what is done to them: small, so that it takes seconds.

``python -m tests.cluster`` does the same with 200 members.
"""

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


def _kept(outcome: Outcome) -> None:
    assert outcome.accepted > 0
    assert (outcome.verdict.lost, outcome.verdict.disordered) == (0, 0), str(outcome)


def test_killed(postgresql: PostgreSQLServer) -> None:
    """
    A node that is killed takes nothing with it, and its members wait for little more than the
    lease.
    """
    outcome = scenarios.killed(postgresql, MEMBERS, SECONDS)
    _kept(outcome)
    assert outcome.verdict.doubled < AGAIN * MEMBERS
    # How much more is measured elsewhere: machines that test are slow.
    assert outcome.gap < 3 * LEASE_SECONDS


def test_stopped(postgresql: PostgreSQLServer) -> None:
    """
    A node that stood still for longer than its lease doubles nothing when it goes on.
    """
    outcome = scenarios.stopped(postgresql, MEMBERS, SECONDS)
    _kept(outcome)
    assert "0 doubled after it resumed" in outcome.told


def test_crashing(postgresql: PostgreSQLServer) -> None:
    """
    A node that crashes again and again takes no members with it: nobody waits for its leases.
    """
    # As long as a node lives, in which the others grow old enough.
    outcome = scenarios.crashing(postgresql, MEMBERS, 2)
    _kept(outcome)
    assert outcome.gap < LEASE_SECONDS / 2, str(outcome)


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
    outcome = scenarios.joinedAndLeft(postgresql, MEMBERS, SECONDS)
    _kept(outcome)
    assert outcome.verdict.doubled == 0


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
        outcome = scenarios.stalled(server, MEMBERS, SECONDS)
    _kept(outcome)
    assert "~" not in outcome.told, outcome.told


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
