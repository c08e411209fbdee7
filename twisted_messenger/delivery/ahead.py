"""
The entries that one member does not have yet: in the tail, or in a page.
"""

from twisted_messenger.delivery.pages import Page
from twisted_messenger.delivery.payload import PreparedPush
from twisted_messenger.delivery.shared import Shared
from twisted_messenger.delivery.state import DeliveryState
from twisted_messenger.roster import Member


class LogReader:
    """
    A member as it reads on in the log.

    :param state: where it stands there.
    :param shared: the tail, and the pages for what is older.
    """

    __slots__ = ("_named", "_page", "_shared", "_state", "member")

    #: The member, as it stands in the roster now.
    member: Member
    # The last position of the log before it had its name.
    _named: int

    def __init__(self, state: DeliveryState, shared: Shared) -> None:
        self._page: Page | None = None
        self._state = state
        self._shared = shared

    @property
    def _isInTail(self) -> bool:
        """
        Whether everything that comes next is in the tail.
        """
        return self._shared.tail.covers(self._state.cursor)

    def _inPage(self) -> PreparedPush | None:
        """
        The entry after the cursor, if it is in a page that somebody has.
        """
        cursor, page = self._state.cursor, self._page
        if page is None or cursor not in page.next:
            page = self._page = self._shared.pages.at(cursor)
        return None if page is None else page.next[cursor]

    def _nextEntry(self) -> PreparedPush | None:
        """
        The next entry in memory that is not the member's own; those are skipped.
        """
        while True:
            inTail = self._isInTail
            entry = self._shared.tail.after(self._state.cursor) if inTail else self._inPage()
            if entry is None:
                return None
            own = entry.name == self.member.name and entry.position > self._named
            if not own and not self._state.hasHad(entry.position):
                return entry
            self._state.skip(entry.position, own)
            self._shared.cursors.moved(self.member.id, self._state)

    async def _readPage(self) -> bool:
        """
        Read from the store what comes next.

        :returns: whether there was something.
        """
        self._page = await self._shared.pages.read(self._state.cursor)
        return self._page is not None

    def _forgetPage(self) -> None:
        """
        Nothing is pushed to the member for a while: a page would cost memory.
        """
        self._page = None
