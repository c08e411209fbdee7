"""
Connections to address literals, all under one descriptor.
"""

import select
import socket
from contextlib import suppress
from functools import lru_cache

from twisted.internet.interfaces import IReactorFDSet
from twisted.internet.protocol import ClientCreator

from twisted_messenger.address import literal
from twisted_messenger.push.epoll import SocketBatch


@lru_cache(maxsize=16_384)
def _isLiteral(host: str) -> bool:
    return literal(host) is not None


@lru_cache(maxsize=16_384)
def plainFamily(host: str) -> int:
    """
    The address family of a literal; 0 for what is none, or has a zone.
    """
    if "%" in host or literal(host) is None:
        return 0
    return socket.AF_INET6 if ":" in host else socket.AF_INET


class BatchCreator(ClientCreator):
    """
    A ``ClientCreator`` that can also put connections to address literals under one epoll.

    Its own methods, and whatever a batch cannot serve (names, TLS, a local address, another
    platform or reactor), are the reactor's.
    """

    _batch: SocketBatch | None = None

    def batchFor(self, host: str) -> SocketBatch | None:
        """
        The sockets for connections to a host; made when they are needed first, not before a
        daemon has forked.

        :returns: ``None`` where the reactor must do it.
        """
        if not _isLiteral(host):
            return None
        if self._batch is None and self._canBatch():
            # Without a descriptor for it, the reactor has none either, and will say so.
            with suppress(OSError):
                self._batch = SocketBatch(self.reactor)
        return self._batch

    def _canBatch(self) -> bool:
        return hasattr(select, "epoll") and IReactorFDSet.providedBy(self.reactor)
