"""
The entries that one member does not have yet: in the tail, or in a page that is read for it alone.
"""

from collections import deque

from twisted_messenger.delivery.payload import PreparedPush
from twisted_messenger.delivery.shared import Shared
from twisted_messenger.delivery.state import DeliveryState
from twisted_messenger.roster import MemberState

# Entries and bytes read at once for one member that is far back.
_PAGE_ENTRIES = 16
_PAGE_BYTES = 128 * 1024


class Ahead:
    """
    What comes next for one member.

    :param state: where it stands in the log.
    :param shared: the tail, and the store for what is older.
    """

    def __init__(self, state: DeliveryState, shared: Shared) -> None:
        #: Entries for a member that is too far back for the tail.
        self.page: deque[PreparedPush] = deque()
        self._state = state
        self._shared = shared

    @property
    def known(self) -> bool:
        """
        Whether everything that comes next is in the tail.
        """
        return self._shared.tail.covers(self._state.cursor)

    def next(self, known: MemberState) -> PreparedPush | None:
        """
        The next entry in memory that is not the member's own; those are skipped.

        :param known: the member, as it stands in the roster now.
        """
        while True:
            entry = self._pageEntry()
            if entry is None and self.known:
                entry = self._shared.tail.after(self._state.cursor)
            if entry is None:
                return None
            own = known.said(entry.position, entry.name)
            if not own and not self._state.hasHad(entry.position):
                return entry
            self._state.skip(entry.position, own)
            self._shared.cursors.moved(known.member.id, self._state)

    async def readPage(self) -> bool:
        """
        Read from the store what comes next.

        :returns: whether there was something. If not, the log was trimmed meanwhile, and the
            roster's next news say so.
        """
        page = await self._shared.store.read(self._state.cursor, _PAGE_ENTRIES, _PAGE_BYTES)
        lineEnd = self._shared.limits.lineEnd
        self.page.extend(PreparedPush(entry, lineEnd) for entry in page)
        return bool(page)

    def _pageEntry(self) -> PreparedPush | None:
        while self.page and self.page[0].position <= self._state.cursor:
            self.page.popleft()
        return self.page[0] if self.page else None
