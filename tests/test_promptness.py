"""
Coroutines that need not wait.
"""

from twisted.internet.defer import Deferred, fail, succeed
from twisted.trial.unittest import SynchronousTestCase

from tests.callcount import pythonCalls
from twisted_messenger.promptness import promptly


async def _sum(*numbers: "Deferred[int]") -> int:
    return sum([await number for number in numbers])


class PromptlyTests(SynchronousTestCase):
    """
    What is there is given at once; for what is not there, there is a Deferred.
    """

    def test_isThere(self) -> None:
        """
        Where all has fired, so is the result, and it costs less than a Deferred would.
        """
        self.assertEqual(promptly(_sum(succeed(1), succeed(2))), 3)
        prompt = pythonCalls(lambda: promptly(_sum()))
        self.assertLess(prompt + 5, pythonCalls(lambda: Deferred.fromCoroutine(_sum())))

    def test_waits(self) -> None:
        """
        Whatever has to be waited for, first or later, is waited for once.
        """
        one: Deferred[int] = Deferred()
        two: Deferred[int] = Deferred()
        waiting = promptly(_sum(succeed(1), one, succeed(1), two))
        assert isinstance(waiting, Deferred)
        one.callback(10)
        self.assertNoResult(waiting)
        two.callback(100)
        self.assertEqual(self.successResultOf(waiting), 112)

    def test_chained(self) -> None:
        """
        A Deferred that has fired with another one is not there yet.
        """
        inner: Deferred[int] = Deferred()
        outer = succeed(None).addCallback(lambda ignored: inner)
        waiting = promptly(_sum(outer))
        assert isinstance(waiting, Deferred)
        inner.callback(1)
        self.assertEqual(self.successResultOf(waiting), 1)

    def test_raises(self) -> None:
        """
        What it raises, at once or later, is a failure.
        """
        late: Deferred[int] = Deferred()
        waiting = promptly(_sum(fail(ZeroDivisionError()))), promptly(_sum(late))
        late.errback(ZeroDivisionError())
        for one in waiting:
            assert isinstance(one, Deferred)
            self.failureResultOf(one, ZeroDivisionError)

    def test_cancelled(self) -> None:
        """
        To cancel it is to cancel what it waits for.
        """
        late: Deferred[int] = Deferred()
        waiting = promptly(_sum(late))
        assert isinstance(waiting, Deferred)
        waiting.cancel()
        self.assertTrue(late.called)
        self.failureResultOf(waiting)
