"""
Pushes to listeners inside this program: calls of a function, each confirmed when it is done.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from twisted_messenger.delivery.subscriptions import Listening, Subscriptions
from twisted_messenger.entry import Entry
from twisted_messenger.lease import Lease
from twisted_messenger.push.interfaces import Attempt, Outcome, PushResult
from twisted_messenger.refusal import MAX_DETAIL
from twisted_messenger.roster import Member
from twisted_messenger.text import escapeLine

#: Seconds after which others need not wait for a listener: it gives its place among those who are
#: pushed to back, and goes on.
HOLD_AFTER = 10.0

_CONFIRMED = PushResult(Outcome.CONFIRMED)


class ListenerPusher:
    """
    Calls who is subscribed under a member's name.

    :param subscriptions: who is.
    :param reactor: makes the calls, each in a turn of its own.
    """

    def __init__(self, subscriptions: Subscriptions, reactor: Any) -> None:
        self._subscriptions = subscriptions
        self._reactor = reactor

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
        entry: Entry | None,
        member: Member,
    ) -> Attempt:
        """
        See :class:`~twisted_messenger.push.interfaces.Pusher`.

        :param payload: of a notice: how many messages were dropped.
        """

        def heard(call: _Call) -> None:
            listening = self._subscriptions.get(member)
            if lease is not None and not lease.held:
                call.end(PushResult(Outcome.EXHAUSTED, detail="the lease is over"))
            elif listening is None:
                call.end(PushResult(Outcome.FAILED, detail="nobody is subscribed"))
            elif entry is None:
                listening.subscription.missed += int(payload)
                call.end(_CONFIRMED)
            elif listening.working:
                call.end(PushResult(Outcome.DEFERRED, detail="it has not given up yet"))
            else:
                call.work(listening, entry)

        return _Call(self._reactor, heard, settled, held)


class _Call:
    """
    One call of a listener.

    :param reactor: makes it.
    :param begin: called with this, in a turn of its own.
    :param settled: called once with how it ended.
    :param held: called when it takes long.
    """

    log = Logger()

    def __init__(
        self,
        reactor: Any,
        begin: "Callable[[_Call], object]",
        settled: Callable[[PushResult], object],
        held: Callable[[], object] | None,
    ) -> None:
        self._reactor = reactor
        self._settled = settled
        self._held = held
        # Until it is made, then until it takes long.
        self._timer: IDelayedCall | None = reactor.callLater(0, begin, self)
        self._work: Deferred[None] | None = None

    def end(self, result: PushResult) -> None:
        """
        It is over.
        """
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._settled(result)

    def work(self, listening: Listening, entry: Entry) -> None:
        """
        Have a listener hear an entry.
        """
        self._timer = None
        self._work = Deferred.fromCoroutine(_heard(listening, entry))
        if not self._work.called and self._held is not None:
            self._timer = self._reactor.callLater(HOLD_AFTER, self._held)
        self._work.addCallbacks(
            lambda _: self.end(_CONFIRMED), self._failed, errbackArgs=(listening, entry)
        )

    def cancel(self) -> None:
        """
        See :class:`~twisted_messenger.push.interfaces.Attempt`.
        """
        self._work, work = None, self._work
        if work is None:
            self._recalled()
        else:
            work.cancel()

    def recall(self) -> None:
        """
        See :class:`~twisted_messenger.push.interfaces.Attempt`.
        """
        if self._work is None:
            self._recalled()

    def _recalled(self) -> None:
        self.end(PushResult(Outcome.EXHAUSTED, detail="it was given up"))

    def _failed(self, reason: Failure, listening: Listening, entry: Entry) -> None:
        if self._work is None:
            self._recalled()
            return
        name = listening.subscription.name
        if listening.troubled != entry.position:
            # Not each time: it is called with it again, perhaps for long.
            listening.troubled = entry.position
            self.log.failure("{name} raised, and will hear the same again", reason, name=name)
        why = escapeLine(f"{type(reason.value).__name__}: {reason.value}", MAX_DETAIL)
        self.end(PushResult(Outcome.DEFERRED, detail=why))


async def _heard(listening: Listening, entry: Entry) -> None:
    listening.working = True
    try:
        answer = listening.listener(entry)
        if isinstance(answer, Awaitable):
            await answer
    finally:
        listening.working = False
