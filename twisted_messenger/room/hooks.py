"""
What an embedding program may have to say about a message, and how messages keep their order then.
"""

from collections.abc import Awaitable, Callable

from twisted.internet.defer import Deferred

from twisted_messenger.address import Source
from twisted_messenger.entry import Entry
from twisted_messenger.refusal import Refusal
from twisted_messenger.wire import RoomMessage

#: Sees a message before the store does: gives it back, or another text under the same name, or a
#: refusal, now or later.
Admit = Callable[[RoomMessage, Source], RoomMessage | Refusal | Awaitable[RoomMessage | Refusal]]

#: Is told of every message that this node has stored, in their order and before their senders.
Accepted = Callable[[Entry], object]


class Turns:
    """
    Lets the messages of one source be judged one after the other, and those of others meanwhile.
    """

    def __init__(self) -> None:
        self._last: dict[str, Deferred[None]] = {}

    async def take(self, source: str) -> Callable[[], None]:
        """
        Wait until those before are handed over.

        :param source: whose messages keep their order.
        :returns: to be called when this one is handed over, too.
        """
        before = self._last.get(source)
        mine: Deferred[None] = Deferred()
        self._last[source] = mine

        def over() -> None:
            if self._last[source] is mine:
                del self._last[source]
            mine.callback(None)

        if before is not None:
            await before
        return over
