"""
The way of a message into the log: its size, what the program says of it, who may say it.
"""

from collections.abc import Awaitable, Callable

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from twisted_messenger.address import LOCAL, Source
from twisted_messenger.entry import LogLimits, Post
from twisted_messenger.eventlog import Counters
from twisted_messenger.interfaces import MessageStore
from twisted_messenger.pendingpost import PendingPost, appenderOf
from twisted_messenger.refusal import Reason, Refusal
from twisted_messenger.repeats import Repeat
from twisted_messenger.room.hooks import Accepted, Admit, Turns
from twisted_messenger.room.policy import WAITING_SHARE, AdmissionPolicy
from twisted_messenger.room.roompost import Announcement, Desk, RoomPost
from twisted_messenger.room.verdicts import Told, Verdicts
from twisted_messenger.roster import Member
from twisted_messenger.wire import MAX_PUSH_BYTES, RoomMessage, fitsPush

#: Characters of messages that may wait for the store at once: while a disk stalls, they are memory.
MAX_UNSTORED = 16 * 1024 * 1024


def _nobody(named: Member | None) -> Refusal | None:
    return Refusal("probe")


class Posting:
    """
    Puts messages into the store.

    :param store: where to.
    :param policy: who may speak under which name.
    :param verdicts: what a sender is told.
    :param counters: every message that is stored is counted there.
    :param clock: seconds since the epoch; stamps messages.
    :param admit: see :class:`~twisted_messenger.room.chatroom.ChatRoom`.
    :param accepted: see :class:`~twisted_messenger.room.chatroom.ChatRoom`.
    """

    def __init__(
        self,
        store: MessageStore,
        policy: AdmissionPolicy,
        verdicts: Verdicts,
        counters: Counters,
        clock: Callable[[], float],
        admit: Admit | None,
        accepted: Accepted | None,
    ) -> None:
        self._store = store
        self._appendPending = appenderOf(store) or self._append
        self._name = policy.serverName
        self._desk = Desk(policy, verdicts, counters, accepted)
        self._clock = clock
        self._admit = admit
        self._turns = Turns()
        most = policy.maxWaitingBytes
        self._maxWaitingBytes = LogLimits.bytes // WAITING_SHARE if most is None else most

    def say(self, name: str, text: str, source: Source, told: Told, key: str | None = None) -> None:
        """
        Store a message.

        :param name: clean.
        :param source: those of one enter the log in the order of these calls.
        :param told: hears of its place, or the refusal.
        :param key: by which it is known when it comes again.
        """
        # As it was sent: what the program makes of it may be another text each time.
        repeat = None if key is None else Repeat.of(name, key, text)
        if self._admit is None:
            self._keep(RoomPost, name, text, source, repeat, told)
            return
        admitting = self._sayAdmitted(self._admit, RoomMessage(name, text), source, repeat, told)
        Deferred.fromCoroutine(admitting).addErrback(told.unknown)

    def announce(self, text: str, told: Told, key: str | None = None) -> None:
        """
        Store a message of the server itself, which nobody has to admit.

        :param told: as for :meth:`say`.
        :param key: as for :meth:`say`.
        """
        repeat = None if key is None else Repeat.of(self._name, key, text)
        self._keep(Announcement, self._name, text, LOCAL, repeat, told)

    async def probe(self) -> None:
        """
        Ask the store whether it would take a message, all the way but for the message.

        :raises StoreError: it would not.
        """
        post = Post(self._name, "", LOCAL.key, self._clock())
        await self._store.append(post, _nobody)

    async def _sayAdmitted(
        self,
        admit: Admit,
        message: RoomMessage,
        source: Source,
        repeat: Repeat | None,
        told: Told,
    ) -> None:
        over = await self._turns.take(source.key)
        try:
            admitting = Deferred.fromCoroutine(self._admitted(admit, message, source))
            admitted = await self._desk.verdicts.on(admitting, source)
            if isinstance(admitted, Refusal):
                told.decided(admitted)
            else:
                self._keep(RoomPost, message.name, admitted.text, source, repeat, told)
        finally:
            over()

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
        self,
        makes: type[RoomPost],
        name: str,
        text: str,
        source: Source,
        repeat: Repeat | None,
        told: Told,
    ) -> None:
        desk = self._desk
        # Only an embedding program can hand us surrogates; the wire has none.
        encodable = text if text.isascii() else text.encode("utf-8", "replace").decode()
        if not fitsPush(name, encodable):
            why = f"a push has at most {MAX_PUSH_BYTES} bytes"
            told.decided(desk.verdicts.decided(Refusal(Reason.TOO_BIG, why), source))
            return
        if desk.unstored + len(encodable) > MAX_UNSTORED:
            why = "too many messages wait for the store"
            told.decided(desk.verdicts.decided(Refusal(Reason.STORE_UNAVAILABLE, why), source))
            return
        share = self._maxWaitingBytes
        post = Post(name, encodable, source.key, self._clock(), source.subscriber, share, repeat)
        message = makes(post, source, desk, told)
        try:
            self._appendPending(message)
        except Exception:
            # Any store may be asked, also one that was never open.
            message.unknown(Failure())

    def _append(self, message: PendingPost) -> None:
        storing = self._store.append(message.post, message.admit)
        storing.addCallbacks(message.decided, message.unknown)
