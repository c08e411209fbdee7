"""
How a store is found by its description. No logic.

Apart from the other interfaces: ``twistd`` imports it to know what plugins there are, whichever
program it runs.
"""

from typing import TYPE_CHECKING

from zope.interface import Attribute, Interface

if TYPE_CHECKING:
    from twisted_messenger.interfaces import MessageStore

#: The room of a store that holds only one, or when none is named.
MAIN_ROOM = "main"


class IStoreParser(Interface):
    """
    Makes a store from its description, as ``PREFIX:ARGUMENT``; found as a Twisted plugin.
    """

    prefix = Attribute("The word before the first colon.")

    def parseStore(reactor: object, argument: str, room: str = MAIN_ROOM) -> "MessageStore":
        """
        :param argument: what stands after the colon.
        :param room: which of the rooms that a store may hold.
        :raises ValueError: the argument is not valid; the text says what is.
        :raises NoSuchRoom: there cannot be such a room.
        """
