"""
Where the log, the roster and the cursors are kept, chosen by a description string.

``memory:`` forgets at exit; ``sqlite:PATH`` is durable. More kinds are found as Twisted plugins
that provide :class:`~twisted_messenger.interfaces.IStoreParser`.
"""

from dataclasses import dataclass
from typing import cast

from twisted.plugin import IPlugin, getPlugins
from twisted.python.reflect import namedAny
from zope.interface import implementer

from twisted_messenger.interfaces import IMessageStore, IStoreParser


@implementer(IPlugin, IStoreParser)
@dataclass(frozen=True)
class StoreKind:
    """
    A store parser by name: its module is imported when a description asks for it.

    :param prefix: the word before the colon.
    :param parser: the full name of a callable that takes the reactor and the argument.
    """

    prefix: str
    parser: str

    def parseStore(self, reactor: object, argument: str) -> IMessageStore:
        """
        See :class:`~twisted_messenger.interfaces.IStoreParser`.
        """
        return cast(IMessageStore, namedAny(self.parser)(reactor, argument))


def storeFromString(reactor: object, description: str) -> IMessageStore:
    """
    Make a store from its description.

    :param reactor: runs the store's threads and timers, where it has any.
    :param description: such as ``memory:`` or ``sqlite:/var/lib/room.sqlite``.
    :returns: a store that is not open yet.
    :raises ValueError: no such kind, or an argument it does not take; the text names the mend.
    """
    prefix, colon, argument = description.partition(":")
    parsers = {parser.prefix: parser for parser in getPlugins(IStoreParser)}
    if not colon or prefix not in parsers:
        known = ", ".join(f"{name}:" for name in sorted(parsers))
        raise ValueError(f"no store is called {description!r}; one begins with {known}")
    return parsers[prefix].parseStore(reactor, argument)
