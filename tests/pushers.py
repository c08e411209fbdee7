"""
Pushers whose pushes are Deferreds, for tests.
"""

from abc import abstractmethod
from collections.abc import Callable

from twisted.internet.defer import Deferred

from twisted_messenger.entry import Entry
from twisted_messenger.lease import Lease
from twisted_messenger.push.answer import judged
from twisted_messenger.push.interfaces import Attempt, Outcome, PushResult
from twisted_messenger.roster import Member


class DeferredPusher:
    """
    A :class:`~twisted_messenger.push.interfaces.Pusher`, of pushes that do not end at once.
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
        lease: Lease | None = None,
        ack: bool = False,
        held: Callable[[], object] | None = None,
        source: str = "",
        *,
        entry: Entry | None = None,
        member: Member | None = None,
    ) -> Attempt:
        """
        See :class:`~twisted_messenger.push.interfaces.Pusher`.
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


class ScriptedPusher(DeferredPusher):
    """
    Remembers what is pushed; the test says how each push ends.
    """

    def __init__(self) -> None:
        self.pushed: list[tuple[str, int, bytes]] = []
        self.pending: list[Deferred[PushResult]] = []

    def push(
        self, host: str, port: int, payload: bytes, connectTimeout: float | None = None
    ) -> "Deferred[PushResult]":
        """
        Keep it; cancelled, it fails.
        """
        self.pushed.append((host, port, payload))
        done: Deferred[PushResult] = Deferred(
            lambda me: me.callback(PushResult(Outcome.FAILED, detail="cancelled"))
        )
        self.pending.append(done)
        return done

    def ends(
        self,
        outcome: Outcome,
        reply: bytes = b"",
        detail: str = "",
        connected: bool = False,
        sent: bool = False,
        error: int | None = None,
        host: str = "",
    ) -> None:
        """
        The push in flight ends; how it is confirmed, its reply says.
        """
        if outcome is Outcome.CONFIRMED:
            outcome = judged(reply)
        result = PushResult(outcome, reply, detail, connected, sent, error, host)
        self.pending.pop(0).callback(result)

    @property
    def payloads(self) -> list[bytes]:
        """
        What was pushed, one for each attempt.
        """
        return [payload for _, _, payload in self.pushed]
