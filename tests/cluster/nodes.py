"""
Nodes as an operator runs them: started, stopped in order, killed, stopped by a signal.
"""

import itertools
import os
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.loopback.rig import Twistd, chatserver, eventually, say
from tests.ports import freePort
from tests.postgresqlserver import PostgreSQLServer

_rooms = itertools.count()


class Node:
    """
    One running node.

    :param twistd: the program.
    :param port: where it takes messages.
    """

    def __init__(self, twistd: Twistd, port: int) -> None:
        self.twistd = twistd
        self.port = port

    @property
    def cpuSeconds(self) -> float:
        """
        What it has used up to now.
        """
        pid = self.twistd.process.pid
        return time.clock_gettime((~pid << 3) | 2)

    def pause(self) -> None:
        """
        Let it stand still.
        """
        self.twistd.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """
        Let it go on.
        """
        self.twistd.process.send_signal(signal.SIGCONT)


class Cluster:
    """
    Nodes of one room, gone with the ``with`` block.

    :param server: the database.
    :param address: how nodes reach it, where that is not its own address.
    """

    def __init__(self, server: PostgreSQLServer, address: str | None = None) -> None:
        self.server = server
        self._address = address or server.address
        self.room = f"cluster{os.getpid()}-{next(_rooms)}"
        self.nodes: list[Node] = []
        self._stack = ExitStack()

    def start(self, count: int, *options: str) -> None:
        """
        Start so many at once, and wait until each has its share.
        """
        with ThreadPoolExecutor(count) as threads:
            list(threads.map(lambda _: self.add(*options), range(count)))
        eventually(lambda: len(self.shares()) == count, "every node has a share")

    def add(self, *options: str) -> Node:
        """
        Start one more.
        """
        folder = Path(self._stack.enter_context(TemporaryDirectory()))
        port = freePort()
        store = ("--store", self._address, "--room", self.room, "--rate", "0")
        # All nodes and members are on this machine.
        here = ("--callbacks", "cidr:127.0.0.0/8")
        node = Node(chatserver(folder, port, *store, *here, *options), port)
        self._stack.enter_context(node.twistd)
        # It listens before it has opened its store, but takes nobody in.
        say(port, b"")
        self.nodes.append(node)
        return node

    def drop(self, node: Node, how: Callable[[Node], object]) -> None:
        """
        Tell senders not to ask it any more, and end it.
        """
        self.nodes.remove(node)
        how(node)

    def ports(self) -> list[int]:
        """
        Where one may send to.
        """
        return [node.port for node in self.nodes]

    def shares(self) -> list[int]:
        """
        How many partitions each node has, the least first; free ones count for nobody.
        """
        rows = self.server.execute(
            f'SELECT count(*) FROM "twisted_messenger_{self.room}".partitions'
            " WHERE owner IS NOT NULL GROUP BY owner ORDER BY 1"
        )
        return [int(str(count)) for (count,) in rows]

    def membersAt(self, server: PostgreSQLServer) -> int:
        """
        How many members a server knows of.
        """
        ((count,),) = server.execute(
            f'SELECT count(*) FROM "twisted_messenger_{self.room}".members'
        )
        return int(str(count))

    def __enter__(self) -> "Cluster":
        return self

    def __exit__(self, *details: object) -> None:
        self._stack.close()
        self.server.execute(f'DROP SCHEMA IF EXISTS "twisted_messenger_{self.room}" CASCADE')
