"""
Pushers whose pushes are Deferreds, for tests.
"""

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
    ) -> Attempt:
        """
        See :class:`~twisted_messenger.push.Pusher`.
        """
        return self.push(host, port, payload, connectTimeout).addCallback(_tell, settled)


def _tell(result: PushResult, settled: Callable[[PushResult], object]) -> PushResult:
    settled(result)
    return result
