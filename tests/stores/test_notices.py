"""
Hearing of changes that other nodes made.
"""

import os
import socket
from types import SimpleNamespace
from typing import Any

import psycopg
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionLost
from twisted.internet.interfaces import IReadDescriptor
from twisted.internet.testing import MemoryReactorClock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from twisted_messenger.errors import StoreLost
from twisted_messenger.stores.postgresql.notices import Notices


class Bug(Exception):
    """
    Raised on purpose.
    """


class HandConnection:
    """
    A connection whose server says what the test says.
    """

    def __init__(self) -> None:
        self._socket, self._server = socket.socketpair()
        self.waiting: list[str] = []
        self.error: Exception | None = None
        self.closed = False
        #: What libpq offers.
        self.pgconn = self

    def fileno(self) -> int:
        """
        Where news can be read, as long as libpq has it open.
        """
        if self.error is not None:
            raise self.error
        return self._socket.fileno()

    def consume_input(self) -> None:
        """
        Read, or find that the server has gone: then libpq closes its descriptor.
        """
        if self.error is not None:
            self._socket.close()
            raise self.error

    def notifies(self) -> Any:
        """
        The next notice, if there is one.
        """
        return SimpleNamespace(extra=self.waiting.pop(0).encode()) if self.waiting else None

    def close(self) -> None:
        """
        Let go of everything.
        """
        self.closed = True
        self._socket.close()
        self._server.close()


class NoticesTests(SynchronousTestCase):
    """
    News come at once; whatever happens to the connection, they come again.
    """

    def setUp(self) -> None:
        """
        Nobody listens yet.
        """
        self.reactor = MemoryReactorClock()
        self.attempts: list[Deferred[Any]] = []
        self.told: list[str] = []
        #: How many of the next texts a reader with a bug fails at.
        self.bugs = 0
        self.notices = Notices(self.connect, self.reactor, self.tell)
        self.before = self.descriptors()

    def descriptors(self) -> set[str]:
        """
        Every descriptor of this process.
        """
        return set(os.listdir("/proc/self/fd"))

    def connect(self) -> "Deferred[Any]":
        """
        Begin to connect; the test says how that ends.
        """
        self.attempts.append(Deferred())
        return self.attempts[-1]

    def tell(self, text: str) -> None:
        """
        Keep it, or fail.
        """
        self.told.append(text)
        if self.bugs:
            self.bugs -= 1
            raise Bug

    def listen(self) -> HandConnection:
        """
        Start, and be connected.
        """
        self.notices.start()
        return self.connected()

    def connected(self) -> HandConnection:
        """
        Let the latest attempt succeed.
        """
        connection = HandConnection()
        self.addCleanup(connection.close)
        self.attempts[-1].callback(connection)
        return connection

    def assertGone(self, connection: HandConnection) -> None:
        """
        Nothing is open any more, and the reactor watches nothing.
        """
        self.assertTrue(connection.closed)
        self.assertEqual(self.reactor.getReaders(), [])
        self.assertEqual(self.notices.fileno(), -1)
        self.assertEqual(self.descriptors(), self.before)

    def assertTriesAgain(self) -> None:
        """
        It connects once more, after a second and not before.
        """
        before = len(self.attempts)
        self.reactor.advance(0.9)
        self.assertEqual(len(self.attempts), before)
        self.reactor.advance(0.2)
        self.assertEqual(len(self.attempts), before + 1)
        self.reactor.advance(60)
        self.assertEqual(len(self.attempts), before + 1)

    def test_interface(self) -> None:
        """
        The reactor can read it.
        """
        verifyObject(IReadDescriptor, self.notices)
        self.assertEqual(self.notices.logPrefix(), "notices")

    def test_connected(self) -> None:
        """
        As soon as it listens, there may be news: nobody heard what was said before.
        """
        self.notices.start()
        self.assertEqual(self.told, [])
        self.connected()
        self.assertEqual(self.told, [""])
        self.assertEqual(self.reactor.getReaders(), [self.notices])

    def test_oncePerText(self) -> None:
        """
        Many notices that came together are told once for each text, in order.
        """
        connection = self.listen()
        connection.waiting += ["one", "nodes", "one", "two", "nodes", "one"]
        self.notices.doRead()
        self.assertEqual(self.told, ["", "one", "nodes", "two"])
        connection.waiting.append("one")
        self.notices.doRead()
        self.notices.doRead()
        self.assertEqual(self.told, ["", "one", "nodes", "two", "one"])

    def test_serverGone(self) -> None:
        """
        When the server goes, everything of the connection goes, though libpq has closed its own
        descriptor by then; what was missed meanwhile is looked for when it is back.
        """
        connection = self.listen()
        connection.error = psycopg.OperationalError("server closed the connection")
        self.notices.doRead()
        self.assertGone(connection)
        self.assertTriesAgain()
        self.assertEqual(self.told, [""])
        again = self.connected()
        again.waiting.append("one")
        self.notices.doRead()
        self.assertEqual(self.told, ["", "", "one"])

    def test_notThere(self) -> None:
        """
        A server that cannot be reached is tried again every second, without a word in the log.
        """
        self.notices.start()
        for problem in (
            psycopg.OperationalError("refused"),
            OSError("no descriptor left"),
            StoreLost("out of reach"),
        ):
            self.attempts[-1].errback(problem)
            self.assertTriesAgain()
        self.connected()
        self.assertEqual(self.told, [""])

    def test_goneAtOnce(self) -> None:
        """
        So is one that goes between the connection and our learning of it.
        """
        connection = HandConnection()
        self.addCleanup(connection.close)
        connection.error = psycopg.OperationalError("the connection is closed")
        self.notices.start()
        self.attempts[-1].callback(connection)
        self.assertGone(connection)
        self.assertTriesAgain()

    def test_bug(self) -> None:
        """
        Whoever fails at what it is told is logged, and hears again a second later.
        """
        self.bugs = 1
        connection = self.listen()
        self.assertEqual(len(self.flushLoggedErrors(Bug)), 1)
        self.assertGone(connection)
        self.assertTriesAgain()
        again = self.connected()
        self.bugs = 1
        again.waiting.append("one")
        # As a reactor does: it logs the error, and that is the end of the descriptor.
        bug = self.assertRaises(Bug, self.notices.doRead)
        self.reactor.removeReader(self.notices)
        self.notices.connectionLost(Failure(bug))
        self.assertGone(again)
        self.assertTriesAgain()

    def test_stop(self) -> None:
        """
        After a stop nothing is open, and nothing is tried.
        """
        connection = self.listen()
        self.assertIs(self.notices.stop(), None)
        self.assertGone(connection)
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_stopBetweenAttempts(self) -> None:
        """
        Nor where the next attempt was due soon.
        """
        self.notices.start()
        self.attempts[-1].errback(psycopg.OperationalError("refused"))
        self.assertIs(self.notices.stop(), None)
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_stopWhileConnecting(self) -> None:
        """
        A stop waits for a connection that is being made: it is closed, and nobody is told.
        """
        self.notices.start()
        stopped = self.notices.stop()
        assert stopped is not None
        self.assertNoResult(stopped)
        self.assertGone(self.connected())
        self.successResultOf(stopped)
        self.assertEqual((self.told, self.reactor.getDelayedCalls()), ([], []))

    def test_stopWhileConnectingInVain(self) -> None:
        """
        So it is where no connection comes of it.
        """
        self.notices.start()
        stopped = self.notices.stop()
        assert stopped is not None
        self.attempts[-1].errback(psycopg.OperationalError("refused"))
        self.successResultOf(stopped)
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_reactorEnded(self) -> None:
        """
        A reactor that ends lets go of the connection; a stop afterwards has nothing left to do.
        """
        connection = self.listen()
        self.notices.connectionLost(Failure(ConnectionLost()))
        self.assertGone(connection)
        self.assertIs(self.notices.stop(), None)
        self.assertEqual(self.reactor.getDelayedCalls(), [])
