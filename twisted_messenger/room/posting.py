"""
The way of a message into the log: its size, what the program says of it, who may say it.
"""

from collections.abc import Awaitable, Callable
from functools import partial

from twisted.internet.defer import Deferred, fail
from twisted.logger import Logger
from twisted.python.failure import Failure

from twisted_messenger.address import LOCAL, Source, sameOwner
from twisted_messenger.entry import Entry, LogLimits, Post
from twisted_messenger.eventlog import Counters
from twisted_messenger.interfaces import Admission, MessageStore
from twisted_messenger.refusal import Reason, Refusal
from twisted_messenger.repeats import Repeat
from twisted_messenger.result import Stored
from twisted_messenger.room.hooks import Accepted, Admit, Turns
from twisted_messenger.room.policy import WAITING_SHARE, AdmissionPolicy
from twisted_messenger.room.verdicts import Told, Verdicts
from twisted_messenger.roster import Member
from twisted_messenger.wire import MAX_PUSH_BYTES, RoomMessage, fitsPush

#: Characters of messages that may wait for the store at once: while a disk stalls, they are memory.
MAX_UNSTORED = 16 * 1024 * 1024

# What a store says of a message.
_POSITIONS = (int, Refusal)


def _anyone(named: Member | None) -> Refusal | None:
    return None


def _nobody(named: Member | None) -> Refusal | None:
    return Refusal("probe")


class _Judged:
    """
    An admission that notes what it was asked.

    :param judge: the admission.
    :param source: the key of whose message it is.
    """

    def __init__(self, judge: Admission, source: str) -> None:
        self._judge = judge
        self._source = source
        self.isAsked = self.isOwner = False

    def __call__(self, named: Member | None) -> Refusal | None:
        self.isAsked = True
        self.isOwner = named is not None and sameOwner(named.owner, self._source)
        return self._judge(named)


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

    log = Logger()

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
        self._policy = policy
        self._verdicts = verdicts
        self._counters = counters
        self._clock = clock
        self._admit = admit
        self._accepted = accepted
        self._turns = Turns()
        self._unstored = 0
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
        judge = partial(self._policy.judgeSender, name, source)
        # As it was sent: what the program makes of it may be another text each time.
        repeat = None if key is None else Repeat.of(name, key, text)
        if self._admit is None:
            self._keep(name, text, source, judge, repeat, told)
            return
        admitting = self._sayAdmitted(
            self._admit, RoomMessage(name, text), source, judge, repeat, told
        )
        Deferred.fromCoroutine(admitting).addErrback(told.unknown)

    def announce(self, text: str, told: Told, key: str | None = None) -> None:
        """
        Store a message of the server itself, which nobody has to admit.

        :param told: as for :meth:`say`.
        :param key: as for :meth:`say`.
        """
        name = self._policy.serverName
        repeat = None if key is None else Repeat.of(name, key, text)
        self._keep(name, text, LOCAL, _anyone, repeat, told)

    async def probe(self) -> None:
        """
        Ask the store whether it would take a message, all the way but for the message.

        :raises StoreError: it would not.
        """
        post = Post(self._policy.serverName, "", LOCAL.key, self._clock())
        await self._store.append(post, _nobody)

    async def _sayAdmitted(
        self,
        admit: Admit,
        message: RoomMessage,
        source: Source,
        judge: Admission,
        repeat: Repeat | None,
        told: Told,
    ) -> None:
        over = await self._turns.take(source.key)
        try:
            admitting = Deferred.fromCoroutine(self._admitted(admit, message, source))
            admitted = await self._verdicts.on(admitting, source)
            if isinstance(admitted, Refusal):
                told.decided(admitted)
            else:
                self._keep(message.name, admitted.text, source, judge, repeat, told)
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

    # No coroutines from here on, and one callback for all: a room does nothing so often.

    def _keep(
        self,
        name: str,
        text: str,
        source: Source,
        judge: Admission,
        repeat: Repeat | None,
        told: Told,
    ) -> None:
        # Only an embedding program can hand us surrogates; the wire has none.
        encodable = text if text.isascii() else text.encode("utf-8", "replace").decode()
        size = len(encodable)
        if not fitsPush(name, encodable):
            why = f"a push has at most {MAX_PUSH_BYTES} bytes"
            told.decided(self._verdicts.decided(Refusal(Reason.TOO_BIG, why), source))
            return
        if self._unstored + size > MAX_UNSTORED:
            why = "too many messages wait for the store"
            told.decided(self._verdicts.decided(Refusal(Reason.STORE_UNAVAILABLE, why), source))
            return
        share = self._maxWaitingBytes
        post = Post(name, encodable, source.key, self._clock(), source.subscriber, share, repeat)
        judged = None
        if repeat is not None or self._accepted is not None:
            judge = judged = _Judged(judge, source.key)
        self._unstored += size
        try:
            storing = self._store.append(post, judge)
        except Exception:
            storing = fail()
        position = storing.result if storing.called else None
        if isinstance(position, _POSITIONS):
            # A store in memory knows at once, and a callback would cost as much as the store.
            self._decided(position, post, source, judged, told)
            return
        storing.addCallbacks(
            self._decided, self._undecided, (post, source, judged, told), {}, (post, source, told)
        )

    def _decided(
        self,
        position: int | Refusal,
        post: Post,
        source: Source,
        judged: _Judged | None,
        told: Told,
    ) -> None:
        self._unstored -= len(post.text)
        if isinstance(position, Refusal):
            told.decided(self._verdicts.decided(position, source))
            return
        if self._verdicts.storeFails:
            self._verdicts.storeTakes()
        # Where nobody was asked, it was there already.
        isNew = judged is None or judged.isAsked
        self._counters.counts["accepted" if isNew else "repeated"] += 1
        if isNew and judged is not None and self._accepted is not None:
            entry = Entry(position, post.name, post.text, judged.isOwner, post.time)
            self._tell(self._accepted, entry)
        told.decided(Stored(position))

    def _undecided(self, reason: Failure, post: Post, source: Source, told: Told) -> None:
        self._unstored -= len(post.text)
        result = self._verdicts.failed(reason, source)
        if isinstance(result, Refusal):
            told.decided(result)
        else:
            told.unknown(result)

    def _tell(self, accepted: Accepted, entry: Entry) -> None:
        try:
            accepted(entry)
        except Exception:
            # It is stored: its sender, and those after it, have a right to hear so.
            self.log.failure("accepted, which the program gave, raised")
