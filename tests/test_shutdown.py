"""
In which order parts end when the reactor stops.
"""

from functools import partial

from twisted.internet.defer import CancelledError, Deferred, fail, succeed
from twisted.trial.unittest import SynchronousTestCase

from tests.systemevents import StoppingClock
from twisted_messenger.errors import StoreError
from twisted_messenger.shutdown import (
    GRACE,
    PATIENCE,
    SharedEnd,
    Stage,
    hasStopped,
    stopWithReactor,
)


class StageTests(SynchronousTestCase):
    """
    What others need ends after them.
    """

    def setUp(self) -> None:
        """
        A part for each stage, begun in the order in which a program makes them.
        """
        self.reactor = StoppingClock()
        self.begun: list[str] = []
        self.ends: dict[str, Deferred[None]] = {}
        for part, stage in (
            ("store", Stage.STORE),
            ("members", Stage.MEMBERS),
            ("senders", Stage.SENDERS),
        ):
            stopWithReactor(self.reactor, part, stage, partial(self.end, part))

    def end(self, part: str) -> "Deferred[None]":
        """
        Note that a part was told to end; the test says when it has.
        """
        self.begun.append(part)
        self.ends[part] = Deferred()
        return self.ends[part]

    def test_order(self) -> None:
        """
        The store closes after the last push, and pushes end after the last sender has its answer.
        """
        stopped = self.reactor.stop()
        for count, part in enumerate(("senders", "members", "store"), 1):
            self.assertNoResult(stopped)
            self.assertEqual(len(self.begun), count)
            self.assertEqual(self.begun[-1], part)
            self.ends[part].callback(None)
        self.successResultOf(stopped)
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_together(self) -> None:
        """
        Two rooms of one program end side by side.
        """
        stopWithReactor(self.reactor, "others", Stage.SENDERS, lambda: self.end("others"))
        self.reactor.stop()
        self.assertEqual(self.begun, ["senders", "others"])
        self.ends["senders"].callback(None)
        self.assertEqual(len(self.begun), 2)
        self.ends["others"].callback(None)
        self.assertEqual(self.begun[2:], ["members"])

    def test_hangs(self) -> None:
        """
        A part that never ends does not keep the program, nor the parts after it.
        """
        stopped = self.reactor.stop()
        self.reactor.advance(PATIENCE + GRACE)
        self.assertEqual(self.begun, ["senders", "members"])
        self.ends["members"].callback(None)
        self.ends["store"].callback(None)
        self.successResultOf(stopped)

    def test_fails(self) -> None:
        """
        Nor does one that fails; our own bugs are logged.
        """

        def bug() -> "Deferred[None]":
            raise ZeroDivisionError

        stopWithReactor(self.reactor, "senders", Stage.SENDERS, lambda: fail(StoreError("away")))
        stopWithReactor(self.reactor, "more", Stage.SENDERS, bug)
        self.reactor.stop()
        self.assertEqual(self.begun, ["members"])
        self.assertEqual(len(self.flushLoggedErrors(StoreError, ZeroDivisionError)), 2)

    def test_stoppedBefore(self) -> None:
        """
        What the program has stopped itself is left alone, and so is a reactor without parts.
        """
        hasStopped(self.reactor, "members")
        hasStopped(self.reactor, "senders")
        self.reactor.stop()
        self.assertEqual(self.begun, ["store"])
        self.ends["store"].callback(None)
        hasStopped(self.reactor, "store")
        self.assertEqual(self.reactor.triggers, [])
        stopWithReactor(self.reactor, "again", Stage.STORE, lambda: self.end("again"))
        self.reactor.stop()
        self.assertEqual(self.begun, ["store", "again"])

    def test_nothingLeft(self) -> None:
        """
        A program that stops all of it itself, and goes on, has no trigger of ours left.
        """
        for part in ("senders", "members", "store"):
            self.assertEqual(len(self.reactor.triggers), 1)
            hasStopped(self.reactor, part)
        self.assertEqual(self.reactor.triggers, [])


class SharedEndTests(SynchronousTestCase):
    """
    A program may stop what the reactor stops too.
    """

    def setUp(self) -> None:
        """
        Something runs that has an end.
        """
        self.ends: list[Deferred[None]] = []
        self.shared = SharedEnd(self.end)
        self.shared.started()

    def end(self) -> "Deferred[None]":
        """
        The test says when it is over.
        """
        self.ends.append(Deferred())
        return self.ends[-1]

    def test_once(self) -> None:
        """
        It ends once, and everybody who asked is told when that is over; later it is over already.
        """
        first, second = self.shared.wait(), self.shared.wait()
        self.assertNoResult(first)
        self.assertEqual(len(self.ends), 1)
        self.ends[0].callback(None)
        self.successResultOf(first)
        self.successResultOf(second)
        self.successResultOf(self.shared.wait())
        self.assertEqual(len(self.ends), 1)

    def test_again(self) -> None:
        """
        What was started again ends again.
        """
        self.shared.wait()
        self.ends[0].callback(None)
        self.shared.started()
        self.assertNoResult(self.shared.wait())
        self.assertEqual(len(self.ends), 2)

    def test_fails(self) -> None:
        """
        Everybody hears of a failure.
        """
        both = self.shared.wait(), self.shared.wait()
        self.ends[0].errback(StoreError("away"))
        for one in both:
            self.failureResultOf(one, StoreError)

    def test_givenUp(self) -> None:
        """
        Who waits no longer lets go of what hangs.
        """
        waiting, other = self.shared.wait(), self.shared.wait()
        waiting.cancel()
        self.failureResultOf(waiting, CancelledError)
        self.failureResultOf(other, CancelledError)
        self.assertTrue(self.ends[0].called)


class NoReactorTests(SynchronousTestCase):
    """
    Tests of other programs have no reactor that ends.
    """

    def test_none(self) -> None:
        """
        A part runs as ever.
        """
        part = object()
        stopWithReactor(None, part, Stage.STORE, lambda: succeed(None))
        hasStopped(None, part)
