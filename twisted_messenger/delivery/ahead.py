"""
The entries that one member does not have yet: in the tail, or in a page.
"""

from twisted_messenger.delivery.pages import Page
from twisted_messenger.delivery.payload import PreparedPush
from twisted_messenger.delivery.shared import Shared
from twisted_messenger.delivery.state import DeliveryState
from twisted_messenger.roster import MemberState


class Ahead:
    """
    What comes next for one member.

    :param state: where it stands in the log.
    :param shared: the tail, and the pages for what is older.
    """

    __slots__ = ("_page", "_shared", "_state")

    def __init__(self, state: DeliveryState, shared: Shared) -> None:
        self._page: Page | None = None
        self._state = state
        self._shared = shared

    @property
    def known(self) -> bool:
        """
        Whether everything that comes next is in the tail.
        """
        return self._shared.tail.covers(self._state.cursor)

    def inPage(self) -> PreparedPush | None:
        """
        The entry after the cursor, if it is in a page that somebody has.
        """
        cursor, page = self._state.cursor, self._page
        if page is None or cursor not in page.next:
            page = self._page = self._shared.pages.at(cursor)
        return None if page is None else page.next[cursor]

    def next(self, known: MemberState) -> PreparedPush | None:
        """
        The next entry in memory that is not the member's own; those are skipped.

        :param known: the member, as it stands in the roster now.
        """
        while True:
            entry = self._shared.tail.after(self._state.cursor) if self.known else self.inPage()
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

        :returns: whether there was something.
        """
        self._page = await self._shared.pages.read(self._state.cursor)
        return self._page is not None

    def rest(self) -> None:
        """
        Nothing is pushed to the member for a while: a page would cost memory.
        """
        self._page = None
