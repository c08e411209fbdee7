"""
What is done to the database of a cluster: it hangs, stands still, is restarted, fails over.
"""

from tests.cluster import scenarios
from tests.loopback.clusterrig import MEMBERS, SECONDS, kept, seen
from tests.postgresqlserver import PostgreSQLServer, running


def test_hung(postgresql: PostgreSQLServer) -> None:
    """
    A primary that stands still, and keeps its connections, keeps neither nodes nor senders: they go
    over to the standby.
    """
    kept(scenarios.hung(postgresql, MEMBERS, SECONDS))


def test_restarted() -> None:
    """
    The database may be restarted, and may crash, under load.
    """
    # Its own, since others need the shared one; and with everything on disk.
    with running() as server:
        kept(scenarios.restarted(server, MEMBERS, SECONDS))


def test_stalled(postgresql: PostgreSQLServer) -> None:
    """
    Who says something while the database stands still for three seconds is heard, and not refused.
    """
    seen(
        lambda: scenarios.stalled(postgresql, MEMBERS, SECONDS),
        lambda outcome: "~" not in outcome.told,
    )


def test_pooled(postgresql: PostgreSQLServer) -> None:
    """
    A pooler that pools sessions may lie between, and may be restarted.
    """
    kept(scenarios.pooled(postgresql, MEMBERS, SECONDS))


def test_failedOver(postgresql: PostgreSQLServer) -> None:
    """
    What a new primary accepts reaches everybody, though it lacks what the old one accepted last.
    """
    kept(scenarios.failedOver(postgresql, MEMBERS, SECONDS))
