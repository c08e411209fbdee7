"""
Which members are listeners inside this program, and who listens now.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from twisted.internet.defer import Deferred

from twisted_messenger.address import PROGRAM
from twisted_messenger.interfaces import ISharedStore, MessageStore
from twisted_messenger.refusal import Refusal
from twisted_messenger.roster import Enrolment, Member, RosterLimits
from twisted_messenger.subscription import Listener, Subscription

# A listener costs no connection: it has a place also in a full room.
_NO_LIMITS = RosterLimits(members=0, perHost=0)


@dataclass(eq=False)
class Listening:
    """
    Somebody who listens.

    :param subscription: what the program has of it.
    :param listener: is called.
    :param place: the id of the member that it is; 0 until that is stored.
    :param working: whether it is at work on an entry.
    :param troubled: the last entry with which it raised.
    """

    subscription: Subscription
    listener: Listener
    place: int = 0
    working: bool = False
    troubled: int = 0


class Subscriptions:
    """
    Who listens under which name. It lasts as long as the broadcaster, over its stops and starts.

    :param store: keeps the places.
    :param left: called with a name under which nobody listens any more.
    """

    def __init__(self, store: MessageStore, left: Callable[[str], object]) -> None:
        self._store = store
        self._left = left
        self._named: dict[str, Listening] = {}

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

    async def subscribe(
        self, name: str, listener: Listener, after: int | None, running: "Deferred[None]"
    ) -> Subscription:
        """
        Let somebody listen.

        :param name: clean.
        :param after: see :class:`~twisted_messenger.roster.Enrolment`.
        :param running: fires when the store may be asked.
        :returns: once its place is stored.
        :raises ValueError: the name is somebody's.
        :raises RuntimeError: nodes share the store.
        """
        if ISharedStore.providedBy(self._store):
            raise RuntimeError("subscribe: not in a store that several nodes share")
        if name in self._named:
            raise ValueError(f"{name} is subscribed already: cancel that one first")
        subscription = Subscription(name, self._cancelled)
        listening = self._named[name] = Listening(subscription, listener)
        try:
            await running
            asked = Enrolment(name, "", 0, PROGRAM, after=after)
            enrolled = await self._store.enrol(asked, _NO_LIMITS)
            if isinstance(enrolled, Refusal):
                raise ValueError(enrolled.detail)
        except BaseException:
            self._cancelled(subscription)
            raise
        listening.place = enrolled.id
        return subscription

    def departed(self, memberIds: Collection[int]) -> None:
        """
        Members are no longer there: who listened in their places does no longer.
        """
        for listening in list(self._named.values()):
            if listening.place in memberIds:
                self._cancelled(listening.subscription)

    def removed(self, name: str) -> None:
        """
        The member of that name was removed: another one may subscribe before that is read.
        """
        listening = self._named.get(name)
        if listening is not None:
            self._cancelled(listening.subscription)

    def _cancelled(self, subscription: Subscription) -> None:
        listening = self._named.get(subscription.name)
        if listening is not None and listening.subscription is subscription:
            del self._named[subscription.name]
            self._left(subscription.name)
