"""
Parts that are wrong on purpose: a simulation that does not catch them proves nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.protocol import ClientCreator, Protocol
from twisted.python.failure import Failure

from tests.pushers import DeferredPusher
from tests.simulation.disk import Disk
from tests.simulation.parts import Parts, holding
from twisted_messenger.backoff import RetryPolicy
from twisted_messenger.delivery.broadcaster import Broadcaster
from twisted_messenger.delivery.recipient import Recipient
from twisted_messenger.delivery.slots import Window
from twisted_messenger.entry import Entry
from twisted_messenger.incoming.connection import ReceiptProtocol
from twisted_messenger.incoming.gathering import Gathering
from twisted_messenger.incoming.limits import SenderLimits
from twisted_messenger.incoming.receipt import ReceiptFactory
from twisted_messenger.interfaces import MessageStore
from twisted_messenger.key import KeptKey, ShownKey
from twisted_messenger.lease import Lease
from twisted_messenger.push.creator import PushCreator
from twisted_messenger.push.general import CONNECT_TIMEOUT
from twisted_messenger.push.interfaces import Attempt, Outcome, Pusher, PushResult
from twisted_messenger.push.protocol import PushProtocol
from twisted_messenger.refusal import Refusal
from twisted_messenger.roster import (
    Enrolled,
    Enrolment,
    Member,
    MemberOptions,
    MemberState,
    Progress,
    RosterLimits,
    RosterNews,
)
from twisted_messenger.stores.sqlite.store import SQLiteStore
from twisted_messenger.subscription import Listener, Subscription

# Seconds in which nobody speaks, for who waits for a pause.
_HESITATION = 0.5

# Commits that a disk which is never told to flush may lose.
_LAZY_COMMITS = 4


class HurlingPusher(DeferredPusher):
    """
    Writes, closes, and takes that for a confirmation.
    """

    def __init__(self, reactor: Any) -> None:
        self._creator = ClientCreator(reactor, Protocol)

    def push(
        self, host: str, port: int, payload: bytes, connectTimeout: float | None = None
    ) -> "Deferred[PushResult]":
        """
        See :class:`~twisted_messenger.push.interfaces.Pusher`.
        """

        def hurl(protocol: Any) -> PushResult:
            protocol.transport.write(payload)
            protocol.transport.loseConnection()
            return PushResult(Outcome.CONFIRMED, connected=True)

        def failed(reason: Failure) -> PushResult:
            return PushResult(Outcome.FAILED)

        timeout = connectTimeout or CONNECT_TIMEOUT
        attempt: Deferred[Any] = self._creator.connectTCP(host, port, timeout=timeout)
        return attempt.addCallbacks(hurl, failed)


class Mistaken(PushCreator):
    """
    Takes one end of a push for another.
    """

    mistakes: Mapping[Outcome, Outcome]

    def begin(
        self,
        host: str,
        port: int,
        payload: bytes,
        settled: Callable[[PushResult], object],
        *rest: Any,
        **options: Any,
    ) -> Attempt:
        """
        See :class:`~twisted_messenger.push.interfaces.Pusher`.
        """

        def mistaken(result: PushResult) -> None:
            outcome = self.mistakes.get(result.outcome, result.outcome)
            settled(replace(result, outcome=outcome))

        return super().begin(host, port, payload, mistaken, *rest, **options)


class DeafPusher(Mistaken):
    """
    Takes every close for a confirmation, whatever the member says.
    """

    mistakes = {Outcome.DEFERRED: Outcome.CONFIRMED}


class StubbornPusher(Mistaken):
    """
    Tries again what a member will not have.
    """

    mistakes = {Outcome.REJECTED: Outcome.DEFERRED}


class BlamingPusher(Mistaken):
    """
    Takes it for a member's fault that no way leads to it.
    """

    mistakes = {Outcome.EXHAUSTED: Outcome.FAILED}


class BelievingPusher(PushCreator):
    """
    Takes it for granted that what was sent has been acknowledged.
    """

    def _protocol(self, *arguments: Any) -> PushProtocol:
        protocol = super()._protocol(*arguments)
        vars(protocol)["_isAcknowledged"] = lambda: True
        return protocol


class PersistentPusher(PushCreator):
    """
    Never gives a push up.
    """

    def begin(self, *rest: Any, **options: Any) -> Attempt:
        """
        See :class:`~twisted_messenger.push.interfaces.Pusher`.
        """
        return _Persistent(super().begin(*rest, **options))


class _Persistent:
    def __init__(self, attempt: Attempt) -> None:
        self.recall = attempt.recall

    def cancel(self) -> None:
        pass


class Forgetting(Broadcaster):
    """
    Does not know, when two members become one, what is under way to them.
    """

    def rosterChanged(self, news: RosterNews) -> None:
        """
        See :class:`Broadcaster`.
        """
        super().rosterChanged(replace(news, members=()))
        super().rosterChanged(replace(news, departed=()))


class Gullible(SQLiteStore):
    """
    Takes any key for the right one.
    """

    def enrol(self, asked: Enrolment, limits: RosterLimits) -> "Deferred[Enrolled | Refusal]":
        """
        See :class:`~twisted_messenger.interfaces.IMessageStore`.
        """
        key = asked.key and _MasterKey(asked.key.secret, asked.key.salt)
        return super().enrol(replace(asked, key=key), limits)


class _MasterKey(ShownKey):
    def opens(self, key: KeptKey) -> bool:
        return True


class WordlessPusher(PushCreator):
    """
    Takes a close for a confirmation, also where a word was asked for.
    """

    def begin(self, *rest: Any, **options: Any) -> Attempt:
        """
        See :class:`~twisted_messenger.push.interfaces.Pusher`.
        """
        return super().begin(*rest, **{**options, "ack": False})


class Formless(SQLiteStore):
    """
    Forgets how members want their pushes.
    """

    def enrol(self, asked: Enrolment, limits: RosterLimits) -> "Deferred[Enrolled | Refusal]":
        """
        See :class:`~twisted_messenger.interfaces.IMessageStore`.
        """
        history = 0 if asked.options is None else asked.options.history
        return super().enrol(replace(asked, options=MemberOptions(history=history)), limits)


class Pastless(Broadcaster):
    """
    Lets who has come begin when it first hears of them.
    """

    def rosterChanged(self, news: RosterNews) -> None:
        """
        See :class:`Broadcaster`.
        """
        members = [_atHead(one, news.head) for one in news.members]
        super().rosterChanged(replace(news, members=members))


def _atHead(state: MemberState, head: int) -> MemberState:
    if state.progress.cursor != state.named:
        return state
    return replace(state, progress=replace(state.progress, cursor=head))


class Hesitant(Broadcaster):
    """
    Lets members go on when nobody has said anything for a while.
    """

    _waiting: IDelayedCall | None = None

    def caughtUp(self) -> None:
        """
        See :class:`Broadcaster`.
        """
        if self._waiting is not None and self._waiting.active():
            self._waiting.cancel()
        self._waiting = self._reactor.callLater(_HESITATION, super().caughtUp)


class Impartial(Broadcaster):
    """
    Has the same places for members that hang and for those that nobody knows yet.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        slots = self._shared.slots
        slots.suspects = _SharedByAll(max(1, self.limits.maxPushes // 4))


class _SharedByAll(Window[Recipient]):
    def enter(self, who: Recipient, source: str | None = None, hangs: bool = False) -> bool:
        return super().enter(who)

    def withdraw(self, who: Recipient, source: str | None = None, hangs: bool = False) -> None:
        super().withdraw(who)

    def leave(self, source: str | None = None, hangs: bool = False) -> None:
        super().leave()


class Forgiving(SQLiteStore):
    """
    Does not keep since when members fail.
    """

    def advance(self, progress: Mapping[int, Progress]) -> "Deferred[None]":
        """
        See :class:`~twisted_messenger.interfaces.IMessageStore`.
        """
        calm = {id: replace(one, failingSince=None, attempts=0) for id, one in progress.items()}
        return super().advance(calm)


class Timeless(SQLiteStore):
    """
    Does not say that it goes on from an older copy.
    """

    def roster(self, since: int) -> "Deferred[RosterNews]":
        """
        See :class:`~twisted_messenger.interfaces.IMessageStore`.
        """
        return super().roster(since).addCallback(replace, generation=0)


class NewestFirst(Broadcaster):
    """
    Pops the newest message first, as the tutorial does.
    """

    def entriesRead(self, entries: list[Entry]) -> None:
        """
        See :class:`Broadcaster`.
        """
        turned = [
            new._replace(position=old.position) for new, old in zip(reversed(entries), entries)
        ]
        super().entriesRead(turned)


class CursorFirst(SQLiteStore):
    """
    Writes that a member has what is pushed to it next.
    """

    def advance(self, progress: Mapping[int, Progress]) -> "Deferred[None]":
        """
        See :class:`~twisted_messenger.interfaces.IMessageStore`.
        """
        early = {id: replace(one, cursor=one.cursor + 1) for id, one in progress.items()}
        return super().advance(early)


class Doubling(Broadcaster):
    """
    Makes two connections for each push.
    """

    def __init__(self, store: MessageStore, pusher: Pusher, *rest: Any, **options: Any) -> None:
        super().__init__(store, _Twice(pusher), *rest, **options)


class _Twice:
    def __init__(self, pusher: Pusher) -> None:
        self._pusher = pusher

    def begin(
        self,
        host: str,
        port: int,
        payload: bytes,
        settled: Callable[[PushResult], object],
        connectTimeout: float | None = None,
        lease: Lease | None = None,
        ack: bool = False,
        held: Callable[[], object] | None = None,
        source: str = "",
        *,
        entry: Entry | None,
        member: Member,
    ) -> Attempt:
        begin = partial(self._pusher.begin, host, port, payload, entry=entry, member=member)
        begin(lambda _: None, connectTimeout)
        return begin(settled, connectTimeout)


class Forgetful(SQLiteStore):
    """
    Never writes a cursor.
    """

    def advance(self, progress: Mapping[int, Progress]) -> "Deferred[None]":
        """
        See :class:`~twisted_messenger.interfaces.IMessageStore`.
        """
        return succeed(None)


class Echoing(Broadcaster):
    """
    Gives members what they said themselves.
    """

    def entriesRead(self, entries: Sequence[Entry]) -> None:
        """
        See :class:`Broadcaster`.
        """
        # The name is another one only when it is compared.
        super().entriesRead([entry._replace(name=_Nobody(entry.name)) for entry in entries])


class _Nobody(str):
    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return False

    def __ne__(self, other: object) -> bool:
        return True

    __hash__ = str.__hash__


class _HastyProtocol(ReceiptProtocol):
    def _endMessage(self, message: Any, rest: Gathering) -> None:
        self._answer(None)
        super()._endMessage(message, rest)


class Careless(Broadcaster):
    """
    Takes it for done when a listener has raised.
    """

    def subscribe(
        self, name: str, listener: Listener, after: int | None
    ) -> "Deferred[Subscription]":
        """
        See :class:`Broadcaster`.
        """

        async def heard(entry: Entry) -> None:
            with suppress(Exception):
                answer = listener(entry)
                if answer is not None:
                    await answer

        return super().subscribe(name, heard, after)


class Restless(Broadcaster):
    """
    Does not wait for what a listener does.
    """

    def subscribe(
        self, name: str, listener: Listener, after: int | None
    ) -> "Deferred[Subscription]":
        """
        See :class:`Broadcaster`.
        """

        def heard(entry: Entry) -> None:
            listener(entry)

        return super().subscribe(name, heard, after)


class Onward(SQLiteStore):
    """
    Lets no listener go back.
    """

    def enrol(self, asked: Enrolment, limits: RosterLimits) -> "Deferred[Enrolled | Refusal]":
        """
        See :class:`~twisted_messenger.interfaces.IMessageStore`.
        """
        return super().enrol(replace(asked, after=None), limits)


class HastyReceipts(ReceiptFactory):
    """
    Answers before anything is stored.
    """

    protocol = _HastyProtocol


class _WrongLimits(SenderLimits):
    def answerTo(self, outcome: Any) -> bytes | None:
        line = super().answerTo(outcome)
        return line and line.replace(b"+ ", b"+ 1")


class WrongReceipts(ReceiptFactory):
    """
    Tells positions that are none.
    """

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.limits = _WrongLimits(**vars(self.limits))


class _DeafProtocol(ReceiptProtocol):
    def dataReceived(self, data: bytes) -> None:
        if not self._isAnswered():
            super().dataReceived(data)


class OneMessage(ReceiptFactory):
    """
    Throws away what comes after the first message of a connection.
    """

    protocol = _DeafProtocol


class LazyDisk(Disk):
    """
    Keeps the last commits in a cache that a crash takes away.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self._flushed = self._empty()
        self._commits = 0

    def committed(self) -> None:
        """
        See :class:`Disk`.
        """
        self._commits += 1
        if self._commits % _LAZY_COMMITS == 1:
            self.database.backup(self._flushed)

    def crashed(self) -> None:
        """
        See :class:`Disk`.
        """
        self._flushed.backup(self.database)


def _impatient(jitter: object) -> RetryPolicy:
    return lambda failures: 0.05


#: By name, as the script takes it.
MUTANTS: Mapping[str, Parts] = {
    "loseConnection": Parts(pusher=HurlingPusher),
    "lifo": Parts(broadcaster=NewestFirst),
    "cursor-early": Parts(store=CursorFirst),
    "no-fsync": Parts(disk=LazyDisk),
    "cursor-never": Parts(store=Forgetful),
    "early-receipt": Parts(receipts=HastyReceipts),
    "echo": Parts(broadcaster=Echoing),
    "double": Parts(broadcaster=Doubling),
    "not-now-is-yes": Parts(pusher=holding(DeafPusher)),
    "no-is-not-now": Parts(pusher=holding(StubbornPusher)),
    "sent-is-acknowledged": Parts(pusher=holding(BelievingPusher)),
    "never-held": Parts(pusher=partial(PushCreator, holdTimeout=0.0)),
    "no-way-blames": Parts(pusher=holding(BlamingPusher)),
    "moves-unseen": Parts(pusher=holding(PersistentPusher)),
    "merges-forget": Parts(broadcaster=Forgetting),
    "any-key": Parts(store=Gullible),
    "ack-ignored": Parts(pusher=holding(WordlessPusher)),
    "options-forgotten": Parts(store=Formless),
    "no-history": Parts(broadcaster=Pastless),
    "raised-is-done": Parts(broadcaster=Careless),
    "work-is-done": Parts(broadcaster=Restless),
    "never-back": Parts(store=Onward),
    "wrong-receipt": Parts(receipts=WrongReceipts),
    "one-message": Parts(receipts=OneMessage),
    "waits-for-pauses": Parts(broadcaster=Hesitant),
    "hanging-first": Parts(broadcaster=Impartial),
    "failures-forgotten": Parts(store=Forgiving),
    "copies-unnoticed": Parts(store=Timeless),
    "impatient": Parts(retry=_impatient),
}
