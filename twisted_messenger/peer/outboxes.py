"""
All outboxes of a person: one for each friend or server that was ever spoken to.
"""

from collections.abc import Callable, Iterator
from typing import Any

from twisted_messenger.peer.otherside import nothing
from twisted_messenger.peer.outbox import FriendPusher, Outbox


class Outboxes:
    """
    One outbox for each address that was ever spoken to: what waits for an old friend goes on
    waiting while the person talks to another.

    :param pusher: makes the connections of all of them.
    :param reactor: measures their back-offs.
    :param notice: called with a line for the person when somebody goes or comes.
    :param moved: called whenever a message in one of them is settled.
    """

    def __init__(
        self,
        pusher: FriendPusher,
        reactor: Any,
        notice: Callable[[str], object],
        moved: Callable[[], object],
    ) -> None:
        self._pusher = pusher
        self._reactor = reactor
        self._notice = notice
        self._moved = moved
        self._outboxes: dict[tuple[str, int], Outbox] = {}

    def __iter__(self) -> Iterator[Outbox]:
        """
        :returns: all of them.
        """
        return iter(self._outboxes.values())

    def __len__(self) -> int:
        """
        :returns: how many messages are not settled, in all of them.
        """
        return sum(len(outbox) for outbox in self)

    def to(
        self, host: str, port: int, label: str, returned: Callable[[bool], object] = nothing
    ) -> Outbox:
        """
        The outbox for an address.

        :param label: what the person calls the other side.
        :param returned: see :class:`Outbox`; for an address that was spoken to before, that of
            the first time stays.
        """
        outbox = self._outboxes.get((host, port))
        if outbox is None:
            outbox = self._outboxes[host, port] = Outbox(
                self._pusher,
                self._reactor,
                host,
                port,
                label,
                self._notice,
                returned=returned,
                moved=self._moved,
            )
        outbox.other.label = label
        return outbox

    def stop(self) -> None:
        """
        Give up what is under way in each.
        """
        for outbox in self:
            outbox.stop()
