"""
Which members are listeners inside this program, and who listens now.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from twisted.internet.defer import Deferred, fail
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from twisted_messenger.address import PROGRAM
from twisted_messenger.errors import StoreError
from twisted_messenger.interfaces import MessageStore
from twisted_messenger.refusal import Refusal
from twisted_messenger.roster import Enrolled, Enrolment, Member, RosterLimits
from twisted_messenger.subscription import Listener, Subscription

# A listener costs no connection: it has a place also in a full room.
_NO_LIMITS = RosterLimits(members=0, perHost=0)

# Seconds until a place is asked for again that another node has, or that could not be stored.
_AGAIN_SECONDS = 1.0


@dataclass(eq=False)
class Listening:
    """
    Somebody who listens.

    :param subscription: what the program has of it.
    :param listener: is called.
    :param after: where it is to begin, until it has its place.
    :param subscribed: fires when it has it for the first time.
    :param place: the id of the member that it is; 0 until that is stored.
    :param wanting: whether it has to ask for its place.
    :param asking: whether it is asking.
    :param working: whether it is at work on an entry.
    :param troubled: the last entry with which it raised.
    """

    subscription: Subscription
    listener: Listener
    after: int | None
    subscribed: "Deferred[Subscription]"
    place: int = 0
    wanting: bool = True
    asking: bool = False
    working: bool = False
    troubled: int = 0


class Subscriptions:
    """
    Who listens under which name. It lasts as long as the broadcaster, over its stops and starts.

    :param store: keeps the places.
    :param reactor: measures the time until a place is asked for again.
    :param left: called with a name under which nobody listens any more.
    """

    log = Logger()

    def __init__(self, store: MessageStore, reactor: Any, left: Callable[[str], object]) -> None:
        self._store = store
        self._reactor = reactor
        self._left = left
        self._named: dict[str, Listening] = {}
        self._running = False
        self._timer: IDelayedCall | None = None

    def has(self, name: str) -> bool:
        """
        Whether somebody listens under a name, or is about to.
        """
        return name in self._named

    def get(self, member: Member) -> Listening | None:
        """
        Who listens in a member's place now; one that begins elsewhere does not, in its old one.
        """
        found = self._named.get(member.name)
        return found if found is not None and found.place == member.id else None

    def start(self) -> None:
        """
        The store may be asked: whose place it has lost, or another node has got, has it again.
        """
        self._running = True
        for listening in self._named.values():
            listening.wanting = True
        self._askAll()

    def stop(self) -> None:
        """
        Ask for nothing any more.
        """
        self._running = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def subscribe(
        self, name: str, listener: Listener, after: int | None
    ) -> "Deferred[Subscription]":
        """
        Let somebody listen.

        :param name: clean.
        :param after: see :class:`~twisted_messenger.roster.Enrolment`.
        :returns: fires once it has its place; fails with ``ValueError`` where the name is
            somebody's.
        """
        if name in self._named:
            return fail(ValueError(f"{name} is subscribed already: cancel that one first"))
        subscription = Subscription(name, self._cancelled)
        subscribed: Deferred[Subscription] = Deferred(lambda _: self._cancelled(subscription))
        listening = self._named[name] = Listening(subscription, listener, after, subscribed)
        if self._running:
            self._ask(listening)
        return subscribed

    def lost(self, memberIds: Collection[int]) -> None:
        """
        Another node has got these places: ask for them again, for when it is gone.
        """
        for listening in self._named.values():
            if listening.place in memberIds:
                listening.wanting = True
                self._askAgain()

    def departed(self, memberIds: Collection[int]) -> None:
        """
        Members are no longer there: who listened in their places does no longer.
        """
        for listening in list(self._named.values()):
            if listening.place in memberIds:
                self._cancelled(listening.subscription)

    def removed(self, name: str) -> None:
        """
        The member of that name was removed: another one may subscribe before that is read. Who
        still waits for its place gets a new one.
        """
        listening = self._named.get(name)
        if listening is not None and listening.place:
            self._cancelled(listening.subscription)

    def _cancelled(self, subscription: Subscription) -> None:
        listening = self._named.get(subscription.name)
        if listening is not None and listening.subscription is subscription:
            del self._named[subscription.name]
            self._left(subscription.name)

    def _askAgain(self) -> None:
        if self._timer is None and self._running:
            self._timer = self._reactor.callLater(_AGAIN_SECONDS, self._askAll)

    def _askAll(self) -> None:
        self._timer = None
        for listening in list(self._named.values()):
            self._ask(listening)

    def _ask(self, listening: Listening) -> None:
        if listening.wanting and not listening.asking:
            listening.asking = True
            asked = Enrolment(listening.subscription.name, "", 0, PROGRAM, after=listening.after)
            enrolling = self._store.enrol(asked, _NO_LIMITS)
            enrolling.addCallbacks(
                self._answered, self._failed, (listening,), errbackArgs=(listening,)
            )

    def _answered(self, enrolled: Enrolled | Refusal, listening: Listening) -> None:
        listening.asking = False
        if self._named.get(listening.subscription.name) is not listening:
            # It was cancelled meanwhile.
            return
        if isinstance(enrolled, Enrolled):
            listening.wanting, listening.place, listening.after = False, enrolled.id, None
            if not listening.subscribed.called:
                listening.subscribed.callback(listening.subscription)
        elif enrolled.transient:
            self._askAgain()
        else:
            self._end(listening, Failure(ValueError(enrolled.detail)))

    def _failed(self, reason: Failure, listening: Listening) -> None:
        listening.asking = False
        if not listening.subscribed.called and self._running:
            self._end(listening, reason)
        else:
            # What it had is lost to nobody; or it is asked for at the next start.
            reason.trap(StoreError)
            self._askAgain()

    def _end(self, listening: Listening, reason: Failure) -> None:
        self._cancelled(listening.subscription)
        if listening.subscribed.called:
            self.log.failure("{name} has lost its place", reason, name=listening.subscription.name)
        else:
            listening.subscribed.errback(reason)
