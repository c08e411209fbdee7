"""
The way of a message into the log: its size, what the program says of it, who may say it.
"""

from collections.abc import Awaitable, Callable
from functools import partial

from twisted.internet.defer import Deferred, fail, succeed
from twisted.logger import Logger
from twisted.python.failure import Failure

from twisted_messenger.address import LOCAL, Source, sameOwner
from twisted_messenger.entry import Entry, LogLimits, Post
from twisted_messenger.eventlog import Counters
from twisted_messenger.interfaces import Admission, MessageStore
from twisted_messenger.refusal import Reason, Refusal
from twisted_messenger.result import Stored
from twisted_messenger.room.hooks import Accepted, Admit, Turns
from twisted_messenger.room.policy import WAITING_SHARE, AdmissionPolicy
from twisted_messenger.roster import Member
from twisted_messenger.wire import MAX_PUSH_BYTES, RoomMessage, fitsPush

#: Characters of messages that may wait for the store at once: while a disk stalls, they are memory.
MAX_UNSTORED = 16 * 1024 * 1024


def _anyone(named: Member | None) -> Refusal | None:
    return None


class Posting:
    """
    Puts messages into the store.

    :param store: where to.
    :param policy: who may speak under which name.
    :param counters: every message that is stored is counted there.
    :param clock: seconds since the epoch; stamps messages.
    :param admit: see :class:`~twisted_messenger.room.chatroom.ChatRoom`.
    :param accepted: see :class:`~twisted_messenger.room.chatroom.ChatRoom`.
    """

    log = Logger()

    def __init__(
        self,
        store: MessageStore,
        policy: AdmissionPolicy,
        counters: Counters,
        clock: Callable[[], float],
        admit: Admit | None,
        accepted: Accepted | None,
    ) -> None:
        self._store = store
        self._policy = policy
        self._counters = counters
        self._clock = clock
        self._admit = admit
        self._accepted = accepted
        self._turns = Turns()
        self._unstored = 0
        most = policy.maxWaitingBytes
        self._maxWaitingBytes = LogLimits.bytes // WAITING_SHARE if most is None else most

    def say(self, name: str, text: str, source: Source) -> "Deferred[Stored | Refusal]":
        """
        Store a message.

        :param name: clean.
        :param source: those of one enter the log in the order of these calls.
        :returns: fires with its place, or the refusal.
        """
        judge = partial(self._policy.judgeSender, name, source)
        if self._admit is None:
            return self._keep(name, text, source, judge)
        admitting = self._sayAdmitted(self._admit, RoomMessage(name, text), source, judge)
        return Deferred.fromCoroutine(admitting)

    def announce(self, text: str) -> "Deferred[Stored | Refusal]":
        """
        Store a message of the server itself, which nobody has to admit.
        """
        return self._keep(self._policy.serverName, text, LOCAL, _anyone)

    async def _sayAdmitted(
        self, admit: Admit, message: RoomMessage, source: Source, judge: Admission
    ) -> Stored | Refusal:
        over = await self._turns.take(source.key)
        try:
            admitted = await self._admitted(admit, message, source)
            if isinstance(admitted, Refusal):
                return admitted
            keeping = self._keep(message.name, admitted.text, source, judge)
        finally:
            over()
        return await keeping

    async def _admitted(
        self, admit: Admit, message: RoomMessage, source: Source
    ) -> RoomMessage | Refusal:
        answer = admit(message, source)
        admitted = await answer if isinstance(answer, Awaitable) else answer
        if isinstance(admitted, Refusal):
            return admitted
        if not isinstance(admitted, RoomMessage) or admitted.name != message.name:
            raise ValueError(f"admit: give a Refusal, or a RoomMessage of the name {message.name}")
        return admitted

    # No coroutines from here on: a room does nothing so often.

    def _keep(
        self, name: str, text: str, source: Source, judge: Admission
    ) -> "Deferred[Stored | Refusal]":
        # Only an embedding program can hand us surrogates; the wire has none.
        encodable = text if text.isascii() else text.encode("utf-8", "replace").decode()
        if not fitsPush(name, encodable):
            return succeed(Refusal(Reason.TOO_BIG, f"a push has at most {MAX_PUSH_BYTES} bytes"))
        if self._unstored + len(encodable) > MAX_UNSTORED:
            why = "too many messages wait for the store"
            return succeed(Refusal(Reason.STORE_UNAVAILABLE, why))
        post = Post(
            *(name, encodable, source.key, self._clock()),
            *(source.subscriber, self._maxWaitingBytes),
        )
        if self._accepted is None:
            return self._append(post, judge)
        owned = False

        def admission(named: Member | None) -> Refusal | None:
            nonlocal owned
            owned = named is not None and sameOwner(named.owner, source.key)
            return judge(named)

        def tell(result: Stored | Refusal, accepted: Accepted) -> Stored | Refusal:
            if isinstance(result, Stored):
                self._tell(accepted, Entry(result.position, name, encodable, owned, post.time))
            return result

        return self._append(post, admission).addCallback(tell, self._accepted)

    def _append(self, post: Post, admission: Admission) -> "Deferred[Stored | Refusal]":
        size = len(post.text)
        self._unstored += size
        try:
            storing = self._store.append(post, admission)
        except Exception:
            storing = fail()
        return storing.addCallbacks(self._decided, self._undecided, (size,), {}, (size,))

    def _decided(self, position: int | Refusal, size: int) -> Stored | Refusal:
        self._unstored -= size
        if isinstance(position, Refusal):
            return position
        self._counters.add("accepted")
        return Stored(position)

    def _undecided(self, reason: Failure, size: int) -> Failure:
        self._unstored -= size
        return reason

    def _tell(self, accepted: Accepted, entry: Entry) -> None:
        try:
            accepted(entry)
        except Exception:
            # It is stored: its sender, and those after it, have a right to hear so.
            self.log.failure("accepted, which the program gave, raised")
