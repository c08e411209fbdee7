"""
The thread that a store on a disk has for itself.
"""

from collections.abc import Callable
from functools import partial
from threading import Event
from typing import Any
from weakref import ref

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.stores.sqlite.worker import ThreadWorker

# Seconds, where nothing is forgotten.
PATIENCE = 5.0


class Waiting:
    """
    A reactor that does what threads ask for when it is told to.
    """

    def __init__(self) -> None:
        self._asked: list[Callable[[], object]] = []

    def callFromThread(self, call: Callable[..., object], *arguments: Any) -> None:
        """
        See ``IReactorFromThreads``.
        """
        self._asked.append(partial(call, *arguments))

    def turn(self) -> None:
        """
        Do it.
        """
        asked, self._asked = self._asked, []
        for call in asked:
            call()


class Text(str):
    """
    What can be seen to be forgotten.
    """


class ThreadWorkerTests(SynchronousTestCase):
    """
    Calls that block, in a thread.
    """

    def setUp(self) -> None:
        """
        One that works.
        """
        self.reactor = Waiting()
        self.worker = ThreadWorker(self.reactor)
        self.worker.start()

    def worked(self, *calls: Callable[[], object]) -> "list[Deferred[object]]":
        """
        Let it do something, to the end.
        """
        done = [self.worker.run(call) for call in calls]
        self.worker.stop()
        self.reactor.turn()
        return done

    def test_order(self) -> None:
        """
        One is done after the other, and only the reactor's thread hears of it.
        """
        order: list[int] = []
        early: list[object] = []
        asked = self.worker.run(lambda: order.append(0))
        asked.addCallback(early.append)
        done = self.worked(*(partial(order.append, number) for number in range(1, 9)))
        self.assertEqual(order, [*range(9)])
        self.assertEqual(early, [None])
        self.assertEqual([self.successResultOf(one) for one in done], [None] * 8)

    def test_raised(self) -> None:
        """
        What fails harms nobody after it.
        """
        failed, later = self.worked(lambda: 1 / 0, lambda: "done")
        self.failureResultOf(failed, ZeroDivisionError)
        self.assertEqual(self.successResultOf(later), "done")

    def test_again(self) -> None:
        """
        A store that was closed may be opened again.
        """
        self.worked()
        self.worker.start()
        (done,) = self.worked(lambda: "again")
        self.assertEqual(self.successResultOf(done), "again")

    def test_forgets(self) -> None:
        """
        What was written is not kept in memory until somebody speaks again.
        """
        gone = Event()
        text = Text("a long message")
        seen = ref(text, lambda _: gone.set())
        said = self.worker.run(partial(len, text))
        del text
        self.assertTrue(gone.wait(PATIENCE), seen())
        self.worked()
        self.assertEqual(self.successResultOf(said), len("a long message"))
