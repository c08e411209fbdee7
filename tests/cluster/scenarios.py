"""
What happens to nodes, and what members and senders notice of it.
"""

import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from tests.cluster.load import Load
from tests.cluster.members import Members, Verdict
from tests.cluster.nodes import Cluster, Node
from tests.loopback.rig import eventually
from tests.pooler import pooling
from tests.postgresqlserver import HOST, PostgreSQLServer, running

_pause = threading.Event().wait


@dataclass(frozen=True)
class Outcome:
    """
    How a scenario went.

    :param verdict: on what the members got.
    :param accepted: messages that were.
    :param gap: the longest that a member waited between two messages, in seconds.
    :param told: what else there is to say.
    """

    verdict: Verdict
    accepted: int
    gap: float
    told: str

    def __str__(self) -> str:
        return (
            f"{self.accepted} accepted; {self.verdict}; longest gap {self.gap:.2f} s; {self.told}"
        )


def _scene(
    server: PostgreSQLServer,
    members: int,
    nodes: int,
    act: Callable[[Cluster, Members], str],
    seconds: float,
    address: str | None = None,
) -> Outcome:
    """
    Members at some nodes, a steady load, and something that happens in the middle of it.
    """
    with Cluster(server, address) as cluster, Members(members) as all_:
        cluster.start(nodes)
        all_.register(cluster.ports())
        with Load(cluster.ports) as load:
            _pause(seconds)
            told = act(cluster, all_)
            _pause(seconds)
        return _outcome(all_, told, load)


def _outcome(all_: Members, told: str, *loads: Load) -> Outcome:
    accepted = [text for load in loads for text in load.accepted]
    eventually(lambda: all_.have(accepted), "everybody has everything")
    _pause(0.5)
    answers = sum((load.answers for load in loads), Counter[str]())
    counts = ", ".join(f"{count} {answer}" for answer, count in sorted(answers.items()))
    return Outcome(
        all_.judge(accepted), len(accepted), max(all_.lastServed()), f"{told}; answers: {counts}"
    )


def killed(server: PostgreSQLServer, members: int = 200, seconds: float = 4) -> Outcome:
    """
    ``kill -9`` one of three in the middle of the load.
    """

    def act(cluster: Cluster, all_: Members) -> str:
        began = time.monotonic()
        cluster.drop(cluster.nodes[1], lambda node: node.twistd.kill())
        eventually(lambda: cluster.shares() == [128, 128], "two have all")
        return f"two nodes have all after {time.monotonic() - began:.1f} s"

    return _scene(server, members, 3, act, seconds)


def stopped(server: PostgreSQLServer, members: int = 200, seconds: float = 4) -> Outcome:
    """
    SIGSTOP one of three until others serve its members, then SIGCONT.
    """

    def act(cluster: Cluster, all_: Members) -> str:
        node = cluster.nodes[1]
        cluster.drop(node, Node.pause)
        eventually(lambda: cluster.shares() == [128, 128], "two have all")
        _pause(seconds)
        resumed = time.monotonic()
        node.resume()
        eventually(lambda: len(cluster.shares()) == 3, "it has a share again")
        cluster.nodes.append(node)
        _pause(seconds)
        doubled = all_.doubledAfter(resumed)
        said = [line for line in node.twistd.lines() if "another node's" in line]
        words = " / ".join(line.partition("] ")[2] for line in said)
        return f"{doubled} doubled after it resumed; it said: {words}; shares {cluster.shares()}"

    return _scene(server, members, 3, act, seconds)


def crashing(server: PostgreSQLServer, members: int = 200, seconds: float = 4) -> Outcome:
    """
    One more node that crashes a moment after each start, as under a supervisor.
    """

    def act(cluster: Cluster, all_: Members) -> str:
        crashes, end = 0, time.monotonic() + 4 * seconds
        while time.monotonic() < end:
            node = cluster.add()
            _pause(1)
            cluster.drop(node, lambda node: node.twistd.kill())
            crashes += 1
        return f"{crashes} crashes, shares {cluster.shares()}"

    return _scene(server, members, 2, act, seconds)


def restarted(server: PostgreSQLServer, members: int = 200, seconds: float = 4) -> Outcome:
    """
    Restart PostgreSQL twice: once as an operator does, once as a crash.
    """

    def act(cluster: Cluster, all_: Members) -> str:
        away = []
        for how in (signal.SIGINT, signal.SIGQUIT):
            began = time.monotonic()
            server.stop(how)
            server.start()
            away.append(time.monotonic() - began)
            _pause(seconds)
        return "away for " + " and ".join(f"{one:.1f} s" for one in away)

    return _scene(server, members, 3, act, seconds)


def hung(server: PostgreSQLServer, members: int = 200, seconds: float = 4) -> Outcome:
    """
    A primary of its own stands still, with all its connections, and its standby is promoted.
    """
    with running() as primary, running(follows=primary) as standby:
        # Whatever is accepted, the standby has.
        primary.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
        primary.execute("SELECT pg_reload_conf()")

        def act(cluster: Cluster, all_: Members) -> str:
            primary.pause()
            cluster.server = standby
            _pause(1)
            standby.promote()
            began, before = time.monotonic(), all_.count()
            eventually(lambda: all_.count() > before, "somebody gets something")
            return f"messages come {time.monotonic() - began:.1f} s after the promotion"

        ports = f"{primary.port},{standby.port}"
        address = (
            f"postgresql://tester@/postgres?host={HOST},{HOST}&port={ports}"
            "&target_session_attrs=read-write"
        )
        return _scene(primary, members, 2, act, seconds, address)


def joinedAndLeft(server: PostgreSQLServer, members: int = 200, seconds: float = 4) -> Outcome:
    """
    A fourth node joins, then one leaves in order.
    """

    def act(cluster: Cluster, all_: Members) -> str:
        began = time.monotonic()
        cluster.add()
        eventually(lambda: len(cluster.shares()) == 4, "it has earned a share")
        joined = time.monotonic() - began
        _pause(seconds)
        began = time.monotonic()
        status: list[int] = []
        cluster.drop(cluster.nodes[0], lambda node: status.append(node.twistd.stop()))
        eventually(lambda: [sum(cluster.shares()), len(cluster.shares())] == [256, 3], "three")
        left = time.monotonic() - began
        return (
            f"a share after {joined:.1f} s (its start included); three have all after {left:.1f} s"
        )

    return _scene(server, members, 3, act, seconds)


def stalled(server: PostgreSQLServer, members: int = 200, seconds: float = 4) -> Outcome:
    """
    Let PostgreSQL stand still for three seconds.
    """

    def act(cluster: Cluster, all_: Members) -> str:
        server.pause()
        _pause(3)
        server.resume()
        return "it stood still for 3 s"

    return _scene(server, members, 3, act, seconds)


def pooled(server: PostgreSQLServer, members: int = 200, seconds: float = 4) -> Outcome:
    """
    A pooler lies between: a node is started again, and the pooler too.
    """
    with pooling(server, "session") as pooler:

        def act(cluster: Cluster, all_: Members) -> str:
            cluster.drop(cluster.nodes[0], lambda node: node.twistd.stop())
            cluster.add()
            _pause(seconds)
            began = time.monotonic()
            pooler.stop()
            pooler.start()
            return f"the pooler was away for {time.monotonic() - began:.1f} s"

        return _scene(server, members, 3, act, seconds, pooler.address)


def failedOver(server: PostgreSQLServer, members: int = 200, seconds: float = 4) -> Outcome:
    """
    A primary dies, and its standby, which lacks the last messages, is promoted.

    :param server: is left alone: the scenario has a primary of its own.
    """
    with running() as primary, running(follows=primary) as standby:
        address = (
            f"postgresql://tester@/postgres?host={HOST},{HOST}&port={primary.port},{standby.port}"
            "&target_session_attrs=read-write"
        )
        with Cluster(primary, address) as cluster, Members(members) as all_:
            cluster.start(3)
            all_.register(cluster.ports())
            with Load(cluster.ports) as before:
                _pause(seconds)
                eventually(lambda: cluster.membersAt(standby) == members, "the standby follows")
                standby.stopFollowing()
                known = len(before.accepted)
                _pause(seconds)
            # What it had delivered is no loss to anybody.
            eventually(lambda: all_.have(before.accepted), "everybody has everything")
            primary.stop(signal.SIGQUIT)
            cluster.server = standby
            with Load(cluster.ports, prefix="after ") as after:
                _pause(1)
                standby.promote()
                _pause(seconds)
            told = f"the standby lacked {len(before.accepted) - known} or so"
            return _outcome(all_, told, before, after)
