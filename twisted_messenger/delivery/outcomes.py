"""
What the end of a push means: to the member's state, to the counters, and to the log.
"""

from collections.abc import Callable

from twisted_messenger.address import Source
from twisted_messenger.delivery.state import DeliveryState
from twisted_messenger.durations import Durations
from twisted_messenger.eventlog import Counters, EventLog
from twisted_messenger.push.interfaces import Outcome, PushResult
from twisted_messenger.refusal import MAX_DETAIL
from twisted_messenger.roster import Member
from twisted_messenger.text import escapeLine

# Failures in a row after which the log says so, some two seconds after the first: a netcat in a
# loop fails once per message.
_WORTH_A_LINE = 5

# Looking a member of an enumeration up takes a while on older Pythons.
_CONFIRMED = Outcome.CONFIRMED


class Outcomes:
    """
    Takes note of how pushes end, and members with them.

    :param counters: every push is counted by its outcome.
    :param running: seconds in which the room was running, for what fails.
    :param clock: seconds since the epoch, for what is confirmed.
    :param retryUnconfirmed: whether members that never close a connection are tried again.
    """

    def __init__(
        self,
        counters: Counters,
        running: Callable[[], float],
        clock: Callable[[], float],
        retryUnconfirmed: bool,
    ) -> None:
        #: How old messages were when a member confirmed them.
        self.ages = Durations()
        self._counters = counters
        self._running = running
        self._clock = clock
        self._retryUnconfirmed = retryUnconfirmed
        self._lines = EventLog(counters)

    def settled(
        self,
        result: PushResult,
        state: DeliveryState,
        member: Member,
        since: float | None,
        held: bool = False,
    ) -> bool:
        """
        A push has ended.

        :param state: of the member it was for, which is told.
        :param since: when its message was taken, in seconds since the epoch; ``None`` for a notice.
        :param held: whether the member was given much more time than usual.

        :returns: whether the member has come further.
        """
        if self.ages.isRead and since is not None and result.outcome is _CONFIRMED:
            self.ages.add(self._clock() - since)
        if result.outcome is _CONFIRMED and state.backoff is None:
            self._counters.counts["pushes.confirmed"] += 1
            state.confirmed()
            return True
        self._counters.add(f"pushes.{result.outcome.value}")
        if result.outcome is _CONFIRMED:
            return self._cameBack(state, member)
        if result.outcome is Outcome.REJECTED:
            return self._rejected(result, state, member)
        return self._fell(result, state, member, held)

    def evicted(self, member: Member) -> None:
        """
        A member was given up.
        """
        self._counters.add("evicted.member")
        self._note(member, "{name}{at} was away for too long; it is no longer a member")

    def _cameBack(self, state: DeliveryState, member: Member) -> bool:
        if state.failures >= _WORTH_A_LINE:
            self._note(member, "{name} is back")
        state.confirmed()
        return True

    def _rejected(self, result: PushResult, state: DeliveryState, member: Member) -> bool:
        state.rejected()
        line = "{name}{at} does not take a message ({why}); it is skipped"
        self._note(member, line, why=whyOf(result))
        return True

    def _fell(self, result: PushResult, state: DeliveryState, member: Member, held: bool) -> bool:
        now = self._running()
        if result.outcome is Outcome.EXHAUSTED:
            state.postponed(now)
            return False
        if result.outcome is Outcome.HUNG:
            # Without its answer, a member that asked for that has not confirmed.
            further = state.hung(now, held, self._retryUnconfirmed or member.options.ack)
            counter = "skipped" if state.failures else "unconfirmed"
        else:
            reset = result.connected and result.outcome is Outcome.FAILED
            further = state.failed(now, reset)
            counter = "skipped"
        if further:
            self._counters.add(counter)
        if state.failures == _WORTH_A_LINE:
            verb = "takes nothing now" if result.outcome is Outcome.DEFERRED else "was not reached"
            line = "{name}{at} {verb} ({why}); its messages wait"
            self._note(member, line, verb=verb, why=whyOf(result))
        return further

    def _note(self, member: Member, line: str, **fields: object) -> None:
        # A member can fail and come back as often as it likes.
        self._lines.note(
            Source(member.host),
            line,
            name=member.name,
            at="" if member.isListener else f" at {member.host}:{member.port}",
            **fields,
        )


def whyOf(result: PushResult) -> str:
    """
    Why a push ended as it did, in the member's words or in ours.
    """
    said = result.reply.decode("utf-8", "replace").strip("~! \r\n")
    return result.detail or escapeLine(said, MAX_DETAIL)
