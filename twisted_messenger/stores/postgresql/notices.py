"""
What PostgreSQL tells of changes, read by the reactor: ``LISTEN`` on a connection of its own.

A notice says only that something has changed. One that is lost costs a moment: the leases are
renewed every second, and that shows the same.
"""

import os
from collections.abc import Callable
from typing import Any

import psycopg
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReadDescriptor
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from twisted_messenger.errors import StoreError

# Seconds until a connection that was lost is made again.
_RETRY_SECONDS = 1.0


@implementer(IReadDescriptor)
class Notices:
    """
    Listens to one channel.

    :param connect: fires with a connection that listens; not called in the reactor's thread.
    :param reactor: provides ``IReactorFDSet`` and ``IReactorTime``.
    :param told: called with the text of each notice, and with an empty one when some may have
        been lost.
    """

    log = Logger()

    def __init__(
        self,
        connect: "Callable[[], Deferred[Any]]",
        reactor: Any,
        told: Callable[[str], object],
    ) -> None:
        self._connect = connect
        self._reactor = reactor
        self._told = told
        self._connection: Any = None
        # One of our own: libpq closes its when the server goes, and the reactor would lose track.
        self._descriptor = -1
        self._retry: IDelayedCall | None = None
        self._connecting: Deferred[Any] | None = None
        self._stopped = False

    def start(self) -> None:
        """
        Listen, as soon as that is possible, and for as long as it is.
        """
        self._retry = None
        self._stopped = False
        self._connecting = self._connect()
        self._connecting.addCallback(self._connected).addErrback(self._failed)

    def stop(self) -> "Deferred[Any] | None":
        """
        Listen no more.

        :returns: fires when a connection that was being made is closed, too.
        """
        self._stopped = True
        if self._retry is not None:
            self._retry.cancel()
            self._retry = None
        self._drop()
        return self._connecting

    def fileno(self) -> int:
        """
        See ``IReadDescriptor``.
        """
        return self._descriptor

    def logPrefix(self) -> str:
        """
        See ``IReadDescriptor``.
        """
        return "notices"

    def doRead(self) -> None:
        """
        Tell what has come.
        """
        connection = self._connection
        try:
            connection.pgconn.consume_input()
            texts = []
            while (notice := connection.pgconn.notifies()) is not None:
                texts.append(notice.extra.decode())
        except psycopg.Error as error:
            self._failed(Failure(error))
            return
        # Under load many come at once; equal ones mean no more than one.
        for text in dict.fromkeys(texts):
            self._told(text)

    def connectionLost(self, reason: Failure) -> None:
        """
        The reactor has ended, or caught an exception of ``told``.
        """
        self._again()

    def _connected(self, connection: Any) -> None:
        self._connecting = None
        self._connection = connection
        if self._stopped:
            self._drop()
            return
        self._descriptor = os.dup(connection.fileno())
        self._reactor.addReader(self)
        self._told("")

    def _failed(self, reason: Failure) -> None:
        if not reason.check(psycopg.Error, OSError, StoreError):
            self.log.failure("notices were not told", reason)
        self._again()

    def _again(self) -> None:
        self._connecting = None
        self._drop()
        if not self._stopped:
            self._retry = self._reactor.callLater(_RETRY_SECONDS, self.start)

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if self._descriptor >= 0:
            self._reactor.removeReader(self)
            os.close(self._descriptor)
            self._descriptor = -1
        if connection is not None:
            connection.close()
