"""
Friends come into the address book with the addresses that their hosts have.
"""

from collections.abc import Callable

from twisted.internet.defer import Deferred, DeferredLock

from twisted_messenger.address import isLocalhost, literal
from twisted_messenger.peer.addressbook import AddressBook, Friend

# What localhost means, without asking anybody.
_LOCALHOST = ["127.0.0.1", "::1"]


class Friends:
    """
    Adds friends to a book.

    :param book: to add them to.
    :param resolve: a host's name to its addresses, to know their messages by.
    """

    def __init__(self, book: AddressBook, resolve: "Callable[[str], Deferred[list[str]]]") -> None:
        self._book = book
        self._resolve = resolve
        self._one = DeferredLock()

    def add(self, friend: Friend) -> None:
        """
        Add a friend. If its host has no address, its messages are shown without its name.
        """
        self._book.add(friend)
        if isLocalhost(friend.host):
            self._book.writesFrom(friend, _LOCALHOST)
        elif friend.name and literal(friend.host) is None:
            found: Deferred[list[str]] = self._one.run(self._resolve, friend.host)
            found.addCallbacks(
                lambda hosts: self._book.writesFrom(friend, hosts), lambda failure: None
            )
