"""
Follows a store: whenever it may have changed, read what is new, then say so.
"""

from typing import Any, Protocol

from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from twisted_messenger.entry import Entry
from twisted_messenger.errors import StoreError
from twisted_messenger.interfaces import MessageStore
from twisted_messenger.promptness import promptly
from twisted_messenger.roster import RosterNews

# Entries and bytes read at once.
_PAGE_ENTRIES = 256
_PAGE_BYTES = 1024 * 1024

# Seconds until a store that failed is read again.
_RETRY_SECONDS = 1.0


class Reader(Protocol):
    """
    Is told what is new.
    """

    def rosterChanged(self, news: RosterNews) -> None:
        """
        Members came, moved, spoke or left.
        """

    def passOver(self, head: int) -> bool:
        """
        The log has grown.

        :param head: its last position.
        :returns: whether nobody is there for what it has up to there, so that it is not read.
        """

    def entriesRead(self, entries: list[Entry]) -> None:
        """
        The log goes on, from the head that the first news of the roster named.
        """

    def rewound(self) -> None:
        """
        The store was opened again, or restored from an older copy: everybody and everything is
        news again.
        """

    def caughtUp(self) -> None:
        """
        What was told may be acted on: before it, a roster may be half changed.
        """


class LogFollower:
    """
    Turns wakes, which carry no data and may be lost or doubled, into news.

    :param store: open.
    :param reader: is told; it is never called twice at the same time.
    :param reactor: measures the time until a failed read is tried again.
    """

    log = Logger()

    def __init__(self, store: MessageStore, reader: Reader, reactor: Any) -> None:
        self._store = store
        self._reader = reader
        self._reactor = reactor
        self._generation = self._revision = 0
        self._head: int | None = None
        self._running = False
        # Read all anew, before anything else.
        self._startedAgain = False
        self._reading = False
        self._wokenAgain = False
        self._timer: IDelayedCall | None = None

    def start(self) -> None:
        """
        Read everything, then what is new.
        """
        self._running = True
        self._startedAgain = self._head is not None
        self._store.follow(self._woken)
        self._woken()

    def stop(self) -> None:
        """
        Read no more.
        """
        self._running = False
        self._store.unfollow(self._woken)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _rewind(self) -> None:
        self._revision, self._head = 0, None
        self._reader.rewound()

    def _woken(self) -> None:
        self._wokenAgain = True
        if self._running and not self._reading:
            self._reading = True
            reading = promptly(self._read())
            if reading is not None:
                reading.addErrback(self._broken)

    def _broken(self, reason: Failure) -> None:
        self.log.failure("what is new in the log was not read", reason)
        self._readLater()

    def _readLater(self) -> None:
        if self._running and self._timer is None:
            self._timer = self._reactor.callLater(_RETRY_SECONDS, self._retried)

    def _retried(self) -> None:
        self._timer = None
        self._woken()

    async def _read(self) -> None:
        try:
            while self._wokenAgain and self._running:
                self._wokenAgain = False
                if self._startedAgain:
                    # A store that was opened again counts anew.
                    self._startedAgain = False
                    self._rewind()
                news = await self._readRoster()
                if news is not None:
                    await self._readLog(news.head, bool(news.members or news.departed))
        except StoreError as error:
            # Who has stopped wants no answer any more.
            if self._running:
                self.log.error("the log cannot be read: {error}", error=error)
                self._readLater()
        finally:
            self._reading = False

    async def _readRoster(self) -> RosterNews | None:
        news = await self._store.roster(self._revision)
        if self._running and self._isOfAnotherCopy(news):
            self.log.critical(
                "the store may have gone back to an older copy: what that lacks is lost"
            )
            self._rewind()
            news = await self._store.roster(0)
        if not self._running:
            return None
        if self._head is None:
            self._generation, self._head = news.generation, news.head
        # Not before what was dropped: nothing is read across it.
        self._head = max(self._head, news.floor)
        self._reader.rosterChanged(news)
        # Not before: a reader that raised must hear the same again.
        self._revision = news.revision
        return news

    def _isOfAnotherCopy(self, news: RosterNews) -> bool:
        if self._head is None:
            return False
        another = news.generation != self._generation
        return another or news.revision < self._revision or news.head < self._head

    async def _readLog(self, head: int, changed: bool) -> None:
        """
        Read up to where the log ended a moment ago. What came since has a wake of its own.

        Members go on after each page: while senders never pause, there is always a further wake.

        :param changed: whether they have to, even where there is no new entry.
        """
        assert self._head is not None
        if self._head < head and self._reader.passOver(head):
            self._head = head
        while self._running and self._head < head:
            entries = await self._store.read(self._head, _PAGE_ENTRIES, _PAGE_BYTES)
            if not self._running or not entries:
                # Nothing: the log was trimmed meanwhile; the roster's next news say so.
                break
            self._reader.entriesRead(entries)
            self._head = entries[-1].position
            self._reader.caughtUp()
            changed = False
        if changed and self._running:
            self._reader.caughtUp()
