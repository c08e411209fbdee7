"""
A listener inside the program, which hears everything that is said in a room.
"""

from collections.abc import Awaitable, Callable

from twisted_messenger.entry import Entry

#: Is called with one entry after the other: the next one when it has returned, and when what it
#: returned to wait for is done. Where it raises, it is called with the same entry again.
Listener = Callable[[Entry], Awaitable[object] | None]


class Subscription:
    """
    A listener's place in the log of a room; :meth:`ChatRoom.subscribe` gives it.

    :param name: what the listener is called among the members.
    :param cancelled: called with this, when it is cancelled.
    """

    def __init__(self, name: str, cancelled: "Callable[[Subscription], object]") -> None:
        #: What the listener is called among the members.
        self.name = name
        #: How many messages the log dropped before the listener had them, as far as it was told
        #: since it subscribed.
        self.missed = 0
        self._cancelled = cancelled

    def cancel(self) -> None:
        """
        Call the listener no more. What it does now goes on, and counts when it is done.

        Its place is kept for who subscribes under this name again, as long as that of any member
        that is away; to give it up at once, have the room remove the member.
        """
        self._cancelled(self)
