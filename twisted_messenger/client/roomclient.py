"""
A program in a room: it speaks under a name, and hears the others.
"""

from collections.abc import Callable, Iterable
from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred, succeed
from twisted.logger import Logger

from twisted_messenger.address import Source
from twisted_messenger.client.membership import Membership
from twisted_messenger.client.receiving import ReceiverService
from twisted_messenger.client.serveraddresses import ServerAddresses
from twisted_messenger.errors import StartError
from twisted_messenger.eventlog import Counters, EventLog
from twisted_messenger.heard import Heard
from twisted_messenger.hostport import BadAddress, addressText, readAddress
from twisted_messenger.incoming.descriptions import everywhere, familiesHere
from twisted_messenger.incoming.receiver import PeerReceiverFactory, Taken
from twisted_messenger.key import WHAT_A_KEY_IS, isKey
from twisted_messenger.names import cleanName
from twisted_messenger.peer.outbox import Outbox
from twisted_messenger.peer.ownmessage import MAX_WAITING, Fate, State
from twisted_messenger.push.creator import PushCreator
from twisted_messenger.refusal import MAX_DETAIL, Reason, Refusal
from twisted_messenger.result import Unknown
from twisted_messenger.room.lookup import Lookup
from twisted_messenger.roster import PLAIN, Enrolled, MemberOptions
from twisted_messenger.said import Said, readReceipt
from twisted_messenger.shutdown import PATIENCE
from twisted_messenger.text import escapeLine
from twisted_messenger.wire import formatRoomMessage

#: Seconds that a server has to answer; then nobody knows.
ANSWER_TIMEOUT = 30.0

_ANY_PORT = "tcp:0"


class RoomClient(Service):
    """
    Speaks in a room, and hears what the others say::

        async def heard(message):
            if message.text == "ping":
                await client.say(f"pong, {message.name}")

        client = RoomClient(reactor, "localhost:8880", "bot", heard)
        client.startService()
        client.say("I am here")

    It can be started again after a stop: what waits goes then, and the name is registered anew,
    so that the server pushes what was missed. A stop does not leave the room.

    :param reactor: connects, listens, and measures time.
    :param server: ``HOST:PORT`` or ``[::1]:PORT``.
    :param name: under which to speak.
    :param heard: called with each :class:`~twisted_messenger.heard.Heard`, in order, the next one
        when it is done with the last; what it returns and raises means what it means to
        :func:`~twisted_messenger.client.receiving.receive`. Without it nothing is registered, and
        nothing listens.
    :param listen: where pushes arrive: an endpoint's description; by default any free port, of
        IPv4 and IPv6.
    :param callback: ``HOST:PORT`` for the server to push to, where that is another address than
        the one we come from and listen at.
    :param key: 8 to 128 printable characters, none a comma or a ``|``, that take the name back from
        any other address.
    :param options: how the pushes shall be.
    :param trust: addresses and networks (``10.0.0.0/8``) that may push besides the server's own.
    :raises ValueError: an argument is not what it should be; the text says which.
    """

    log = Logger()

    def __init__(
        self,
        reactor: Any,
        server: str,
        name: str,
        heard: Callable[[Heard], Taken] | None = None,
        *,
        listen: str = _ANY_PORT,
        callback: str | None = None,
        key: str | None = None,
        options: MemberOptions = PLAIN,
        trust: Iterable[str] = (),
    ) -> None:
        if key is not None and not isKey(key):
            raise ValueError(f"key: give {WHAT_A_KEY_IS}")
        host, port = _address("server", server)
        #: What happened to pushes: those of ``strangers``, for one, were reset.
        self.counters = Counters()
        self._events = EventLog(self.counters)
        self._reactor = reactor
        self._room = addressText(host, port)
        self._name = cleanName(name)
        self._heard = heard
        self._callback = None if callback is None else _address("callback", callback)
        pusher = PushCreator(reactor, pushTimeout=ANSWER_TIMEOUT)
        self._outbox = Outbox(
            pusher,
            reactor,
            host,
            port,
            self._room,
            self._notice,
            returned=self._returned,
            patient=True,
        )
        self._outbox.pause()
        self._membership = Membership(reactor, self._outbox, self._name, key, options)
        lookup = Lookup(reactor)
        self._server = ServerAddresses(
            reactor, host, trust, lambda name: lookup.addresses(name, self._room)
        )
        where = everywhere(0, familiesHere())[0] if listen == _ANY_PORT else listen
        factory = PeerReceiverFactory(self._received, ack=options.ack, welcome=self._isWelcome)
        self._receiver = ReceiverService(reactor, where, factory, self._events)

    @property
    def address(self) -> Any:
        """
        Where pushes arrive, an ``IAddress``; ``None`` while nothing listens.
        """
        return self._receiver.address

    @property
    def joined(self) -> "Deferred[Enrolled | Refusal]":
        """
        A Deferred, a new one each time, that fires with the server's answer to the registration of
        the present start, or of the next one.

        :raises RuntimeError: there is no ``heard``, so nothing is registered.
        """
        self._needHeard()
        return self._membership.joined

    def startService(self) -> None:
        """
        Listen, register, and say what waits.

        :raises StartError: the port cannot be used.
        """
        if self._heard is not None:
            self._receiver.startService()
            self._server.lookUp()
            self._membership.begin(*self._callbackAddress())
        super().startService()
        self._outbox.resume()

    def stopService(self) -> "Deferred[None]":
        """
        Hear nothing more, and keep what is not said; the name stays registered.

        :returns: fires when what was under way, in both directions, is answered, or given up after
            some seconds.
        """
        super().stopService()
        return Deferred.fromCoroutine(self._stop())

    async def _stop(self) -> None:
        self._membership.end()
        if self._receiver.running:
            # What a callback still says goes out.
            await self._receiver.stopService()
        giveUp = self._reactor.callLater(PATIENCE, self._outbox.giveUp)
        await self._outbox.pause()
        if giveUp.active():
            giveUp.cancel()

    def say(self, text: str) -> "Deferred[Said]":
        """
        Say something to the room, after all that was said before.

        It waits for the start, and while the server is away or says "not now" (``~``)::

            result = await client.say("build 7 is green")
            if not result.stored:
                print(result)

        :returns: fires with :class:`~twisted_messenger.result.Stored`, a
            :class:`~twisted_messenger.refusal.Refusal`, or
            :class:`~twisted_messenger.result.Unknown` where the message may have arrived: the
            connection broke after its last byte, and it is never sent again. It never fails, unless
            it is cancelled: then the message is taken back if it is not under way. When 10,000
            wait, it is ``Refusal("too_many")``.
        """
        if len(self._outbox) >= MAX_WAITING:
            return succeed(Refusal("too_many", f"{MAX_WAITING} messages wait already"))
        message = formatRoomMessage(self._name, text)
        return self._outbox.send(lambda: message, mayDouble=False).addCallback(_said)

    def leave(self) -> "Deferred[Said]":
        """
        Leave the room, after all that was said before: what is said there is heard no more.

        :returns: fires when the server has answered.
        :raises RuntimeError: it does not run, or nothing is registered without ``heard``.
        """
        self._needHeard()
        if not self.running:
            raise RuntimeError("a RoomClient leaves while it runs: start it first")
        return self._membership.leave().addCallback(_said)

    def _needHeard(self) -> None:
        if self._heard is None:
            raise RuntimeError("without heard, a RoomClient is not registered")

    def _callbackAddress(self) -> tuple[str, int]:
        if self._callback is not None:
            return self._callback
        port = getattr(self.address, "port", None)
        if port is None:
            self._receiver.stopService()
            raise StartError("where it listens is no port: give callback=HOST:PORT")
        return "0.0.0.0", port

    def _returned(self, restarted: bool) -> None:
        self._membership.refresh()

    def _received(self, sender: Any, text: str) -> Taken:
        assert self._heard is not None
        message = Heard.read(text, sender)
        if message is None:
            refusal = Refusal(Reason.MALFORMED, "this is no push of a room")
            return self._events.refused(
                refusal, Source.between(getattr(sender, "host", None), None)
            )
        return self._heard(message)

    def _isWelcome(self, source: Source) -> bool:
        if self._server.includes(source):
            return True
        self.counters.add("strangers")
        self._events.note(
            source,
            "{name}: a push from {source} was reset: it is not {room}; trust= takes its pushes",
            name=self._name,
            source=source.host,
            room=self._room,
        )
        return False

    def _notice(self, line: str) -> None:
        self.log.info("{name}: {line}", name=self._name, line=escapeLine(line, MAX_DETAIL))


def _address(argument: str, text: str) -> tuple[str, int]:
    try:
        return readAddress(text)
    except BadAddress as problem:
        raise ValueError(f"{argument} {text!r}: {problem}") from None


def _said(fate: Fate) -> Said:
    return Unknown(fate.detail) if fate.state is State.UNKNOWN else readReceipt(fate.answer)
