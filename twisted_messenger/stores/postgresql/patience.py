"""
Tries a transaction again while the server is away, for as long as senders wait.
"""

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater

from twisted_messenger.errors import StoreLost, StoreUncertain
from twisted_messenger.stores.postgresql.tables import Batch

#: Seconds for which changes wait for a server that is away: longer than a restart takes, and
#: shorter than senders wait.
PATIENCE = 5.0

# Seconds between attempts meanwhile.
_RETRY_SECONDS = 0.25


class Patience:
    """
    One transaction after the other, each tried until something is known of it.

    :param reactor: measures retries.
    :param attempt: tries one once.
    """

    def __init__(self, reactor: Any, attempt: "Callable[[Batch], Deferred[list[Any]]]") -> None:
        self._reactor = reactor
        self._attempt = attempt
        # Whether the last one was given up: nobody waits for a server again before it is back.
        self._away = False

    def renew(self) -> None:
        """
        The store is opened again: the server is believed to be there.
        """
        self._away = False

    async def persist(self, batch: Batch) -> list[Any]:
        """
        Try until it is done, or until :data:`PATIENCE` is over.

        :returns: what each of its changes returned.
        :raises StoreUncertain: it may have been committed, and nobody knows.
        """
        giveUp = self._reactor.seconds() + (0 if self._away else PATIENCE)
        while True:
            try:
                results = await self._attempt(batch)
            except Exception as error:
                # Once it was to be committed, only the database can say what became of it.
                lost = batch.committing or isinstance(error, StoreLost)
                if not lost or self._reactor.seconds() >= giveUp:
                    self._away = lost
                    if batch.committing:
                        raise StoreUncertain(str(error)) from error
                    raise
            else:
                self._away = False
                return results
            await deferLater(self._reactor, _RETRY_SECONDS, lambda: None)
