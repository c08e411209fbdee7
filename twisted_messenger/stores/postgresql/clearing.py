"""
Makes room: what everybody has is noted, so that it may be forgotten; on a full disk that is done at
once, and its place is given to others.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from twisted_messenger.errors import StoreError
from twisted_messenger.stores.opening import Opening
from twisted_messenger.stores.postgresql.tables import PostgreSQLTables
from twisted_messenger.stores.retention import STEP

#: Seconds between two looks at what everybody has: it waits no longer, but there is no hurry.
LOOK_SECONDS = 1.0

#: Seconds from when there is something to gain until room is made on a full disk, and until it is
#: tried again: the database may do it by itself.
VACUUM_SECONDS = 10.0


class Clearing:
    """
    Looks at what everybody has, after members have come further, and when the disk is full.

    :param tables: those with which the store writes.
    :param opening: of the store.
    :param reactor: measures the time.
    :param ask: asks the database something, beside what is written.
    :param free: carries out a change that frees space, in a transaction.
    :param giveUpReserve: leaves a full disk some pages.
    :param lookSeconds: between two looks.
    """

    log = Logger()

    def __init__(
        self,
        tables: PostgreSQLTables,
        opening: Opening,
        reactor: Any,
        *,
        ask: Callable[[Callable[[PostgreSQLTables], Any]], "Deferred[Any]"],
        free: Callable[[Callable[[], int]], "Deferred[int]"],
        giveUpReserve: Callable[[], "Deferred[None]"],
        lookSeconds: float,
    ) -> None:
        self._tables = tables
        self._opening = opening
        self._reactor = reactor
        self._ask = ask
        self._free = free
        self._giveUpReserve = giveUpReserve
        self._lookSeconds = lookSeconds
        self._looked = -lookSeconds
        self._looking: IDelayedCall | None = None
        self._forgetting = False
        self._vacuumed = 0.0

    def stop(self) -> None:
        """
        Look no more.
        """
        if self._looking is not None:
            self._looking.cancel()
            self._looking = None

    def lookSoon(self) -> None:
        """
        Members have come further: look at what everybody has, unless that was done just now.
        """
        if self._looking is not None:
            return
        wait = self._looked + self._lookSeconds - self._reactor.seconds()
        if wait > 0:
            self._looking = self._reactor.callLater(wait, self._lookNow)
        else:
            self._lookNow()

    def _lookNow(self) -> None:
        self._looking = None
        self._looked = self._reactor.seconds()
        ensureDeferred(self._look()).addErrback(self._notNoted)

    async def _look(self) -> None:
        if await self._ask(PostgreSQLTables.deliveredMore):
            while await self._free(self._tables.noteDelivered) >= STEP:
                pass

    def _notNoted(self, reason: Failure) -> None:
        reason.trap(StoreError)
        if self._opening.problem() is None:
            self.log.warn("what everybody has stays for now: {error}", error=reason.value)

    def full(self) -> "Deferred[None] | None":
        """
        The disk is full: forget what everybody has, for what nobody has.

        :returns: fires when the database has made room of that, or could not: until then, what is
            written would take it. ``None`` where that is not tried now.
        """
        now = self._reactor.seconds()
        if not self._forgetting:
            ensureDeferred(self._forgetKept()).addErrback(self._notNoted)
        if not self._tables.forgotten:
            # There is nothing to gain yet.
            self._vacuumed = now
        if now - self._vacuumed < VACUUM_SECONDS:
            return None
        self._vacuumed = now
        return ensureDeferred(self._makeRoom()).addErrback(self._noRoom)

    async def _forgetKept(self) -> None:
        self._forgetting = True
        try:
            await self._look()
            while await self._free(self._tables.forgetKept):
                pass
        finally:
            self._forgetting = False

    async def _makeRoom(self) -> None:
        with suppress(StoreError):
            await self._giveUpReserve()
        await self._ask(PostgreSQLTables.vacuum)
        self._tables.forgotten = False

    def _noRoom(self, reason: Failure) -> None:
        reason.trap(StoreError)
        self.log.warn("there is no room to make room: {error}", error=reason.value)
