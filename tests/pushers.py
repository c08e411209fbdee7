"""
Pushers whose pushes are Deferreds, for tests.
"""

import math
from abc import abstractmethod
from collections.abc import Callable

from twisted.internet.defer import Deferred

from twisted_messenger.push import Attempt, PushResult


class DeferredPusher:
    """
    A :class:`~twisted_messenger.push.Pusher`, of pushes that do not end at once.
    """

    @abstractmethod
    def push(
        self, host: str, port: int, payload: bytes, connectTimeout: float | None = None
    ) -> "Deferred[PushResult]":
        """
        :returns: fires later with the result.
        """

    def begin(
        self,
        host: str,
        port: int,
        payload: bytes,
        settled: Callable[[PushResult], object],
        connectTimeout: float | None = None,
        until: float = math.inf,
    ) -> Attempt:
        """
        See :class:`~twisted_messenger.push.Pusher`.
        """
        return DeferredAttempt(self.push(host, port, payload, connectTimeout), settled)


class DeferredAttempt:
    """
    A push as its Deferred.
    """

    def __init__(
        self, push: "Deferred[PushResult]", settled: Callable[[PushResult], object]
    ) -> None:
        self._push = push.addCallback(self._tell, settled)

    def _tell(self, result: PushResult, settled: Callable[[PushResult], object]) -> PushResult:
        settled(result)
        return result

    def cancel(self) -> None:
        """
        Give up.
        """
        self._push.cancel()

    def recall(self) -> None:
        """
        Nothing of it has been sent.
        """
        self._push.cancel()
