"""
The newest entries, read once for all who are at the end of the log.
"""

from collections import deque
from collections.abc import Sequence

from twisted.internet.defer import Deferred

from twisted_messenger.entry import Entry
from twisted_messenger.interfaces import MessageStore
from twisted_messenger.web.forms import Form
from twisted_messenger.wire import MAX_PUSH_BYTES

# Entries and bytes read at once; a character has four bytes at most, and no push has more than a
# quarter of this.
_PAGE_ENTRIES = 100
_PAGE_BYTES = 4 * MAX_PUSH_BYTES

# Entries kept here, and characters of them. Who is further behind reads the log.
_KEPT = 500
_KEPT_CHARACTERS = 2 * 1024 * 1024

# Characters for one reader at once: it may stop to take anything with the next byte.
_SLICE_CHARACTERS = 64 * 1024


class Frame:
    """
    An entry, as its readers get it: made once for each form.

    :param entry: what was said.
    """

    __slots__ = ("_made", "entry", "size")

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        #: Characters.
        self.size = len(entry.text)
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
        self._size = 0
        # What comes after this position is in memory, as far as the next one.
        self._start = self._end = 0

    def begin(self, head: int) -> None:
        """
        Keep what comes after a position from now on; who is further behind reads the log.
        """
        self._drop()
        self._start = self._end = head

    def forget(self) -> None:
        """
        Nobody is at the end of the log any more.
        """
        self._drop()
        self._start = self._end

    def _drop(self) -> None:
        self._frames.clear()
        self._size = 0

    async def advance(self) -> None:
        """
        Read what is new.
        """
        while entries := await self._page(self._end):
            if entries[0].position > self._end + 1:
                # Something may be gone before it was read: each reader has to look for itself.
                self._drop()
                self._start = entries[0].position - 1
            frames = [Frame(entry) for entry in entries]
            self._keep(frames)
            if len(frames) < _PAGE_ENTRIES and sum(one.size for one in frames) < _PAGE_BYTES // 8:
                # The next one would have fitted, whatever its size: there is none.
                return

    def _keep(self, frames: Sequence[Frame]) -> None:
        self._frames.extend(frames)
        self._size += sum(one.size for one in frames)
        self._end = frames[-1].entry.position
        while len(self._frames) > _KEPT or self._size > _KEPT_CHARACTERS:
            oldest = self._frames.popleft()
            self._size -= oldest.size
            self._start = oldest.entry.position

    def _page(self, after: int) -> "Deferred[list[Entry]]":
        return self._store.history(after, _PAGE_ENTRIES, _PAGE_BYTES)

    def after(self, cursor: int) -> list[Frame] | None:
        """
        The next of what comes after a position, as far as it is in memory.

        :returns: ``None`` where it has to be read.
        """
        if cursor < self._start:
            return None
        found: list[Frame] = []
        for frame in reversed(self._frames):
            if frame.entry.position <= cursor:
                break
            found.append(frame)
        return _slice(found[::-1])

    async def read(self, cursor: int) -> list[Frame]:
        """
        The next of what comes after a position, from the log.
        """
        page = await self._store.history(cursor, _PAGE_ENTRIES, _SLICE_CHARACTERS)
        return list(map(Frame, page))


def _slice(frames: list[Frame]) -> list[Frame]:
    """
    The first of them, as many as one reader gets at once, but one at least.
    """
    size = 0
    for n, frame in enumerate(frames):
        size += frame.size
        if n and size > _SLICE_CHARACTERS:
            return frames[:n]
    return frames
