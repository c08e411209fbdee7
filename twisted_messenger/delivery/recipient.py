"""
One member among those who are pushed to: where it stands, and what it is doing.
"""

from collections import deque

from twisted.internet.defer import Deferred

from twisted_messenger.address import Source
from twisted_messenger.delivery.slots import Slots
from twisted_messenger.delivery.state import DeliveryState
from twisted_messenger.delivery.tail import PreparedPush
from twisted_messenger.roster import Member, MemberState


class Recipient:
    """
    One member, where it stands, and what it is doing.
    """

    def __init__(self, state: MemberState, queue: DeliveryState) -> None:
        self.enrolled(state.member)
        self.registered = state.registered
        self.queue = queue
        #: Entries for a member too far behind for the tail.
        self.page: deque[PreparedPush] = deque()
        #: Reading a page, or being evicted: it will be called again.
        self.pending = False
        #: Waiting for a place in its window.
        self.queued = False
        #: Where its place is, while it has one or waits for one.
        self.window: Slots[Recipient]
        #: Whose share of the window its place counts against; it may have moved since.
        self.source: str | None = None
        #: No longer a member, or another node's.
        self.gone = False
        #: The address of its last push; it may have moved since.
        self.pushedTo = ""
        #: Fires when nothing is in flight any more, where somebody waits for that.
        self.rested: Deferred[None] | None = None

    def enrolled(self, member: Member) -> None:
        """
        The member, as it stands in the roster now.
        """
        self.member = member
        #: Where it is pushed to; there is one push for each.
        self.address = member.address
        #: Whom its place counts for.
        self.subscriber = Source(member.host).subscriber

    @property
    def busy(self) -> bool:
        """
        Whether something is under way that will come back to this member by itself.
        """
        return self.pending or self.queued or self.queue.busy

    def pageEntry(self) -> PreparedPush | None:
        """
        The first entry of the page that the member does not have.
        """
        while self.page and self.page[0].position <= self.queue.cursor:
            self.page.popleft()
        return self.page[0] if self.page else None
