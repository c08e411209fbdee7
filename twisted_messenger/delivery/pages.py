"""
Pages of the log, for members that are too far back for the tail.

Many members may be behind by the same messages: a page is read, and made ready, once for all of
them, and kept as long as one of them has it. So the window of those that are pushed to bounds what
is in memory.
"""

from collections.abc import Sequence
from weakref import WeakValueDictionary

from twisted.internet.defer import Deferred, ensureDeferred
from twisted.python.failure import Failure

from twisted_messenger.delivery.payload import PreparedPush
from twisted_messenger.entry import Entry
from twisted_messenger.interfaces import MessageStore

#: Entries and bytes read at once.
PAGE_ENTRIES = 64
PAGE_BYTES = 128 * 1024


class Page:
    """
    Entries that follow one another.

    :param after: the position that they follow.
    :param entries: one at least.
    """

    __slots__ = ("__weakref__", "next")

    def __init__(self, after: int, entries: Sequence[PreparedPush]) -> None:
        #: The entries, by the position before theirs.
        self.next: dict[int, PreparedPush] = {}
        for entry in entries:
            self.next[after] = entry
            after = entry.position


class Pages:
    """
    The pages that somebody has.

    :param store: they are read from it.
    :param lineEnd: ends every push.
    """

    def __init__(self, store: MessageStore, lineEnd: bytes) -> None:
        self._store = store
        self._lineEnd = lineEnd
        self.rewind()

    def rewind(self) -> None:
        """
        Forget everything, also what is being read: the store is not what it was.
        """
        # By each position that an entry of theirs follows.
        self._pages: WeakValueDictionary[int, Page] = WeakValueDictionary()
        self._awaited: dict[int, list[Deferred[Page | None]]] = {}

    def at(self, cursor: int) -> Page | None:
        """
        A page with the entry that follows a position, if somebody has one.
        """
        return self._pages.get(cursor)

    def read(self, cursor: int) -> "Deferred[Page | None]":
        """
        Read what follows a position, once for all who ask.

        :returns: fires with ``None`` if there is nothing: the log was trimmed meanwhile, and the
            roster's next news say so.
        """
        page: Deferred[Page | None] = Deferred()
        awaited, pages = self._awaited, self._pages
        if cursor in awaited:
            awaited[cursor].append(page)
            return page
        awaited[cursor] = [page]

        def found(entries: list[Entry]) -> Page | None:
            if not entries:
                return None
            found = Page(cursor, [PreparedPush(entry, self._lineEnd) for entry in entries])
            pages.update(dict.fromkeys(found.next, found))
            return found

        def tell(result: Page | Failure | None) -> None:
            for one in awaited.pop(cursor):
                one.callback(result)

        reading = ensureDeferred(self._store.read(cursor, PAGE_ENTRIES, PAGE_BYTES))
        reading.addCallback(found).addBoth(tell)
        return page
