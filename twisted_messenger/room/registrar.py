"""
The way of a registration into the roster: whom it is for, which address it means, what it did.
"""

import secrets
from collections.abc import Awaitable, Callable

from twisted.internet.defer import Deferred

from twisted_messenger.address import LOCAL, LOCALHOST, Source, isLocalhost, machineKey
from twisted_messenger.eventlog import EventLog
from twisted_messenger.interfaces import MessageStore
from twisted_messenger.key import ShownKey
from twisted_messenger.lease import leaseOf
from twisted_messenger.refusal import Reason, Refusal
from twisted_messenger.result import MAX_LISTED, Reply, Stored, listed
from twisted_messenger.room.lookup import TooManyLookups, mayPass
from twisted_messenger.room.policy import AdmissionPolicy
from twisted_messenger.roster import Change, Enrolled, Enrolment, MemberOptions
from twisted_messenger.wire import Departure, Registration

_SALT_BYTES = 16

#: Takes a host name and, in one word, who asks; fires with the literals of its addresses, or fails
#: with ``OSError`` where there are none, or they are not known now. One is
#: :meth:`~twisted_messenger.room.lookup.Lookup.addresses`.
Resolve = Callable[[str, str], Deferred[list[str]]]


class Registrar:
    """
    Judges registrations and departures, and puts them into the store.

    :param store: where to.
    :param policy: which addresses are welcome.
    :param events: what was done is counted and logged there.
    :param resolve: see :class:`~twisted_messenger.room.chatroom.ChatRoom`.
    :param isOwnListener: see :class:`~twisted_messenger.room.chatroom.ChatRoom`.
    :param isThisMachine: see :class:`~twisted_messenger.room.chatroom.ChatRoom`.
    """

    def __init__(
        self,
        store: MessageStore,
        policy: AdmissionPolicy,
        events: EventLog,
        resolve: Resolve | None,
        isOwnListener: Callable[[str, int], bool],
        isThisMachine: Callable[[str], bool],
    ) -> None:
        self._store = store
        self._policy = policy
        self._events = events
        self._resolve = resolve
        self._isShared = leaseOf(store).ends
        self._isOwnListener = isOwnListener
        self._isThisMachine = isThisMachine

    async def carryOut(
        self, asked: Registration | Departure, name: str, source: Source
    ) -> Enrolled | Stored | Reply | Refusal:
        """
        Do what a registration or a departure asks for, as it came over the wire.

        :param name: clean.
        """
        host, port = asked.host, asked.port
        if isinstance(asked, Departure):
            return await self.leave(name, host, port, source)
        options = asked.options
        if options is None:
            return await self.register(name, host, port, source)
        if options.who:
            return await self.who(name, host, port, source)
        key, refresh = options.key, options.refresh
        enrolled = await self.register(name, host, port, source, options.member, key, refresh)
        if isinstance(enrolled, Refusal) or not refresh:
            return enrolled
        return Reply("here" if enrolled.change is None else "joined")

    async def register(
        self,
        name: str,
        host: str,
        port: int,
        source: Source,
        options: MemberOptions | None = None,
        key: str | None = None,
        refresh: bool = False,
    ) -> Enrolled | Refusal:
        """
        Register somebody as far as the policy allows.

        :param name: clean.
        :param refresh: only ask whether it stands, and make it where it is gone.
        """
        place = await self._placeFor(name, host, port, source)
        if isinstance(place, Refusal):
            return place
        shown = None if key is None else ShownKey(key, secrets.token_bytes(_SALT_BYTES))
        asked = Enrolment(name, place, port, source.key, options, shown, refresh)
        return await self._enrol(asked, source)

    async def enrol(
        self, name: str, host: str, port: int, owner: str, options: MemberOptions | None
    ) -> Enrolled | Refusal:
        """
        Register somebody by the program's own right.

        :param name: clean.
        :param owner: the key of whose it is.
        """
        addresses = await self._addresses(host, LOCAL)
        if isinstance(addresses, Refusal):
            return addresses
        for address in addresses:
            if not self._isOwnListener(address, port):
                where = _placeOf(host, address)
                return await self._enrol(Enrolment(name, where, port, owner, options), LOCAL)
        return Refusal(Reason.OWN_PORT, f"port {port} is the server's own")

    async def leave(self, name: str, host: str, port: int, source: Source) -> Stored | Refusal:
        """
        Remove a registration, where there is one.

        :param name: clean.
        """
        # The callback policy is not asked: a member that it let in may leave.
        addresses = await self._addresses(host, source)
        if isinstance(addresses, Refusal):
            return addresses
        for address in addresses:
            left = await self._store.leave(Enrolment(name, address, port, source.key))
            if isinstance(left, Refusal):
                return left
            if left:
                self._events.counters.add("left")
                self._events.note(source, "{name} left", name=name)
        return Stored()

    async def who(self, name: str, host: str, port: int, source: Source) -> Reply | Refusal:
        """
        Say who is there. Who could register may ask.

        :param name: clean.
        """
        place = await self._placeFor(name, host, port, source)
        if isinstance(place, Refusal):
            return place
        return Reply(listed(await self._store.names(MAX_LISTED)))

    async def _enrol(self, asked: Enrolment, source: Source) -> Enrolled | Refusal:
        enrolled = await self._store.enrol(asked, self._policy.limits)
        if isinstance(enrolled, Refusal):
            return enrolled
        change = enrolled.change
        what = "stands" if change is None else change.value
        self._events.counters.add(f"registered.{what}")
        if change is not None and change is not Change.REFRESHED:
            self._events.note(
                source,
                "{name} at {host}:{port} {change}",
                name=asked.name,
                host=asked.host,
                port=asked.port,
                change=what,
            )
        return enrolled

    async def _placeFor(self, name: str, host: str, port: int, source: Source) -> str | Refusal:
        """
        Where somebody is to be pushed to, as far as the policy allows.
        """
        judging = self._policy.judgeRegistration(name, host, port, source)
        if judging is not None:
            refusal = judging if isinstance(judging, Refusal) else await _answerOf(judging)
            if refusal is not None:
                return refusal
        addresses = await self._addresses(host, source)
        if isinstance(addresses, Refusal):
            return addresses
        verdict: Refusal | None = None
        for address in addresses:
            verdict = self._judgeCallback(host, address, port, source)
            if verdict is None:
                return _placeOf(host, address)
        if verdict is None:
            return Refusal(Reason.UNRESOLVABLE, f"{host} has no address")
        return verdict

    def _judgeCallback(self, host: str, address: str, port: int, source: Source) -> Refusal | None:
        return self._policy.judgeCallback(
            host,
            address,
            port,
            source,
            ownListener=self._isOwnListener(address, port),
            thisMachine=source.sameMachine and self._isHere(address, source),
            shared=self._isShared,
        )

    def _isHere(self, address: str, source: Source) -> bool:
        # Of the address that it came from, it is known; elsewhere the kernel is asked.
        return machineKey(address) == source.machine or self._isThisMachine(address)

    async def _addresses(self, host: str, source: Source) -> list[str] | Refusal:
        meant = self._policy.callbackHost(host, source)
        if isinstance(meant, Refusal):
            return meant
        if meant is not None:
            return [meant]
        if "=" in host:
            # Nor is it looked up, or logged: where a field was left out, it is a key.
            return Refusal(Reason.MALFORMED, "a host has no =: options stand after the port")
        if self._resolve is None:
            return Refusal(Reason.UNRESOLVABLE, f"{host} is no address")
        try:
            return await self._resolve(host, source.subscriber or source.machine)
        except TooManyLookups:
            return Refusal(Reason.RATE, "too many names are being looked up")
        except OSError as error:
            why = f"{host}: {error.strerror or error}"
            return Refusal(Reason.UNRESOLVABLE, why, transient=mayPass(error))


def _answerOf(judging: Awaitable[Refusal | None]) -> "Deferred[Refusal | None]":
    # Whatever it is that the program awaits, this one may be awaited twice.
    async def answer() -> Refusal | None:
        return await judging

    return Deferred.fromCoroutine(answer())


def _placeOf(host: str, address: str) -> str:
    return LOCALHOST if isLocalhost(host) else address
