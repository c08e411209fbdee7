"""
What is done to the nodes of a cluster: they are killed, stopped, started, and crash.
"""

from tests.cluster import scenarios
from tests.loopback.clusterrig import MEMBERS, SECONDS, seen
from tests.postgresqlserver import PostgreSQLServer
from twisted_messenger.stores.postgresql.leases import LEASE_SECONDS

#: Messages that one member may get again: those of the tenth of a second before its cursor is
#: written, with room for a slow machine.
AGAIN = 60


def test_killed(postgresql: PostgreSQLServer) -> None:
    """
    A node that is killed takes nothing with it, and its members wait for little more than the
    lease.
    """
    seen(
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
    seen(
        lambda: scenarios.stopped(postgresql, MEMBERS, SECONDS),
        lambda outcome: outcome.told.startswith("0 doubled after it resumed"),
    )


def test_crashing(postgresql: PostgreSQLServer) -> None:
    """
    A node that crashes again and again takes no members with it: nobody waits for its leases.
    """
    seen(
        # As long as a node lives, in which the others grow old enough.
        lambda: scenarios.crashing(postgresql, MEMBERS, 2),
        lambda outcome: outcome.gap < LEASE_SECONDS / 2,
    )


def test_joinedAndLeft(postgresql: PostgreSQLServer) -> None:
    """
    A node that comes, and one that leaves in order, are not noticed by anybody.
    """
    seen(
        lambda: scenarios.joinedAndLeft(postgresql, MEMBERS, SECONDS),
        lambda outcome: outcome.verdict.doubled == 0,
    )
