"""
What a peer says, in order, to one friend or server, who may be away for a while.
"""

import random
from collections import deque
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall

from twisted_messenger.delivery import DeliveryQueue, Progress, RetryPolicy, Wait, retrySchedule
from twisted_messenger.push import Attempt, Outcome, Pusher, PushResult

#: Seconds between attempts; a person waits at the other end, so they stay short.
OUTBOX_RETRY_SECONDS = (0.1, 0.25, 0.5, 1.0, 2.0, 5.0)


class Outbox:
    """
    Sends messages one after the other, each until it is taken or refused for good.

    :param pusher: makes the connections.
    :param reactor: measures the back-off.
    :param host: whom to send to.
    :param port: where it listens.
    :param notice: called with a line for the person when the other side goes or comes.
    :param retryPolicy: number of failures to seconds before the next attempt.
    """

    def __init__(
        self,
        pusher: Pusher,
        reactor: Any,
        host: str,
        port: int,
        notice: Callable[[str], object],
        retryPolicy: RetryPolicy | None = None,
    ) -> None:
        self._pusher = pusher
        self._reactor = reactor
        self._host = host
        self._port = port
        self._notice = notice
        policy = retryPolicy or retrySchedule(random.random, OUTBOX_RETRY_SECONDS)
        self._queue = DeliveryQueue(Progress(0), policy, evictSeconds=0)
        self._waiting: deque[tuple[bytes, Deferred[bytes]]] = deque()
        self._timer: IDelayedCall | None = None
        self._push: Attempt | None = None
        self._away = False
        self._stopped = False

    def __len__(self) -> int:
        """
        :returns: how many messages have not been taken.
        """
        return len(self._waiting)

    def send(self, payload: bytes) -> "Deferred[bytes]":
        """
        Send a message when those before it are settled.

        Whoever writes wants to know now: a new message ends a back-off.

        :returns: fires with the other side's reply, stripped: empty where it took the message,
            else its reason. It never fails.
        """
        done: Deferred[bytes] = Deferred()
        self._waiting.append((payload, done))
        self._queue.heardFrom()
        self._proceed()
        return done

    def stop(self) -> None:
        """
        Give up what is under way; nothing fires any more.
        """
        self._stopped = True
        self._cancelTimer()
        if self._push is not None:
            self._push.cancel()

    def _proceed(self) -> None:
        if self._stopped or self._queue.busy or not self._waiting:
            return
        self._cancelTimer()
        step = self._queue.next(self._reactor.seconds())
        if isinstance(step, Wait):
            self._timer = self._reactor.callLater(step.seconds, self._proceed)
            return
        payload, _ = self._waiting[0]
        self._queue.begin(self._queue.cursor + 1)
        self._push = self._pusher.begin(self._host, self._port, payload, self._pushed)

    def _pushed(self, result: PushResult) -> None:
        self._push = None
        if self._stopped:
            return
        reply = result.reply.strip()
        if self._taken(result, reply):
            _, done = self._waiting.popleft()
            done.callback(reply)
        self._proceed()

    def _taken(self, result: PushResult, reply: bytes) -> bool:
        """
        Tell the queue how the push ended.

        :returns: whether the message is settled.
        """
        now = self._reactor.seconds()
        if result.outcome is Outcome.CONFIRMED and not reply.startswith(b"~"):
            if self._away:
                self._away = False
                self._notice(f"{self._host}:{self._port} is there again")
            self._queue.confirmed()
            return True
        if result.outcome is Outcome.HUNG and self._queue.hung(now):
            return True
        if result.outcome is not Outcome.HUNG:
            self._queue.failed(now)
        # One failure may be a friend in mid-restart, or a netcat in a loop.
        if self._queue.failures > 1 and not self._away:
            self._away = True
            why = reply.decode("utf-8", "replace") or result.detail
            self._notice(
                f"{self._host}:{self._port} is not there ({why}); what you say waits until you quit"
            )
        return False

    def _cancelTimer(self) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None
