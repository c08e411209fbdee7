"""
What a push costs where three nodes share the work, beside one node alone.
"""

import time
from contextlib import ExitStack
from itertools import count

from benchmarks.database import Database
from benchmarks.members import Sink
from benchmarks.programs import BenchmarkError, bounded
from benchmarks.room import Room
from benchmarks.table import Bar, Spread, Table
from benchmarks.trial import SETTLE, START, Work, inTurns, text
from benchmarks.workshop import Workshop

_UNIT = "µs of CPU per push"
_NODES = {"one node": 1, "three nodes": 3}

# All nodes and members are on this machine.
_OPTIONS = ("--callbacks", "cidr:127.0.0.0/8", "--room")

# Three nodes may cost so many times what one does, all together.
_TO_ONE = 1.1

_roomNumbers = count(1)


def cluster(workshop: Workshop, work: Work, rounds: int) -> Table:
    """
    The same messages, to one node and to three in turn, on one PostgreSQL server.
    """
    amount = f"{work.messages} messages to {work.members} members, on one PostgreSQL server"
    table = Table("cluster", amount, ("nodes", _UNIT, "to one"), _UNIT)
    with bounded("the database", START):
        database = Database()
    with database:
        taken = inTurns(rounds, list(_NODES), lambda name: _cost(workshop, database, name, work))
    costs = {name: Spread(values) for name, values in taken.items()}
    for name, cost in costs.items():
        table.add(name, f"{cost:.1f}", cost.ratio(costs["one node"]))
        table.bars.append(Bar(f"ours, {name}", cost.middle))
    times = costs["three nodes"].times(costs["one node"])
    table.aim("push by three nodes on PostgreSQL, CPU to one node", times, _TO_ONE)
    return table


def _cost(workshop: Workshop, database: Database, name: str, work: Work) -> float:
    """
    :returns: microseconds for each push, of all nodes together.
    """
    room = f"bench{next(_roomNumbers)}"
    with (
        bounded(name, START + work.patience),
        workshop.sink(work.members) as sink,
        ExitStack() as stack,
    ):
        nodes = [
            stack.enter_context(
                Room(workshop.folder, store=database.address, options=(*_OPTIONS, room))
            )
            for _ in range(_NODES[name])
        ]
        for number, port in enumerate(sink.ports):
            nodes[number % len(nodes)].join([port])
        while _nodesWithMembers(database, room) < len(nodes):
            time.sleep(0.1)
        _serve(nodes, sink, 1, work)
        used = _used(nodes)
        _serve(nodes, sink, work.messages, work)
        time.sleep(SETTLE)
        used = _used(nodes) - used
    return used / 1000 / work.pushes


def _nodesWithMembers(database: Database, room: str) -> int:
    """
    How many nodes push.
    """
    # Only where there is a database, this is installed too.
    import psycopg

    schema = psycopg.sql.Identifier(f"twisted_messenger_{room}")
    query = psycopg.sql.SQL("SELECT count(DISTINCT owner) FROM {}.partitions").format(schema)
    with psycopg.connect(database.address) as connection:
        row = connection.execute(query).fetchone()
    assert row is not None
    return int(row[0])


def _serve(nodes: list[Room], sink: Sink, messages: int, work: Work) -> None:
    """
    Say messages, all at once, each node its share; and wait until every member has them.
    """
    sink.expect(messages)
    for number in range(1, messages + 1):
        nodes[number % len(nodes)].say([text(number)])
    faults = sink.wait(work.patience).faults
    if faults:
        raise BenchmarkError(f"{faults} messages did not come as promised")
    for node in nodes:
        node.settle()


def _used(nodes: list[Room]) -> int:
    return sum(node.cpuNanoseconds() for node in nodes)
