"""
Which ports of a reactor lead to a factory. A factory is not told, and a program may have made them.
"""

from typing import Any

from twisted.internet import tcp


def portsOf(reactor: Any, factory: object) -> list[tcp.Port]:
    """
    Find what listens for a factory, itself or through wrappers of Twisted's.

    :param reactor: one that does not tell what it reads has none.
    :returns: TCP ports and Unix sockets that accept now.
    """
    getReaders = getattr(reactor, "getReaders", list)
    return [
        reader
        for reader in getReaders()
        if isinstance(reader, tcp.Port) and _leadsTo(reader.factory, factory)
    ]


def _leadsTo(outer: object, factory: object) -> bool:
    while outer is not None and outer is not factory:
        outer = getattr(outer, "wrappedFactory", None)
    return outer is factory
