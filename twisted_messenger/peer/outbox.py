"""
The messages to one friend or server, in order. The other side may be away for a while.
"""

import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IDelayedCall

from twisted_messenger.backoff import SAYING_RETRY_SECONDS, Backoff, RetryPolicy, retrySchedule
from twisted_messenger.peer.otherside import OtherSide, nothing, shortReason, shownReply
from twisted_messenger.peer.ownmessage import Fate, State
from twisted_messenger.push.interfaces import Attempt, Outcome, PushResult

#: After so many attempts that were connected and then reset, a message counts as unknown: two
#: seconds of them. A server that refuses without a word (``--no-explain``) must not block the
#: messages after it. A server that restarts resets one attempt, and then refuses connections; it is
#: waited for.
MAX_RESETS = 5

# The other side has spoken, one way or the other.
_SETTLED = {Outcome.CONFIRMED: State.SENT, Outcome.REJECTED: State.REFUSED}

#: Makes a message's bytes when it is about to go.
Payload = Callable[[], bytes]


@dataclass(frozen=True)
class _Message:
    payload: Payload
    done: "Deferred[Fate]"
    mayDouble: bool


class FriendPusher(Protocol):
    """
    Delivers one message to somebody who is in no roster; a
    :class:`~twisted_messenger.push.creator.PushCreator` does.
    """

    def begin(
        self, host: str, port: int, payload: bytes, settled: Callable[[PushResult], object]
    ) -> Attempt:
        """
        See :class:`~twisted_messenger.push.interfaces.Pusher`.
        """


class Outbox:
    """
    Sends messages one after the other, each until it is taken, refused or given up.

    :param pusher: makes the connections.
    :param reactor: measures the back-off.
    :param host: whom to send to.
    :param port: where it listens.
    :param label: what the person calls the other side.
    :param notice: called with a line for the person when the other side goes or comes.
    :param returned: called when the other side is there again, before the next message goes, with
        whether nobody listened there meanwhile: then its program was started anew.
    :param moved: called whenever a message is settled.
    :param patient: whether a new message leaves a back-off as it is. A person wants to know now; a
        program may say many things a second.
    :param retryPolicy: number of failures to seconds before the next attempt.
    """

    def __init__(
        self,
        pusher: FriendPusher,
        reactor: Any,
        host: str,
        port: int,
        label: str,
        notice: Callable[[str], object],
        *,
        returned: Callable[[bool], object] = nothing,
        moved: Callable[[], object] = nothing,
        patient: bool = False,
        retryPolicy: RetryPolicy | None = None,
    ) -> None:
        #: Whom it sends to, as the person sees it.
        self.other = OtherSide(label, notice, returned)
        self._pusher = pusher
        self._reactor = reactor
        self._host = host
        self._port = port
        self._moved = moved
        self._patient = patient
        policy = retryPolicy or retrySchedule(random.random, SAYING_RETRY_SECONDS)
        self._backoff = Backoff(policy)
        self._waiting: deque[_Message] = deque()
        self._resets = 0
        self._timer: IDelayedCall | None = None
        self._push: Attempt | None = None
        self._stopped = self._paused = False
        self._idle: list[Deferred[None]] = []

    def __len__(self) -> int:
        """
        :returns: how many messages are not settled.
        """
        return len(self._waiting)

    def send(
        self, payload: Payload, first: bool = False, *, mayDouble: bool = True
    ) -> "Deferred[Fate]":
        """
        Send a message when those before it are settled.

        :param payload: is asked for the bytes at each attempt.
        :param first: before all others but one that is under way.
        :param mayDouble: whether it is tried again though it may have arrived.
        :returns: fires when it is settled. It never fails; cancelled, the message is taken back,
            unless it is under way.
        """
        message = _Message(payload, Deferred(), mayDouble)
        if first:
            self._waiting.insert(int(self._push is not None), message)
        else:
            self._waiting.append(message)
        if not self._patient:
            self._backoff.heardFrom()
        self._proceed()
        return message.done

    def pause(self) -> "Deferred[None]":
        """
        Keep what waits. What is under way is taken back, unless all of it has been sent.

        :returns: fires when nothing is under way.
        """
        self._paused = True
        self._cancelTimer()
        if self._push is None:
            return succeed(None)
        idle: Deferred[None] = Deferred()
        self._idle.append(idle)
        self._push.recall()
        return idle

    def resume(self) -> None:
        """
        Send what waits.
        """
        self._paused = False
        self._backoff.heardFrom()
        self._proceed()

    def giveUp(self) -> None:
        """
        Break off what is under way.
        """
        if self._push is not None:
            self._push.cancel()

    def stop(self) -> None:
        """
        Give up what is under way; nothing fires any more.
        """
        self._stopped = True
        self._cancelTimer()
        self.giveUp()

    def _proceed(self) -> None:
        if self._stopped or self._paused or self._push is not None:
            return
        while self._waiting and self._waiting[0].done.called:
            # Its sender has cancelled it.
            self._waiting.popleft()
        if not self._waiting:
            return
        self._cancelTimer()
        wait = self._backoff.next(self._reactor.seconds())
        if wait:
            self._timer = self._reactor.callLater(wait, self._proceed)
            return
        payload = self._waiting[0].payload()
        self._push = self._pusher.begin(self._host, self._port, payload, self._pushed)

    def _pushed(self, result: PushResult) -> None:
        self._push = None
        if self._stopped:
            return
        fate = self._judged(result)
        if fate is not None:
            self._resets = 0
            message = self._waiting.popleft()
            self.other.isBack(answered=result.outcome in _SETTLED)
            message.done.callback(fate)
            self._moved()
        idle, self._idle = self._idle, []
        for one in idle:
            one.callback(None)
        self._proceed()

    def _judged(self, result: PushResult) -> Fate | None:
        """
        Read how a push ended.

        :returns: how the message ended; ``None`` if it is to be tried again.
        """
        if result.outcome in _SETTLED:
            self.other.reached = True
            self._backoff.heardFrom()
            said = shownReply(result.reply)
            return Fate(_SETTLED[result.outcome], said, result.reply, result.host)
        mayDouble = self._waiting[0].mayDouble
        isReset = mayDouble and result.outcome is Outcome.FAILED and result.connected
        self._resets += isReset
        why = self._unknown(result) if mayDouble else _broken(result)
        if why:
            self._backoff.heardFrom()
            return Fate(State.UNKNOWN, why)
        self._backoff.failed(self._reactor.seconds())
        # One failure may be a friend in mid-restart, or a netcat in a loop.
        isAway = not isReset and self._backoff.failures > 1
        self.other.failed(result, isAway=isAway)
        return None

    def _unknown(self, result: PushResult) -> str:
        """
        Why a message is not tried again, though it may not have arrived; empty if it is.
        """
        if result.outcome is Outcome.HUNG and not self.other.reached:
            # It may never close a connection: a netcat would show the message for ever.
            return "they have it, but did not close the connection"
        return f"the connection broke {self._resets} times" if self._resets >= MAX_RESETS else ""

    def _cancelTimer(self) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None


def _broken(result: PushResult) -> str:
    """
    What happened to a push that may have arrived; empty if it has not, or has been answered.
    """
    if not result.sent or result.outcome not in (Outcome.HUNG, Outcome.FAILED):
        return ""
    return shortReason(result.detail) or "the connection broke"
