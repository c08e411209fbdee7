"""
What a push costs, in counts that do not waver: calls of the kernel, and of Python's functions.
"""

import select
import socket
import sys
from threading import Thread
from typing import Any

from twisted.internet.interfaces import IReactorFDSet
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import directlyProvides

from tests.callcount import kernelCalls, pythonCalls
from tests.untold import Untold
from twisted_messenger.delivery.broadcaster import Broadcaster
from twisted_messenger.entry import Post
from twisted_messenger.push.creator import PushCreator
from twisted_messenger.push.interfaces import Outcome, PushResult
from twisted_messenger.roster import Enrolment, RosterLimits
from twisted_messenger.stores.memory import MemoryStore

_HOST = "127.0.0.1"

# Pushes that are counted.
_COUNT = 50

# Calls of Python's functions: for a push alone and its part of the test; for one with all that
# delivery does for it; and for a message to a member at rest, all its way from the store. Another
# one for each push is more than these allow.
_PUSH, _DELIVERY, _ALONE = 14.5, 21.5, 108.5 if sys.version_info >= (3, 11) else 120.5


class CountedReactor(Clock):
    """
    As much of a reactor as pushes need, and nothing that costs.
    """

    def __init__(self) -> None:
        super().__init__()
        directlyProvides(self, IReactorFDSet)
        self._readers: list[Any] = []
        self.addReader = self._readers.append
        self.removeReader = self._readers.remove

    def addSystemEventTrigger(self, *arguments: object) -> None:
        """
        It never ends.
        """

    removeSystemEventTrigger = addSystemEventTrigger

    def turn(self) -> None:
        """
        Wait for news, and let them be read.
        """
        select.select(self._readers, (), ())
        self._readers[0].doRead()


class PushCostTests(SynchronousTestCase):
    """
    A peer in a thread of its own, whose calls do not count.
    """

    def setUp(self) -> None:
        """
        It reads to the end and closes, until it is told to end.
        """
        self.listening = socket.create_server((_HOST, 0))
        self.port = int(self.listening.getsockname()[1])
        self.reactor = CountedReactor()
        self.creator = PushCreator(self.reactor)
        peer = Thread(target=self.serve)
        peer.start()
        self.addCleanup(self.listening.close)
        self.addCleanup(peer.join)
        self.addCleanup(self.push, b"end")
        # What the first one needs besides.
        self.push(b"hello")

    def serve(self) -> None:
        """
        Be the peer.
        """
        text = b""
        while text != b"end":
            connection, _ = self.listening.accept()
            with connection:
                text = b""
                while data := connection.recv(4096):
                    text += data

    def push(self, text: bytes) -> None:
        """
        Push a message and wait for the result.
        """
        results: list[PushResult] = []
        self.creator.begin(_HOST, self.port, text, results.append)
        while not results:
            self.reactor.turn()
        self.assertIs(results[0].outcome, Outcome.CONFIRMED)

    def pushMany(self) -> None:
        """
        Push one message after the other.
        """
        for _ in range(_COUNT):
            self.push(b"ann: hello")

    def test_kernel(self) -> None:
        """
        A push is eight calls of the kernel and a part of one to wait; the eighth, which makes the
        socket, is not counted here.
        """
        calls = kernelCalls(self.pushMany)
        # It is no call of the kernel.
        del calls["fileno"]
        self.assertEqual(calls.pop("poll") // _COUNT, 1)
        usual = ("connect_ex", "send", "shutdown", "register", "getsockopt", "close")
        self.assertEqual(calls, dict.fromkeys(usual, _COUNT))

    def test_python(self) -> None:
        """
        A push takes few calls of Python's functions.
        """
        self.assertLess(pythonCalls(self.pushMany) / _COUNT, _PUSH)

    def test_delivery(self) -> None:
        """
        So does all that is done for a message and one more member.
        """
        store = MemoryStore()
        store.open()
        store.enrol(Enrolment("ann", _HOST, self.port, _HOST), RosterLimits())
        broadcaster = Broadcaster(store, self.creator, self.reactor)
        broadcaster.startService()

        def confirmed(count: int) -> None:
            while broadcaster.counters["pushes.confirmed"] < count:
                self.reactor.turn()

        said = Untold(Post("ci", "hello", _HOST, 0.0))

        def say(count: int) -> None:
            for _ in range(count):
                store.appendPending(said)

        def oneByOne() -> None:
            for number in range(_COUNT):
                say(1)
                confirmed(3 + _COUNT + number)

        say(1)
        confirmed(1)
        # All but the first wait until that is confirmed.
        say(1 + _COUNT)
        self.assertLess(pythonCalls(lambda: confirmed(2 + _COUNT)) / _COUNT, _DELIVERY)
        self.assertLess(pythonCalls(oneByOne) / _COUNT, _ALONE)
        self.successResultOf(broadcaster.stopService())
