"""
How a start came out, told to everybody who asks.
"""

from twisted.internet.defer import Deferred, fail, succeed

from twisted_messenger.errors import StartError


class SharedStart:
    """
    One start after the other: each is done or has failed, and any number may wait for that.
    """

    def __init__(self) -> None:
        self._waiting: list[Deferred[None]] = []
        self._isOver = False
        self._problem: StartError | None = None

    def wait(self) -> "Deferred[None]":
        """
        Wait for the present start, or for the next one where nothing runs.

        :returns: fires when it is done; fails with :class:`~twisted_messenger.errors.StartError`.
        """
        if self._isOver:
            return succeed(None) if self._problem is None else fail(self._problem)
        waiting: Deferred[None] = Deferred()
        self._waiting.append(waiting)
        return waiting

    def begin(self) -> None:
        """
        There is another start to wait for.
        """
        self._isOver, self._problem = False, None

    def done(self) -> None:
        """
        It was one.
        """
        self._tell(None)

    def failed(self, problem: StartError) -> None:
        """
        It was none.
        """
        self._tell(problem)

    def _tell(self, problem: StartError | None) -> None:
        self._isOver, self._problem = True, problem
        waiting, self._waiting = self._waiting, []
        for one in waiting:
            if problem is None:
                one.callback(None)
            else:
                one.errback(problem)
