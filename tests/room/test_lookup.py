"""
Finding the addresses of callback hosts given by name.
"""

import errno
import socket
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.room.lookup import (
    LOOKUP_TIMEOUT,
    MAX_PENDING,
    MAX_PENDING_PER_SOURCE,
    Lookup,
    TooManyLookups,
    mayPass,
)

ASKER = "10.0.0.7"


class LookupReactor(Clock):
    """
    A clock, and threads that work when the test says so.
    """

    def __init__(self) -> None:
        super().__init__()
        self.jobs: list[Callable[[], None]] = []

    def callFromThread(self, call: Callable[..., object], *args: Any) -> None:
        """
        There is one thread only.
        """
        call(*args)

    def finishOne(self) -> None:
        """
        The oldest work is done.
        """
        self.jobs.pop(0)()


def _noThread(work: Callable[[], None]) -> None:
    raise RuntimeError("can't start new thread")


class LookupTestCase(SynchronousTestCase):
    """
    A resolver whose threads are the test's.
    """

    def setUp(self) -> None:
        """
        Nothing is being looked up.
        """
        self.reactor = LookupReactor()
        self.lookup = Lookup(self.reactor, self.reactor.jobs.append)


class LookupTests(LookupTestCase):
    """
    Look-ups are few, bounded in time, and exact.
    """

    def fill(self) -> "list[Deferred[list[str]]]":
        """
        Start as many look-ups as there may be.
        """
        return [
            self.lookup.addresses("127.0.0.1", f"asker {number}") for number in range(MAX_PENDING)
        ]

    def assertFull(self) -> None:
        """
        Fail unless one more look-up is turned away at once.
        """
        jobs = len(self.reactor.jobs)
        self.failureResultOf(self.lookup.addresses("127.0.0.1", ASKER), TooManyLookups)
        self.assertEqual(len(self.reactor.jobs), jobs)

    def assertNotFull(self) -> None:
        """
        Fail unless there is a place for another one.
        """
        self.assertNoResult(self.lookup.addresses("127.0.0.1", ASKER))

    def test_oddSpellings(self) -> None:
        """
        However an address is written, it comes out as what it means.
        """
        for spelling in ("127.1", "0x7f000001", "2130706433", "127.0.0.1", "::ffff:127.0.0.1"):
            found = self.lookup.addresses(spelling, ASKER)
            self.reactor.finishOne()
            addresses = self.successResultOf(found)
            self.assertEqual(set(addresses), {"127.0.0.1"}, spelling)

    def test_ipv6(self) -> None:
        """
        IPv6 comes out in its one spelling.
        """
        found = self.lookup.addresses("0:0::0:1", ASKER)
        self.reactor.finishOne()
        self.assertEqual(self.successResultOf(found), ["::1"])

    def test_noHostName(self) -> None:
        """
        What cannot be a host name fails like one that is not there.
        """
        for host in ("double..dot", "x" * 300):
            found = self.lookup.addresses(host, ASKER)
            self.reactor.finishOne()
            error = self.failureResultOf(found, OSError).value
            self.assertFalse(mayPass(error))
        self.assertNotFull()

    def test_noThread(self) -> None:
        """
        Where no thread can be started, one may be later; the place is free again at once.
        """
        lookup = Lookup(self.reactor, _noThread)
        for _ in range(2 * MAX_PENDING):
            error = self.failureResultOf(lookup.addresses("desk", ASKER), OSError).value
            self.assertTrue(mayPass(error))
            self.assertIn("thread", str(error))
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_atMostFour(self) -> None:
        """
        A slow resolver is not buried under look-ups.
        """
        pending = self.fill()
        self.assertEqual(len(pending), 4)
        self.assertFull()
        self.reactor.finishOne()
        self.successResultOf(pending[0])
        self.assertNoResult(pending[1])
        self.assertNotFull()
        self.assertFull()

    def test_failedOnesMakeRoom(self) -> None:
        """
        Names that are not there do not use up the places.
        """
        for _ in range(3 * MAX_PENDING):
            found = self.lookup.addresses("double..dot", ASKER)
            self.reactor.finishOne()
            self.failureResultOf(found, OSError)
        self.assertNotFull()

    def test_timeOut(self) -> None:
        """
        Who registers by name waits three seconds at most.
        """
        self.assertEqual(LOOKUP_TIMEOUT, 3)
        found = self.lookup.addresses("127.0.0.1", ASKER)
        self.reactor.advance(2.9)
        self.assertNoResult(found)
        self.reactor.advance(0.2)
        error = self.failureResultOf(found, OSError).value
        self.assertIn("3 s", str(error))
        self.assertTrue(mayPass(error))

    def test_timedOutKeepsItsPlace(self) -> None:
        """
        A resolver that hangs gets no more work, however many people ask.
        """
        pending = self.fill()
        self.reactor.advance(LOOKUP_TIMEOUT)
        for found in pending:
            self.failureResultOf(found, OSError)
        self.assertFull()
        self.reactor.finishOne()
        self.assertNotFull()

    def test_lateAnswer(self) -> None:
        """
        An answer or a failure that comes too late disturbs nobody.
        """
        for host in ("127.0.0.1", "double..dot"):
            found = self.lookup.addresses(host, ASKER)
            self.reactor.advance(LOOKUP_TIMEOUT)
            self.failureResultOf(found, OSError)
            self.reactor.finishOne()
        self.assertNotFull()
        self.assertEqual(self.flushLoggedErrors(), [])

    def test_noTimerIsLeft(self) -> None:
        """
        What is answered in time does not time out afterwards.
        """
        found = self.lookup.addresses("127.0.0.1", ASKER)
        self.reactor.finishOne()
        self.assertEqual(self.reactor.getDelayedCalls(), [])
        self.assertEqual(self.successResultOf(found), ["127.0.0.1"])


class MayPassTests(SynchronousTestCase):
    """
    Trouble of the resolver or of the machine passes; a name that does not exist stays so.
    """

    def test_errors(self) -> None:
        """
        Nobody is sent away for good because the name service was restarted.
        """
        for error, passes in (
            (socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution"), True),
            (socket.gaierror(socket.EAI_MEMORY, "Memory allocation failure"), True),
            (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), False),
            (socket.gaierror(socket.EAI_FAIL, "Non-recoverable failure"), False),
            (OSError(errno.EMFILE, "Too many open files"), True),
            (BlockingIOError(errno.EAGAIN, "no thread to spare"), True),
            (TimeoutError("no answer in 3 s"), True),
            (OSError("not a host name"), False),
        ):
            self.assertEqual((error, mayPass(error)), (error, passes))


class AskerTests(LookupTestCase):
    """
    Nobody takes all the places.
    """

    def ask(self, asker: str = ASKER, host: str = "127.0.0.1") -> "Deferred[list[str]]":
        """
        Start a look-up.
        """
        return self.lookup.addresses(host, asker)

    def assertTurnedAway(self, asker: str = ASKER) -> None:
        """
        Fail unless that asker has to come again later.
        """
        jobs = len(self.reactor.jobs)
        self.failureResultOf(self.ask(asker), TooManyLookups)
        self.assertEqual(len(self.reactor.jobs), jobs)

    def test_atMostTwo(self) -> None:
        """
        Two look-ups of one asker are under way; others have their own two.
        """
        self.assertEqual(MAX_PENDING_PER_SOURCE, 2)
        pending = [self.ask(), self.ask()]
        self.assertTurnedAway()
        self.assertTurnedAway()
        pending += [self.ask("10.0.0.8"), self.ask("10.0.0.8")]
        for found in pending:
            self.assertNoResult(found)
        self.assertTurnedAway("10.0.0.9")

    def test_placeIsFreeAgain(self) -> None:
        """
        An answer or a failure frees the asker's place, one place.
        """
        results: list[tuple[str, Callable[[Deferred[list[str]]], object]]] = [
            ("127.0.0.1", self.successResultOf),
            ("double..dot", self.failureResultOf),
        ]
        for host, resultOf in results:
            found = self.ask(host=host)
            self.ask()
            self.assertTurnedAway()
            self.reactor.finishOne()
            resultOf(found)
            self.assertNoResult(self.ask())
            self.assertTurnedAway()
            self.reactor.finishOne()
            self.reactor.finishOne()

    def test_timedOutKeepsItsPlace(self) -> None:
        """
        Who asks for names that never resolve waits until the resolver gives them up, and is the
        only one who does.
        """
        for found in (self.ask(), self.ask()):
            self.reactor.advance(LOOKUP_TIMEOUT)
            self.failureResultOf(found, OSError)
        self.assertTurnedAway()
        self.assertNoResult(self.ask("10.0.0.8"))
        self.reactor.finishOne()
        self.assertNoResult(self.ask())
        self.assertTurnedAway()

    def test_turnedAwayTakesNoPlace(self) -> None:
        """
        Asking in vain costs nothing.
        """
        self.ask()
        self.ask()
        for _ in range(5):
            self.assertTurnedAway()
        self.reactor.finishOne()
        self.reactor.finishOne()
        for found in (self.ask(), self.ask()):
            self.assertNoResult(found)
