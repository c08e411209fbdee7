"""
Many members in one thread: each reads to the end, remembers what came and when, and closes.
"""

import selectors
import socket
import threading
import time
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from tests.loopback.rig import HOST, say

# Bytes read at once.
_READ = 65_536


@dataclass(frozen=True)
class Verdict:
    """
    What came to all members together.

    :param lost: accepted messages that a member did not get.
    :param doubled: that came to one again.
    :param disordered: members that got them in another order than the first one did.
    """

    lost: int
    doubled: int
    disordered: int

    def __str__(self) -> str:
        return f"{self.lost} lost, {self.doubled} doubled, {self.disordered} out of order"


class Members:
    """
    Members that listen as long as the ``with`` block lasts.

    :param count: how many.
    """

    def __init__(self, count: int) -> None:
        self._selector = selectors.DefaultSelector()
        self._sockets = [self._listen(number) for number in range(count)]
        #: Texts and when they came, for each member.
        self.got: list[list[tuple[float, str]]] = [[] for _ in range(count)]
        self._open: set[socket.socket] = set()
        self._ended = False
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _listen(self, number: int) -> socket.socket:
        listening = socket.socket()
        listening.bind((HOST, 0))
        listening.listen(1024)
        listening.setblocking(False)
        self._selector.register(listening, selectors.EVENT_READ, (number, None))
        return listening

    @property
    def ports(self) -> list[int]:
        """
        Where they listen.
        """
        return [int(one.getsockname()[1]) for one in self._sockets]

    def register(self, nodes: list[int]) -> None:
        """
        Join the room, each at another node.
        """
        for number, port in enumerate(self.ports):
            request = f"connect_request|member {number}|{HOST}|{port}".encode()
            answer = say(nodes[number % len(nodes)], request)
            assert not answer, answer

    def judge(self, accepted: list[str]) -> Verdict:
        """
        Compare what came with what was accepted.
        """
        wanted = set(accepted)
        orders, doubled = [], 0
        for entries in self.got:
            texts = [text for _, text in entries]
            doubled += sum(count - 1 for count in Counter(texts).values())
            orders.append([text for text in dict.fromkeys(texts) if text in wanted])
        lost = sum(len(wanted) - len(order) for order in orders)
        # Who misses something is no measure for the others.
        whole = max(orders, key=len)
        places = {text: place for place, text in enumerate(whole)}
        disordered = sum(
            [places[text] for text in order] != sorted(places[text] for text in order)
            for order in orders
            if set(order) <= places.keys()
        )
        return Verdict(lost, doubled, disordered)

    def count(self) -> int:
        """
        How much came to all together.
        """
        return sum(map(len, self.got))

    def have(self, accepted: list[str]) -> bool:
        """
        Whether everybody has everything.
        """
        wanted = set(accepted)
        return all(wanted <= {text for _, text in list(entries)} for entries in self.got)

    def doubledAfter(self, moment: float) -> int:
        """
        How often something came again behind a moment of the monotonic clock.
        """
        again = 0
        for entries in self.got:
            seen: set[str] = set()
            for when, text in list(entries):
                again += text in seen and when > moment
                seen.add(text)
        return again

    def lastServed(self) -> list[float]:
        """
        For each member the longest time between two messages, in seconds.
        """
        return [
            max((b - a for (a, _), (b, _) in pairwise(entries)), default=0.0)
            for entries in self.got
        ]

    def __enter__(self) -> "Members":
        self._thread.start()
        return self

    def __exit__(self, *details: object) -> None:
        self._ended = True
        self._thread.join()
        for one in [*self._sockets, *self._open]:
            one.close()
        self._selector.close()

    def _run(self) -> None:
        while not self._ended:
            for key, _ in self._selector.select(0.1):
                number, parts = key.data
                if parts is None:
                    self._accept(key.fileobj, number)
                else:
                    self._read(key.fileobj, number, parts)

    def _accept(self, listening: Any, number: int) -> None:
        try:
            connection, _ = listening.accept()
        except OSError:
            return
        connection.setblocking(False)
        self._open.add(connection)
        self._selector.register(connection, selectors.EVENT_READ, (number, []))

    def _read(self, connection: Any, number: int, parts: list[bytes]) -> None:
        try:
            data = connection.recv(_READ)
        except OSError:
            # Reset: half a message is none.
            parts.clear()
            data = b""
        if data:
            parts.append(data)
            return
        self._selector.unregister(connection)
        self._open.discard(connection)
        connection.close()
        if parts:
            text = b"".join(parts).decode().partition(": ")[2]
            self.got[number].append((time.monotonic(), text))
