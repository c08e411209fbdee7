"""
The way of an operator to the members: how they are, and what is to be done with one.
"""

from collections.abc import Callable

from twisted_messenger.address import LOCAL
from twisted_messenger.deliveries import Deliveries, deliveriesOf, statusesOf
from twisted_messenger.eventlog import EventLog
from twisted_messenger.interfaces import MessageStore
from twisted_messenger.names import BadName, cleanName
from twisted_messenger.steering import MemberStatus, Order
from twisted_messenger.subscription import Listener, Subscription


class Members:
    """
    Asks the store, and who pushes its log.

    :param store: of the room.
    :param events: what was done is counted and logged there.
    :param serverName: nobody has it, or one that looks like it.
    :param clock: seconds since the epoch.
    :param deliveries: see :class:`~twisted_messenger.room.chatroom.ChatRoom`.
    """

    def __init__(
        self,
        store: MessageStore,
        events: EventLog,
        serverName: str,
        clock: Callable[[], float],
        deliveries: Deliveries | None,
    ) -> None:
        self._store = store
        self._events = events
        self._serverName = serverName
        self._clock = clock
        self._deliveries = deliveries

    async def deliveries(self) -> Deliveries:
        """
        What pushes the store's log. The room's own is waited for until it runs.

        :raises RuntimeError: nothing does.
        """
        found = self._found()
        if found is self._deliveries:
            await found.whenRunning()
        return found

    def _found(self) -> Deliveries:
        found = self._deliveries or deliveriesOf(self._store)
        if found is None:
            raise RuntimeError("no Broadcaster pushes this room's store: start one first")
        return found

    async def statuses(self) -> list[MemberStatus]:
        """
        How each of them is.
        """
        deliveries = await self.deliveries()
        listed = await self._store.everybody()
        return statusesOf(listed, self._store, deliveries, self._clock())

    async def subscribe(self, name: str, listener: Listener, after: int | None) -> Subscription:
        """
        Have a listener of the program hear what is said.

        :param name: as somebody types it.
        :raises ValueError: it is no name, or somebody's; or the position is none.
        :raises RuntimeError: nothing pushes the store's log.
        """
        cleaned = cleanName(name, self._serverName)
        if after is not None and after < 0:
            raise ValueError("subscribe: after is a position, 0 or more")
        subscription = await self._found().subscribe(cleaned, listener, after)
        self._events.note(LOCAL, "{name} is subscribed", name=cleaned)
        return subscription

    async def steer(self, name: str, order: Order) -> bool:
        """
        Have something done with one, whatever else is known of it.

        :param name: as somebody types it.
        :returns: whether there is such a member.
        """
        if order is not Order.REMOVE or self._deliveries is not None:
            # Where nothing pushes, there is nothing to pause; but a name may be removed.
            await self.deliveries()
        try:
            cleaned = cleanName(name, self._serverName)
        except BadName:
            return False
        isThere = await self._store.steer(cleaned, order)
        if isThere:
            if order is Order.REMOVE:
                self._forget(cleaned)
            self._events.counters.add(f"steered.{order.value}")
            self._events.note(LOCAL, "{name}: {order}", name=cleaned, order=order.value)
        return isThere

    def _forget(self, name: str) -> None:
        deliveries = self._deliveries or deliveriesOf(self._store)
        if deliveries is not None:
            deliveries.removed(name)
