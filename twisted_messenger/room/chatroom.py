"""
The room: the one way in for TCP, for other front ends and for embedding programs.

Every method judges first (names, policy, and inside the store's transaction the roster), then
hands over to the store. Nothing here knows how messages come in or go out.
"""

import time
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any, TypeVar

from twisted.internet.defer import Deferred, fail, succeed

from twisted_messenger.address import LOCAL, Source
from twisted_messenger.deliveries import Deliveries
from twisted_messenger.entry import Entry
from twisted_messenger.errors import StoreClosed
from twisted_messenger.eventlog import EventLog
from twisted_messenger.interfaces import MessageStore
from twisted_messenger.key import WHAT_A_KEY_IS, isKey
from twisted_messenger.lease import leaseOf
from twisted_messenger.names import BadName, cleanName
from twisted_messenger.rates import BYTE_BURST, BYTE_RATE, RateLimit
from twisted_messenger.refusal import Reason, Refusal
from twisted_messenger.repeats import MAX_REPEAT_KEY
from twisted_messenger.result import Reply, Stored
from twisted_messenger.room.hooks import Accepted, Admit
from twisted_messenger.room.members import Members
from twisted_messenger.room.policy import AdmissionPolicy
from twisted_messenger.room.posting import Posting
from twisted_messenger.room.registrar import Registrar, Resolve
from twisted_messenger.room.verdicts import STOPPING, Callbacks, Told, Verdicts
from twisted_messenger.roster import Enrolled, MemberOptions
from twisted_messenger.steering import MemberStatus, Order
from twisted_messenger.subscription import Listener, Subscription
from twisted_messenger.wire import Command, RoomMessage

#: Bytes of texts that are read from the log at once.
MAX_HISTORY_BYTES = 4 * 1024 * 1024

#: What becomes of a message.
Taken = Stored | Enrolled | Reply | Refusal

T = TypeVar("T")


def _nowhere(host: str, port: int) -> bool:
    return False


def _unknown(host: str) -> bool:
    return False


def _over(rate: str) -> Refusal:
    return Refusal(Reason.RATE, f"more than {rate} a second from your address")


def _mustBeRepeatKey(key: str | None) -> None:
    if key is not None and not 0 < len(key) <= MAX_REPEAT_KEY:
        raise ValueError(f"a key has 1 to {MAX_REPEAT_KEY} characters")


class ChatRoom:
    """
    Admits registrations and messages and puts them into the store.

    :param store: open.
    :param policy: the rules of admission.
    :param resolve: finds the addresses of a callback host that is given by name; ``None`` to
        refuse names.
    :param refusals: every refusal is counted and logged there.
    :param rates: how many messages each source may send; loopback is exempt.
    :param byteRates: how many bytes of messages.
    :param clock: seconds since the epoch; stamps messages.
    :param steady: seconds that nobody sets, for the rates.
    :param isOwnListener: whether the server itself listens at an address and a port. Where a
        registration came in is known without being asked.
    :param isThisMachine: whether an address literal is one of this machine's. Who is on it may
        register any of them.
    :param home: this machine, in one word. In a store that nodes share, its loopback is another
        owner than that of other machines.
    :param admit: sees each message before the store, from the wire and from the program, and says
        what becomes of it: the message, another text under the same name, or a refusal; now or
        later. The messages of one source keep their order, however long it takes. Where it raises,
        the sender is reset, or the program's Deferred fails. Who may speak under the name is judged
        after it, in the store.
    :param accepted: is told of every message that this room has stored, announcements too, in their
        order and before their senders. What it raises is logged, and harms nobody.
    :param deliveries: the Broadcaster of the store, where it is put together with the room: what
        needs one waits until that runs. Without it, one must run already.
    """

    def __init__(
        self,
        store: MessageStore,
        policy: AdmissionPolicy | None = None,
        resolve: Resolve | None = None,
        refusals: EventLog | None = None,
        rates: RateLimit | None = None,
        byteRates: RateLimit | None = None,
        clock: Callable[[], float] = time.time,
        steady: Callable[[], float] = time.monotonic,
        isOwnListener: Callable[[str, int], bool] = _nowhere,
        isThisMachine: Callable[[str], bool] = _unknown,
        home: str = "",
        admit: Admit | None = None,
        accepted: Accepted | None = None,
        deliveries: Deliveries | None = None,
    ) -> None:
        self._store = store
        self.policy = policy or AdmissionPolicy()
        self.refusals = refusals or EventLog()
        self.counters = self.refusals.counters
        self._rates = RateLimit() if rates is None else rates
        self._byteRates = RateLimit(BYTE_RATE, BYTE_BURST) if byteRates is None else byteRates
        self._registrar = Registrar(
            store, self.policy, self.refusals, resolve, isOwnListener, isThisMachine
        )
        self._verdicts = Verdicts(self.refusals)
        self._posting = Posting(
            store, self.policy, self._verdicts, self.counters, clock, admit, accepted
        )
        self._members = Members(store, self.refusals, self.policy.serverName, clock, deliveries)
        self._steady = steady
        # A store whose lease can end has other nodes.
        self._home = home if leaseOf(store).ends else ""
        self._closed = False

    def open(self) -> None:
        """
        Take messages, as a new room does, after a :meth:`close`.
        """
        self._closed = False

    def close(self) -> None:
        """
        Refuse everything from now on; senders may try again later.
        """
        self._closed = True

    def take(self, command: Command, source: Source = LOCAL) -> "Deferred[Taken]":
        """
        Carry out what a message asks for.

        :param command: from :func:`twisted_messenger.wire.parse`.
        :returns: as :meth:`register`, :meth:`leave` or :meth:`post`.
        """
        taken: Deferred[Taken] = Deferred()
        self.hear(command, source, Callbacks(taken.callback, taken.errback))
        return taken

    def hear(self, command: Command, source: Source, told: Told, key: str | None = None) -> None:
        """
        As :meth:`take`, for who has a Deferred of its own.

        :param told: hears of the outcome.
        :param key: of a message, see :meth:`post`.
        """
        name = self._name(command.name)
        if isinstance(name, Refusal):
            told.decided(self.refusals.refused(name, source))
            return
        placed = self._placed(source) if self._home else source
        if isinstance(command, RoomMessage):
            self._posting.say(name, command.text, placed, told, key)
        else:
            work = self._registrar.carryOut(command, name, placed)
            self._verdicts.carryOut(work, source, told)

    def register(
        self,
        name: str,
        host: str,
        port: int,
        source: Source = LOCAL,
        options: MemberOptions | None = None,
        *,
        key: str | None = None,
    ) -> "Deferred[Enrolled | Refusal]":
        """
        Put a member into the roster, or refresh, move or rename one.

        :param host: an address, a name, ``localhost``, or empty for the source's own address.
        :param port: 1 to 65535.
        :param options: how it wants its pushes; ``None`` leaves that as it is.
        :param key: 8 to 128 printable characters, none a comma or a ``|``; from now on only who
            shows it may move the name.
        :returns: fires with what it did once that is durable, or with the refusal.
        :raises ValueError: that can be no key.
        """
        if key is not None and not isKey(key):
            raise ValueError(f"a key has {WHAT_A_KEY_IS}")
        return self._named(
            name,
            source,
            lambda name, source: self._registrar.register(name, host, port, source, options, key),
        )

    def enrol(
        self,
        name: str,
        host: str,
        port: int,
        *,
        owner: Source | None = None,
        options: MemberOptions | None = None,
    ) -> "Deferred[Enrolled | Refusal]":
        """
        Put a member into the roster by the program's own right: no policy is asked, and any address
        is welcome but the server's own ports.

        :param host: an address, a name, or ``localhost``.
        :param owner: whose the name is from now on; ``None`` for the program's own, which nobody on
            the wire can speak under, move or remove.
        :returns: as :meth:`register`.
        """
        key = self._placed(owner or LOCAL).key
        return self._named(
            name, LOCAL, lambda name, _: self._registrar.enrol(name, host, port, key, options)
        )

    def leave(
        self, name: str, host: str, port: int, source: Source = LOCAL
    ) -> "Deferred[Stored | Refusal]":
        """
        Remove a member. One that is not there is no error.

        :returns: fires with :class:`~twisted_messenger.result.Stored` once it is durable, or with
            the refusal.
        """
        return self._named(
            name, source, lambda name, source: self._registrar.leave(name, host, port, source)
        )

    def post(
        self, name: str, text: str, source: Source = LOCAL, *, key: str | None = None
    ) -> "Deferred[Stored | Refusal]":
        """
        Say something to every other member.

        Messages enter the log in the order of these calls.

        :param key: 1 to 255 characters, by which the message is known when it comes again, since
            nobody knew what became of it: with the same name, source and text it is stored once,
            and its place is told each time; with another text it is refused. It is kept for a day.
        :returns: fires with its place in the log once it is durable, or with the refusal; fails
            with :class:`~twisted_messenger.errors.StoreUncertain` where that is not known.
        :raises ValueError: that can be no key.
        """
        _mustBeRepeatKey(key)
        stored: Deferred[Stored | Refusal] = Deferred()
        told = Callbacks(stored.callback, stored.errback)
        self.hear(RoomMessage(name, text), source, told, key)
        return stored

    def announce(self, text: str, *, key: str | None = None) -> "Deferred[Stored | Refusal]":
        """
        Say something to every member, as the server itself; ``admit`` is not asked.

        :param key: as for :meth:`post`.
        :returns: as :meth:`post`.
        :raises ValueError: that can be no key.
        """
        _mustBeRepeatKey(key)
        if self._closed:
            return succeed(self.refusals.refused(STOPPING, LOCAL))
        stored: Deferred[Stored | Refusal] = Deferred()
        self._posting.announce(text, Callbacks(stored.callback, stored.errback), key)
        return stored

    def probe(self) -> "Deferred[None]":
        """
        Find out whether a message would be stored now; none is.

        :returns: fires where it would; fails with :class:`~twisted_messenger.errors.StoreError`
            where it would not.
        """
        return (
            fail(StoreClosed()) if self._closed else Deferred.fromCoroutine(self._posting.probe())
        )

    def history(
        self,
        after: int = 0,
        limit: int = 100,
        *,
        last: int | None = None,
        maxBytes: int = MAX_HISTORY_BYTES,
    ) -> "Deferred[list[Entry]]":
        """
        Read what was said, as far as the log still has it; see
        :class:`~twisted_messenger.entry.LogLimits`::

            for entry in await room.history(last=20):
                print(f"{entry.name}: {entry.text}")

        Whoever goes on after the position of the last one it got reads everything, in pages: until
        there is none.

        :param after: a position; 0 for the oldest that are there.
        :param limit: how many at most, 1 or more.
        :param last: in place of both: the newest, so many at most.
        :param maxBytes: of text, at most, but one message at least where there is one.
        :returns: fires with them, oldest first; fails with
            :class:`~twisted_messenger.errors.StoreError` where the store does not answer.
        :raises ValueError: a number is too small.
        """
        if min(after, (limit if last is None else last) - 1) < 0:
            raise ValueError("history: give a position, and how many messages, 1 or more")
        if last is not None:
            return self._store.newest(last, maxBytes)
        return self._store.history(after, limit, maxBytes)

    def subscribe(
        self, name: str, listener: Listener, *, after: int | None = None
    ) -> "Deferred[Subscription]":
        """
        Have a function of the program hear what is said, as a member with a name and a place in the
        log::

            async def built(entry):
                await archive.write(entry.position, entry.name, entry.text)

            subscription = await room.subscribe("archive", built)

        It does not hear what is said under its own name. It hears everything else in order, the
        next message when the last is done; if it raises, the same one again, after a wait that
        grows to 60 s at most. Nothing is skipped, and it is not given up. What the log drops
        meanwhile is counted in :attr:`Subscription.missed`.

        Its place is stored: who subscribes under the name after a crash goes on there, and hears
        again what was done in the last tenth of a second before it, or not done yet. The name is
        the program's: nobody on the wire can take it or speak under it. A subscription goes on when
        the room is stopped and started again.

        :param name: of the member.
        :param listener: is called with one entry after the other, and may return something to wait
            for. A stop waits for it as for any push, then cancels it.
        :param after: the position after which it begins, if the log still has what follows, also
            where the name has a place already. ``None`` goes on at that place, or begins now.
        :returns: fires once the place is stored, after the start at the latest; fails with
            ``ValueError`` where the name is none, is somebody's or has a subscription already, with
            ``RuntimeError`` where no Broadcaster pushes the store's log, and with
            :class:`~twisted_messenger.errors.StoreError` where the store does not answer. Where
            nodes share the store and another one has the name's place, it waits until that is gone.
        """
        return Deferred.fromCoroutine(self._members.subscribe(name, listener, after))

    def members(self) -> "Deferred[list[MemberStatus]]":
        """
        Say how every member is, on whichever node::

            for member in await room.members():
                print(f"{member.name}: {member.state}, {member.behind} messages behind")

        :returns: fires with them in the order in which they joined; fails with ``RuntimeError``
            where no Broadcaster pushes the store's log, and with
            :class:`~twisted_messenger.errors.StoreError` where the store does not answer.
        """
        return Deferred.fromCoroutine(self._members.statuses())

    def remove(self, name: str) -> "Deferred[bool]":
        """
        Remove a member, and with it all that waits for it, whoever registered it::

            if not await room.remove("ann"):
                print("there is no ann")

        Nothing more is pushed to it but what is under way. It may register again: a name or an
        address that must stay away is for the policy.

        :returns: fires with whether there was such a member, once it is durable; fails as
            :meth:`members` does, but needs no Broadcaster.
        """
        return self._steer(name, Order.REMOVE)

    def retry(self, name: str) -> "Deferred[bool]":
        """
        Try a member at once, where it waits after a failure; how long it has failed still counts::

            await room.retry("ann")

        :returns: fires with whether there is such a member; fails as :meth:`members` does.
        """
        return self._steer(name, Order.RETRY)

    def pause(self, name: str) -> "Deferred[bool]":
        """
        Push nothing more to a member, and do not give it up::

            await room.pause("ann")

        A push under way ends first. The pause survives restarts, and lasts until :meth:`resume`,
        whatever the member says or registers; only one that leaves, and joins again, is another
        member. What is said meanwhile waits within the limits of the log.

        :returns: fires with whether there is such a member, once it is durable; fails as
            :meth:`members` does.
        """
        return self._steer(name, Order.PAUSE)

    def resume(self, name: str) -> "Deferred[bool]":
        """
        End a pause: a member gets what it missed, as if nothing had failed before::

            await room.resume("ann")

        :returns: fires as :meth:`pause` does.
        """
        return self._steer(name, Order.RESUME)

    def _steer(self, name: str, order: Order) -> "Deferred[bool]":
        return Deferred.fromCoroutine(self._members.steer(name, order))

    def refuse(self, refusal: Refusal, source: Source) -> None:
        """
        Count and log a refusal that was decided elsewhere.
        """
        self.refusals.refused(refusal, source)

    def _named(
        self, name: str, source: Source, work: Callable[[str, Source], Coroutine[Any, Any, T]]
    ) -> "Deferred[T | Refusal]":
        """
        Do something for who has a name, if that can be one.

        :param work: is given the clean name, and the source as the store is to know it.
        """
        cleaned = self._name(name)
        if isinstance(cleaned, Refusal):
            return succeed(self.refusals.refused(cleaned, source))
        working = Deferred.fromCoroutine(work(cleaned, self._placed(source)))
        return self._verdicts.on(working, source)

    def _placed(self, source: Source) -> Source:
        return replace(source, home=self._home) if self._home else source

    def charge(self, source: Source, size: int = 1) -> Refusal | None:
        """
        Count a message against its source's rates.

        A receiver of bytes calls it once for each message, before it looks at them.

        :param size: of the message, in bytes.
        :returns: why the message must be thrown away; ``None`` where it may be taken.
        """
        subscriber = source.subscriber
        if subscriber is None:
            return None
        now = self._steady()
        if not self._rates.take(subscriber, now):
            return _over(f"{self._rates.rate:g} messages")
        if not self._byteRates.take(subscriber, now, max(1, size)):
            return _over(f"{self._byteRates.rate:g} bytes")
        return None

    def _name(self, name: str) -> str | Refusal:
        if self._closed:
            return STOPPING
        try:
            return cleanName(name, self.policy.serverName)
        except BadName as problem:
            return Refusal(Reason.BAD_NAME, str(problem))
