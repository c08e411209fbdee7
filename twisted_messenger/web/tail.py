"""
The newest entries, read once for all who are at the end of the log.
"""

from collections import deque

from twisted.internet.defer import Deferred

from twisted_messenger.entry import Entry
from twisted_messenger.interfaces import MessageStore
from twisted_messenger.web.forms import Form

# Entries and bytes read at once.
_PAGE_ENTRIES = 100
_PAGE_BYTES = 256 * 1024

# Entries kept here. Who is further behind reads the log.
_KEPT = 500


class Frame:
    """
    An entry, as its readers get it: made once for each form.

    :param entry: what was said.
    """

    __slots__ = ("_made", "entry")

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        self._made: dict[Form, bytes] = {}

    def bytesIn(self, form: Form) -> bytes:
        """
        The entry in a form.
        """
        made = self._made.get(form)
        if made is None:
            made = self._made[form] = form.entry(self.entry)
        return made


class Tail:
    """
    What comes after a position, from memory or from the log.

    :param store: whose log it is.
    """

    def __init__(self, store: MessageStore) -> None:
        self._store = store
        self._frames: deque[Frame] = deque()
        # What comes after this position is in memory, as far as the next one.
        self._start = self._end = 0
        self._isKnown = False

    def forget(self) -> None:
        """
        Nobody is at the end of the log any more.
        """
        self._frames.clear()
        self._isKnown = False

    async def advance(self) -> None:
        """
        Read what is new.
        """
        if not self._isKnown:
            # Who is here read the log itself until now.
            self._start = self._end = (await self._store.extent()).head
            self._isKnown = True
        while entries := await self._page(self._end):
            if entries[0].position > self._end + 1:
                # Something may be gone before it was read: each reader has to look for itself.
                self._frames.clear()
                self._start = entries[0].position - 1
            self._frames.extend(map(Frame, entries))
            self._end = entries[-1].position
            while len(self._frames) > _KEPT:
                self._start = self._frames.popleft().entry.position
            if len(entries) < _PAGE_ENTRIES:
                return

    def _page(self, after: int) -> "Deferred[list[Entry]]":
        return self._store.history(after, _PAGE_ENTRIES, _PAGE_BYTES)

    def after(self, cursor: int) -> list[Frame] | None:
        """
        What comes after a position, as far as it is in memory.

        :returns: ``None`` where it has to be read.
        """
        if not self._isKnown or cursor < self._start:
            return None
        found: list[Frame] = []
        for frame in reversed(self._frames):
            if frame.entry.position <= cursor:
                break
            found.append(frame)
        return found[::-1]

    async def read(self, cursor: int) -> list[Frame]:
        """
        The next of what comes after a position, from the log.
        """
        return list(map(Frame, await self._page(cursor)))
