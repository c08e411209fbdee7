"""
A message of a room on its way into the log: who may say it, and what its sender is told.
"""

from twisted.logger import Logger
from twisted.python.failure import Failure

from twisted_messenger.address import Source, sameOwner
from twisted_messenger.entry import Entry, Post
from twisted_messenger.eventlog import Counters
from twisted_messenger.pendingpost import PendingPost
from twisted_messenger.refusal import Refusal
from twisted_messenger.result import Stored
from twisted_messenger.room.hooks import Accepted
from twisted_messenger.room.policy import AdmissionPolicy
from twisted_messenger.room.verdicts import Told, Verdicts
from twisted_messenger.roster import Member


class Desk:
    """
    What all messages of a room pass.

    :param policy: who may speak under which name.
    :param verdicts: what a sender is told.
    :param counters: every message that is stored is counted there.
    :param accepted: see :class:`~twisted_messenger.room.chatroom.ChatRoom`.
    """

    log = Logger()

    def __init__(
        self,
        policy: AdmissionPolicy,
        verdicts: Verdicts,
        counters: Counters,
        accepted: Accepted | None,
    ) -> None:
        self.policy = policy
        self.verdicts = verdicts
        self.counters = counters
        #: Hears of every message that is stored, if it is there.
        self.accepted = accepted
        #: Characters of the messages that wait for the store.
        self.unstored = 0


class RoomPost(PendingPost):
    """
    A message that somebody says.

    :param post: the message.
    :param source: where it comes from.
    :param desk: what it passes.
    :param told: hears what becomes of it.
    """

    __slots__ = ("_desk", "_isAsked", "_isOwner", "_source", "_told")

    def __init__(self, post: Post, source: Source, desk: Desk, told: Told) -> None:
        # As the base does, which is a call more for each message.
        self.post = post
        self._source = source
        self._desk = desk
        self._told = told
        self._isAsked = self._isOwner = False
        desk.unstored += len(post.text)

    def admit(self, named: Member | None, /) -> Refusal | None:
        """
        Judge it by who bears the name.
        """
        self._isAsked = True
        desk = self._desk
        if desk.accepted is not None:
            self._isOwner = named is not None and sameOwner(named.owner, self.post.source)
        return desk.policy.judgeSender(self.post.name, self._source, named)

    def decided(self, result: int | Refusal, /) -> None:
        """
        Tell the sender, and count it.
        """
        desk, post = self._desk, self.post
        desk.unstored -= len(post.text)
        try:
            if isinstance(result, Refusal):
                self._told.decided(desk.verdicts.decided(result, self._source))
                return
            if desk.verdicts.storeFails:
                desk.verdicts.storeTakes()
            # Where nobody was asked, it was there already.
            isNew = self._isAsked or post.repeat is None
            desk.counters.counts["accepted" if isNew else "repeated"] += 1
            if isNew and desk.accepted is not None:
                self._tell(desk.accepted, result)
            self._told.decided(Stored(result))
        except Exception:
            # The store has others to tell.
            desk.log.failure("a sender was not told what became of a message")

    def _tell(self, accepted: Accepted, position: int) -> None:
        post = self.post
        try:
            accepted(Entry(position, post.name, post.text, self._isOwner, post.time))
        except Exception:
            # It is stored: its sender, and those after it, have a right to hear so.
            self._desk.log.failure("accepted, which the program gave, raised")

    def unknown(self, reason: Failure, /) -> None:
        """
        Tell the sender, unless it is known that nothing was done: that is a refusal.
        """
        desk = self._desk
        desk.unstored -= len(self.post.text)
        try:
            result = desk.verdicts.failed(reason, self._source)
            if isinstance(result, Refusal):
                self._told.decided(result)
            else:
                self._told.unknown(result)
        except Exception:
            desk.log.failure("a sender was not told what became of a message")


class Announcement(RoomPost):
    """
    A message of the server itself, which nobody has to admit.
    """

    __slots__ = ()

    def admit(self, named: Member | None, /) -> Refusal | None:
        """
        Welcome it.
        """
        self._isAsked = True
        return None
