"""
What nodes and the database cost, with members in C: few Python programs could receive so much.
"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.ingesting import SENDERS, load
from benchmarks.members import Sink
from benchmarks.trial import text
from benchmarks.workshop import Workshop
from tests.cluster.nodes import Cluster
from tests.loopback.rig import HOST, eventually, say
from tests.postgresqlserver import PostgreSQLServer

# Seconds until everything must have come.
_PATIENCE = 120.0

# Registrations and messages at once.
_AT_ONCE = 32


@contextmanager
def _room(server: PostgreSQLServer, nodes: int) -> Iterator[tuple[Cluster, Workshop]]:
    with (
        TemporaryDirectory() as folder,
        Cluster(server) as cluster,
    ):
        cluster.start(nodes, "--max-members", "0")
        yield cluster, Workshop(Path(folder), ["ours"])


def _each(calls: "list[Callable[[], bytes]]") -> None:
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        for answer in threads.map(lambda call: call(), calls):
            assert not answer, answer


def _register(cluster: Cluster, *sinks: Sink) -> None:
    nodes = cluster.ports()
    ports = [port for sink in sinks for port in sink.ports]

    def call(number: int, port: int) -> Callable[[], bytes]:
        request = f"connect_request|member {number}|{HOST}|{port}".encode()
        return lambda: say(nodes[number % len(nodes)], request)

    _each([call(number, port) for number, port in enumerate(ports)])


def _say(cluster: Cluster, count: int) -> None:
    nodes = cluster.ports()

    def call(number: int) -> Callable[[], bytes]:
        return lambda: say(nodes[number % len(nodes)], f"from:bench|{text(number)}".encode())

    # One after the other, so that the numbers are in order.
    for number in range(1, count + 1):
        assert not call(number)()


def many(server: PostgreSQLServer, members: int = 20_000) -> str:
    """
    Kill one of two nodes that serve very many members.
    """
    # In two programs, since each member costs a descriptor.
    half = members // 2
    with _room(server, 2) as (cluster, shop), shop.sink(half) as one, shop.sink(half) as other:
        sinks = [one, other]
        began = time.monotonic()
        _register(cluster, *sinks)
        registered = time.monotonic() - began
        served = _served(cluster, 1, *sinks)
        nodes, engine = _cpu(cluster), server.cpuSeconds()
        usual = _served(cluster, 5, *sinks)
        nodes, engine = _cpu(cluster) - nodes, server.cpuSeconds() - engine
        for sink in sinks:
            sink.expect(1)
        killed = time.monotonic()
        cluster.drop(cluster.nodes[0], lambda node: node.twistd.kill())
        _say(cluster, 1)
        eventually(lambda: cluster.shares() == [256], "the other one has all")
        taken = time.monotonic() - killed
        reports = [sink.wait(_PATIENCE) for sink in sinks]
        last = max(report.finished for report in reports) / 1e9 - killed
        return (
            f"{members} members registered in {registered:.0f} s; all served first after"
            f" {served:.1f} s, then 5 messages in {usual:.1f} s; the engine's share of the CPU"
            f" {engine / (engine + nodes):.0%}; after a kill all partitions taken in {taken:.1f} s,"
            f" all members served within {last:.1f} s,"
            f" {sum(report.lost for report in reports)} lost,"
            f" {sum(report.doubled for report in reports)} doubled"
        )


def _cpu(cluster: Cluster) -> float:
    return sum(node.cpuSeconds for node in cluster.nodes)


def _served(cluster: Cluster, count: int, *sinks: Sink) -> float:
    for sink in sinks:
        sink.expect(count)
    began = time.monotonic()
    _say(cluster, count)
    for sink in sinks:
        report = sink.wait(_PATIENCE)
        assert not report.faults, report
    return time.monotonic() - began


def throughput(server: PostgreSQLServer, members: int = 100, messages: int = 200) -> str:
    """
    The same work by one node and by three; and messages that nobody receives.
    """
    lines = []
    for nodes in (1, 3, 1, 3):
        with _room(server, nodes) as (cluster, shop), shop.sink(members) as sink:
            _register(cluster, sink)
            _served(cluster, 1, sink)
            used, engine = _cpu(cluster), server.cpuSeconds()
            seconds = _served(cluster, messages, sink)
            pushes = members * messages
            cost = (_cpu(cluster) - used) / pushes
            engine = (server.cpuSeconds() - engine) / pushes
            lines.append(
                f"{nodes} nodes: {cost * 1e6:.1f} µs of CPU per push and {engine * 1e6:.1f} of the"
                f" engine's, {pushes / seconds:.0f} pushes/s"
            )
    with _room(server, 1) as (cluster, shop):
        load(shop, cluster.ports()[0], 1)
        began, each = time.monotonic(), 50
        load(shop, cluster.ports()[0], each)
        rate = SENDERS * each / (time.monotonic() - began)
        lines.append(f"{rate:.0f} appends/s by {SENDERS} senders at one node")
    return "; ".join(lines)
