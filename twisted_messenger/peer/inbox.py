"""
What arrives goes to the console.
"""

from dataclasses import replace

from twisted.internet.interfaces import IAddress

from twisted_messenger.peer.addressbook import AddressBook
from twisted_messenger.peer.arrival import fromFriend, fromRoom, names
from twisted_messenger.peer.console import Console, Shown
from twisted_messenger.peer.session import Session


class Inbox:
    """
    Takes what arrives to the console.

    :param console: where it is shown.
    :param session: knows whether the person is in a room.
    :param book: knows the friends' names by their addresses.
    """

    def __init__(self, console: Console, session: Session, book: AddressBook) -> None:
        self._console = console
        self._session = session
        self._book = book

    def received(self, sender: IAddress, text: str) -> Shown:
        """
        Show a text.

        :param sender: where its connection came from.
        :returns: fires when it is shown, or with a refusal when it cannot be.
        """
        host, port = getattr(sender, "host", ""), getattr(sender, "port", 0)
        room = self._session.room
        read = fromFriend if room is None else fromRoom
        arrival = read(self._book, host, port, text)
        if room is not None and names(room.speaker, arrival):
            arrival = replace(arrival, named=True)
        if arrival.name:
            self._session.hear(arrival.name)
        return self._console.show(arrival)
