"""
Senders that say something to one node or another, and know what was accepted.
"""

import itertools
import random
import threading
from collections import Counter
from collections.abc import Callable

from tests.loopback.rig import say

# Seconds until a sender tries again what was not taken.
_RETRY = 0.05


class Load:
    """
    Some senders, each one message after the other, as long as the ``with`` block lasts.

    :param nodes: tells where one may send to now.
    :param senders: how many.
    :param pause: seconds between two messages of each.
    :param prefix: what its texts begin with.
    """

    def __init__(
        self,
        nodes: Callable[[], list[int]],
        senders: int = 8,
        pause: float = 0.1,
        prefix: str = "m",
    ):
        #: Texts that were answered by a close without a byte.
        self.accepted: list[str] = []
        #: How often an answer began so; ``reset`` and ``unreachable`` too.
        self.answers: Counter[str] = Counter()
        self._nodes = nodes
        self._pause = pause
        self._prefix = prefix
        self._numbers = itertools.count()
        self._ended = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=(number,), daemon=True)
            for number in range(senders)
        ]

    def _run(self, sender: int) -> None:
        choose = random.Random(sender)
        while not self._ended.wait(self._pause):
            text = f"{self._prefix}{next(self._numbers)}"
            while not self._send(choose.choice(self._nodes()), sender, text):
                if self._ended.wait(_RETRY):
                    return

    def _send(self, node: int, sender: int, text: str) -> bool:
        try:
            answer = say(node, f"from:sender {sender}|{text}".encode())
        except ConnectionRefusedError:
            self.answers["unreachable"] += 1
            return False
        except OSError:
            # Perhaps it was stored; whoever sends again may double. We do not.
            self.answers["reset"] += 1
            return True
        self.answers[answer.decode().partition(":")[0].strip() or "stored"] += 1
        if not answer:
            self.accepted.append(text)
        return not answer.startswith(b"~")

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *details: object) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()
