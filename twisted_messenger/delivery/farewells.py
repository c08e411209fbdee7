"""
What is said last at an address from which another registration has moved its member away.

It has no place in the member's order and says nothing of it; nothing follows from how it ends.
"""

from functools import partial

from twisted_messenger.delivery.pushedmember import SUSPECT_CONNECT_TIMEOUT
from twisted_messenger.delivery.recipient import Recipient
from twisted_messenger.delivery.shared import Shared, subscriberAt
from twisted_messenger.push.interfaces import Pusher, PushResult
from twisted_messenger.rates import RateLimit
from twisted_messenger.roster import Member

#: Farewells under way at once, in all.
MAX_FAREWELLS = 8

#: Farewells a second to one source, and at once: who moves without end must not make us call
#: somebody who has the address by now.
FAREWELL_RATE = 1.0
FAREWELL_BURST = 4


class Farewells:
    """
    Tells each old address once, if it can be reached now and there are not too many.

    :param shared: whether, and with what, pushes are made.
    """

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._rates = RateLimit(FAREWELL_RATE, FAREWELL_BURST)
        # Whom to tell, and what makes the connections to it.
        self._due: list[tuple[Member, Pusher]] = []
        # The addresses that are being told.
        self._told: set[str] = set()

    def registered(self, recipient: Recipient, member: Member) -> None:
        """
        A member registers again, or becomes one with another.

        :param recipient: where it has been pushed to.
        :param member: what it is now.
        """
        old = recipient.member
        if old.name == member.name and old.address != member.address:
            self._due.append((old, recipient.pusher))

    def tell(self) -> None:
        """
        What was under way to old addresses has been given up: it is their turn.
        """
        due, self._due = self._due, []
        for member, pusher in due:
            if self._isWelcome(member):
                self._begin(member, pusher)

    def stop(self) -> None:
        """
        Give up what is under way.
        """
        for address in list(self._told):
            self._shared.slots.inFlight[address].cancel()

    def _isWelcome(self, member: Member) -> bool:
        shared = self._shared
        if not shared.mayPush or len(self._told) >= MAX_FAREWELLS:
            return False
        if member.address in shared.slots.inFlight:
            # It is being told already, or is another member's by now.
            return False
        subscriber = subscriberAt(member.host)
        return subscriber is None or bool(self._rates.take(subscriber, shared.reactor.seconds()))

    def _begin(self, member: Member, pusher: Pusher) -> None:
        shared = self._shared
        self._told.add(member.address)
        shared.slots.inFlight[member.address] = pusher.begin(
            member.host,
            member.port,
            shared.notice(f"{member.name} is registered elsewhere now", member.options),
            partial(self._ended, member.address),
            min(shared.limits.connectTimeout, SUSPECT_CONNECT_TIMEOUT),
            shared.lease,
            ack=member.options.ack,
            entry=None,
            member=member,
        )

    def _ended(self, address: str, result: PushResult) -> None:
        slots = self._shared.slots
        self._told.remove(address)
        del slots.inFlight[address]
        blocked = slots.unblock(address)
        if blocked is not None:
            blocked.proceed()
        self._shared.pushEnded()
