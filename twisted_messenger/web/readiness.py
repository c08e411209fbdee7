"""
Whether a room takes messages and delivers them.
"""

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

from twisted_messenger.deliveries import deliveriesOf
from twisted_messenger.errors import StoreError
from twisted_messenger.interfaces import MessageStore
from twisted_messenger.room.chatroom import ChatRoom
from twisted_messenger.web.fresh import Fresh
from twisted_messenger.web.patience import Impatient, inTime

# Seconds after which a store that does not answer is taken for one that would not.
_PATIENCE = 5.0


class Readiness:
    """
    Asks the store itself, so that it is ready again without any message.

    :param room: whose.
    :param store: of the room.
    :param clock: the reactor, for its time.
    """

    def __init__(self, room: ChatRoom, store: MessageStore, clock: IReactorTime) -> None:
        self._room = room
        self._store = store
        self._clock = clock
        self._answer = Fresh(self._ask, clock)

    def isReady(self) -> "Deferred[bool]":
        """
        :returns: fires with whether it would take a message, and whether anybody delivers it.
        """
        return self._answer.get()

    async def _ask(self) -> bool:
        if deliveriesOf(self._store) is None:
            return False
        try:
            await inTime(self._room.probe(), self._clock, _PATIENCE)
        except (StoreError, Impatient):
            return False
        return True
