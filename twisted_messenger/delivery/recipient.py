"""
One member among those that are pushed to, as the roster has it: it registers again, moves, becomes
another, is paused, or is gone. What it does next is in ``pushedmember``.
"""

from twisted.internet.defer import Deferred, succeed

from twisted_messenger.delivery.outcomes import whyOf
from twisted_messenger.delivery.pushedmember import PushedMember
from twisted_messenger.delivery.shared import Shared, subscriberAt
from twisted_messenger.delivery.state import DeliveryState
from twisted_messenger.push.interfaces import Outcome
from twisted_messenger.roster import Member, MemberState, Progress
from twisted_messenger.steering import Serving


class Recipient(PushedMember):
    """
    One member, where it stands, and what it is doing.

    :param member: as the store knows it.
    :param state: where it stands in the log.
    :param shared: what it pushes with.
    """

    __slots__ = ("_retried",)

    def __init__(self, member: MemberState, state: DeliveryState, shared: Shared) -> None:
        super().__init__(state, shared)
        self.pusher = shared.pusherFor(member.member)
        self._enrolled(member)
        shared.woken[self] = None

    @property
    def progress(self) -> Progress:
        """
        How far it has come.
        """
        return self._state.progress

    def updated(self, member: MemberState) -> None:
        """
        Its registration was repeated, moved or renamed, or the log dropped what it was to get.
        """
        self._state.trimmed(member.progress)
        if self.registered != member.registered:
            self.pusher = self._shared.pusherFor(member.member)
        self._giveAnotherChance(member)
        self._enrolled(member)
        self._bequeath(self)
        if member.paused:
            self._shared.alarm.cancel(self)
            self._forgetPage()
        self._lookAgain()

    def _giveAnotherChance(self, member: MemberState) -> None:
        if self.registered != member.registered or (self._paused and not member.paused):
            if self._state.registered():
                # A write of the cursors that began before it may have put that back since.
                self._shared.cursors.moved(member.member.id, self._state)
            self._hangs, self._problem = False, None
        elif self._retried != member.retried:
            self._state.heardFrom()

    def serving(self) -> Serving:
        """
        How the pushes to it go.
        """
        problem = self._problem
        isHeld = self._state.busy and self._place is None
        hangs = isHeld or (problem is not None and problem.outcome is Outcome.HUNG)
        wait = None if self.wakesAt is None else self.wakesAt - self._shared.reactor.seconds()
        why = None if problem is None else whyOf(problem) or problem.outcome.value
        return Serving(self._state.standing, hangs, wait, why)

    def heard(self) -> None:
        """
        The member itself spoke: it is there, so its next attempt need not wait.
        """
        self._state.heardFrom()
        self._lookAgain()

    def deserted(self) -> None:
        """
        Nobody listens in its place any more: for how long counts from now on.
        """
        self._state.registered()
        self._state.evictSeconds = self._shared.limits.evictSeconds

    def forget(self) -> None:
        """
        It is no member any more; what is in flight for it goes on.
        """
        self._gone = True
        self._shared.alarm.cancel(self)
        self._shared.resting.pop(self, None)
        self._shared.woken.pop(self, None)

    def retire(self) -> "Deferred[None]":
        """
        It is to be another node's; what is in flight for it still counts.

        :returns: fires when nothing is.
        """
        self.forget()
        if not self._state.busy:
            return succeed(None)
        self._shared.retiring[self] = Deferred()
        return self._shared.retiring[self]

    def giveUp(self) -> None:
        """
        Wait no longer for what is in flight after :meth:`retire`.
        """
        if self in self._shared.retiring:
            self.cancel()

    def become(self, successor: "Recipient", merged: bool) -> None:
        """
        It is another member now: what is in flight to its address counts for that, and what is in
        flight elsewhere is given up.

        :param merged: whether two have become one.
        """
        # The store knows only where the two were when that was written last.
        self._shared.cursors.moved(successor.member.id, successor._state)
        self._bequeath(successor)
        isThere = self._wentTo(successor.member)
        taken = 0 if self._state.busy else self._state.taken
        if merged and isThere and taken and self._takesFor(successor):
            # It was in flight when they became one, and came to its end before we heard of that.
            successor.had(taken, self._state.reached)
        self._passOn(successor)

    def _passOn(self, successor: "Recipient") -> None:
        """
        Let what is in flight, if anything is, count for another one.
        """
        if not self._wentTo(successor.member):
            self.cancel()
        elif self._state.busy:
            self._shared.slots.heirs[successor.member.address] = successor

    def _bequeath(self, heir: "Recipient") -> None:
        """
        Let what is under way for one that has become this one count for another, or for this one
        still, where it goes to that one's address; else it is given up.
        """
        slots = self._shared.slots
        for address in [there for there, whose in slots.heirs.items() if whose is self]:
            if address == heir.member.address:
                slots.heirs[address] = heir
            else:
                slots.inFlight[address].cancel()

    def _wentTo(self, member: Member) -> bool:
        """
        Whether the push to it, the last one or the one under way, is to a member's address.
        """
        return self._pushedTo is not None and self._pushedTo.address == member.address

    def stop(self) -> None:
        """
        Wait for nothing any more; what is in flight goes on.
        """
        self._shared.alarm.cancel(self)

    def _enrolled(self, state: MemberState) -> None:
        if self._wentTo(state.member):
            # It has not moved.
            self._pushedTo = state.member
        self.member, self._named = state.member, state.named
        # What is under way ends; nothing begins before the roster says otherwise.
        self._paused = state.paused
        self.registered = state.registered
        # The roster's revision when it was last to be tried at once.
        self._retried = state.retried
        if state.member.isListener:
            # Who listens may raise for as long as it likes.
            isHeard = self._shared.subscriptions.has(state.member.name)
            self._state.evictSeconds = None if isHeard else self._shared.limits.evictSeconds
        self._subscriber = subscriberAt(state.member.host)

    def _lookAgain(self) -> None:
        # When it goes on, it finds its window anew.
        if self._queued and self._place is not None:
            self._queued = False
            self._place.window.withdraw(self, self._place.source, self._place.hangs)
        self._shared.woken[self] = None
