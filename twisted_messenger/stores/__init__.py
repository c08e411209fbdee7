"""
Where the log, the roster and the cursors are kept, chosen by a description string.

In: the calls of ``IMessageStore``. Out: what is durable, and a wake when there is something new.
Begin with ``memory``.

``memory:`` forgets at exit; ``sqlite:PATH`` is durable; ``postgresql://...`` is shared by several
nodes. More kinds are found as Twisted plugins that provide
:class:`~twisted_messenger.storeparser.IStoreParser`.
"""

from dataclasses import dataclass
from typing import cast

from twisted.plugin import IPlugin, getPlugins
from twisted.python.reflect import namedAny
from zope.interface import implementer

from twisted_messenger.errors import NoSuchRoom
from twisted_messenger.interfaces import MessageStore
from twisted_messenger.storeparser import MAIN_ROOM, IStoreParser


@implementer(IPlugin, IStoreParser)
@dataclass(frozen=True)
class StoreKind:
    """
    A store parser by name: its module is imported when a description asks for it.

    :param prefix: the word before the colon.
    :param parser: the full name of a callable that takes the reactor, the argument, and the room
        where there can be several.
    :param severalRooms: whether there can.
    :param needs: what to install where a library is missing, as pip takes it; empty for nothing.
    """

    prefix: str
    parser: str
    severalRooms: bool = False
    needs: str = ""

    def parseStore(self, reactor: object, argument: str, room: str = MAIN_ROOM) -> MessageStore:
        """
        See :class:`~twisted_messenger.storeparser.IStoreParser`.
        """
        if room != MAIN_ROOM and not self.severalRooms:
            raise NoSuchRoom(f"a {self.prefix}: store holds one room; postgresql: several")
        rooms = (room,) if self.severalRooms else ()
        try:
            return cast(MessageStore, namedAny(self.parser)(reactor, argument, *rooms))
        except ImportError as error:
            # A library that lacks one of its own tells no name, but why, in many lines.
            missing = (error.name or str(error) or "a library").splitlines()[0]
            mend = f"; pip install '{self.needs}'" if self.needs else ""
            raise ValueError(f"{self.prefix}: needs {missing}{mend}") from None


def storeFromString(reactor: object, description: str, room: str = MAIN_ROOM) -> MessageStore:
    """
    Make a store from its description.

    :param reactor: runs the store's threads and timers, where it has any.
    :param description: such as ``memory:`` or ``sqlite:/var/lib/room.sqlite``.
    :param room: which of its rooms, where a store holds several.
    :returns: a store that is not open yet.
    :raises NoSuchRoom: it cannot hold a room of that name.
    :raises ValueError: no such kind, or an argument it does not take; the text names the mend.
    """
    prefix, colon, argument = description.partition(":")
    parsers = {parser.prefix: parser for parser in getPlugins(IStoreParser)}
    if not colon or prefix not in parsers:
        known = ", ".join(f"{name}:" for name in sorted(parsers))
        raise ValueError(f"no store is called {description!r}; one begins with {known}")
    return parsers[prefix].parseStore(reactor, argument, room)
