"""
How much of everything is measured, and quickly.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from benchmarks.trial import Work


@dataclass(frozen=True)
class Plan:
    """
    The sizes of all benchmarks.

    :param rounds: how often each contender has its turn.
    :param throughput: everything at once.
    :param scaling: numbers of members.
    :param scalingPushes: about so many in all, for each number of members.
    :param paced: at a calm pace, with sick members.
    :param catchingUp: what members missed.
    :param registered: members that are not there.
    :param toRegistered: messages to them.
    :param slow: the tutorial's clients: ``listen(10)``, and here 5 ms for each connection.
    :param idleMembers: that nothing is said to.
    :param idleSeconds: for so long.
    :param ingest: messages to a room without members.
    :param besideSenders: messages beside which a member listens.
    :param cluster: by one node and by three.
    :param starts: of each server.
    :param counted: pushes whose instructions are counted.
    :param countedIngest: messages of each sender, the same.
    """

    rounds: int
    throughput: Work
    scaling: Sequence[int]
    scalingPushes: int
    paced: Work
    catchingUp: Work
    registered: int
    toRegistered: int
    slow: Work
    idleMembers: int
    idleSeconds: float
    ingest: int
    besideSenders: int
    cluster: Work
    starts: int
    counted: Work
    countedIngest: int


#: Five minutes on two cores that have nothing else to do.
FULL = Plan(
    rounds=3,
    throughput=Work(100, 100),
    scaling=(10, 1000, 5000),
    scalingPushes=10_000,
    paced=Work(70, 16, interval=0.05, sick=10),
    catchingUp=Work(100, 100),
    registered=10_000,
    toRegistered=2000,
    slow=Work(100, 100, queue=10, restSeconds=0.005),
    idleMembers=1000,
    idleSeconds=5,
    ingest=10_000,
    besideSenders=1200,
    cluster=Work(100, 200),
    starts=9,
    counted=Work(100, 40, patience=300),
    countedIngest=48,
)

#: Seconds: it shows that everything works and nothing is lost, not how fast it is.
SMOKE = replace(
    FULL,
    rounds=1,
    throughput=Work(20, 20),
    scaling=(50,),
    scalingPushes=200,
    paced=Work(7, 10, interval=0.05, sick=1),
    catchingUp=Work(10, 10),
    registered=100,
    toRegistered=64,
    slow=Work(10, 10, queue=10, restSeconds=0.005),
    idleMembers=20,
    idleSeconds=0.5,
    ingest=500,
    besideSenders=80,
    cluster=Work(10, 5),
    starts=1,
)
