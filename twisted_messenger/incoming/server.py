"""
The server's end of one connection: bytes until the end, then one message for the room.

Lines without an end of file are a message too; see :mod:`twisted_messenger.incoming.lines`.
"""

from collections.abc import Sequence
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from twisted_messenger.address import Source
from twisted_messenger.errors import StoreUncertain, WireError
from twisted_messenger.incoming.lines import Voice, nameIn, readLines
from twisted_messenger.incoming.mistakes import GREETING_BYTES, mistakeIn
from twisted_messenger.incoming.unfinished import MAX_UNFINISHED_BYTES, UnfinishedBytes
from twisted_messenger.interfaces import (
    ConnectionEvicted,
    ConnectionIdle,
    ConnectionStopped,
    IReceiptProtocol,
    MessagePartlyTaken,
    Outcome,
)
from twisted_messenger.names import MAX_NAME
from twisted_messenger.refusal import Reason, Refusal
from twisted_messenger.result import Reply
from twisted_messenger.room.chatroom import ChatRoom
from twisted_messenger.room.verdicts import Callbacks, Told
from twisted_messenger.wire import Command, parse, tooBig

# How a connection without a byte ends that nobody needs to know of: a health check may reset.
_PROBES = (ConnectionDone, ConnectionLost, ConnectionStopped)

# A line end is not counted, so two bytes more than the limit can still be a message.
_LINE_END = 2


class _Speaker:
    """
    Who speaks on a connection, for all its messages; nobody before the first.
    """

    voice: Voice | None = None


# Before anything is known of a connection; most end with their first message.
_NOBODY = Source()
_UNHEARD = _Speaker()


@implementer(IReceiptProtocol)
class ChatServerProtocol(Protocol):
    """
    Collects one message and hands it over when the sender has ended it.

    :param room: takes the message.
    :param unfinished: what all connections keep, together.
    :param before: the message before this one, on the same connection.
    """

    def __init__(
        self,
        room: ChatRoom,
        unfinished: "UnfinishedBytes[ChatServerProtocol] | None" = None,
        before: "ChatServerProtocol | None" = None,
    ) -> None:
        self._room = room
        # Who is told what becomes of the message, in place of the outcome.
        self._told: Told | None = None
        self._outcome: Deferred[Outcome] | None = None
        self._unfinished = unfinished or UnfinishedBytes()
        # Not a list of what came: a byte at a time, that would cost forty times as much.
        self._data = bytearray()
        self._refused = False
        self._source = _NOBODY
        self._speaker: _Speaker = _UNHEARD if before is None else before._speaker
        self._isFurther = before is not None
        # Whether lines are to be read one by one.
        self._inLines = self._isFurther
        # Whether all has come already, and the end follows at once: nothing is kept meanwhile.
        self._isWhole = False

    @property
    def outcome(self) -> "Deferred[Outcome]":
        """
        See :class:`~twisted_messenger.interfaces.IReceiptProtocol`.
        """
        if self._outcome is None:
            self._outcome = Deferred()
        return self._outcome

    def tellTo(self, told: Told) -> None:
        """
        Tell somebody what becomes of the message, as callbacks of :attr:`outcome` are told; but
        where nobody has asked for that, and nobody will, there need not be one.
        """
        if self._outcome is None:
            self._told = told
        else:
            self._outcome.addCallbacks(told.decided, told.unknown)

    def connectionMade(self) -> None:
        """
        Note who it is, as far as one can tell before the first byte.
        """
        transport: Any = self.transport
        if getattr(transport, "isWhole", False):
            self._isWhole = True
            self._source = transport.source
        else:
            self._look()

    def _look(self) -> None:
        assert self.transport is not None
        # A wrapper of ours knows it already, and more of it.
        known = getattr(self.transport, "source", None)
        self._source = Source.of(self.transport) if known is None else known

    def dataReceived(self, data: bytes) -> None:
        """
        Keep what comes, up to the limit; refuse at once what is beyond it.
        """
        if self._refused:
            return
        if not (self._data or self._isWhole):
            self._look()
        if self._isFurther and not self._data:
            # The one that ended a text in C, after its newline.
            data = data.lstrip(b"\0")
        begins = not self._isFurther and len(self._data) < GREETING_BYTES
        self._data += data
        mistake = mistakeIn(self._data) if begins else None
        if mistake is not None:
            overRate = self._room.charge(self._source, len(self._data))
            self._refuse(mistake if overRate is None else overRate)
            # Its program waits for an answer, and would not end before it has one.
            assert self.transport is not None
            self.transport.loseConnection()
            return
        limit = self._room.policy.maxMessageBytes
        if len(self._data) > limit + _LINE_END:
            overRate = self._room.charge(self._source, len(self._data))
            self._refuse(tooBig(limit).refusal if overRate is None else overRate)
            return
        largest = None if self._isWhole else self._unfinished.keep(self, len(self._data))
        if largest is not None:
            largest.giveWay()

    def further(self) -> "ChatServerProtocol":
        """
        Hand over what came after the last newline.
        """
        if self._speaker is _UNHEARD:
            self._speaker = _Speaker()
        following = ChatServerProtocol(self._room, self._unfinished, self)
        end = self._data.rfind(b"\n") + 1
        following._data = self._data[end:].lstrip(b"\0")
        del self._data[end:]
        self._inLines = True
        self._unfinished.keep(self, len(self._data))
        self._unfinished.keep(following, len(following._data))
        return following

    def giveWay(self) -> None:
        """
        Let go of what came so far: too much is unfinished, and nobody keeps more than this one.
        """
        self._refuse(Refusal(Reason.CONNECTION_CAP, "too many messages are unfinished"))

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """
        The message is whole if the connection ended in order, and only then.
        """
        if self._refused or (self._isFurther and not self._data):
            return
        if not self._data and reason.type in _PROBES:
            self._room.counters.add("probes")
            self._whoIsTold().decided(None)
        elif not isinstance(reason.value, ConnectionDone):
            self._cut(reason)
        else:
            data = bytes(self._data)
            if not self._isWhole:
                self._letGo()
            self._messageReceived(data)

    def _cut(self, reason: Failure) -> None:
        voice = self._speaker.voice
        name = nameIn(self._data) if voice is None else voice.name
        half = f"{len(self._data)} bytes" + ("" if name is None else f" of {name[:MAX_NAME]}")
        if reason.check(ConnectionIdle):
            self._refuse(Refusal(Reason.IDLE, f"{half}, not ended in time"))
        elif reason.check(ConnectionEvicted):
            why = f"{half}: it was silent, and others waited"
            self._refuse(Refusal(Reason.CONNECTION_CAP, why))
        else:
            self._refuse(Refusal(Reason.TRUNCATED, f"{half}, then: {reason.getErrorMessage()}"))

    def _letGo(self) -> None:
        self._data.clear()
        self._unfinished.keep(self, 0)

    def _messageReceived(self, data: bytes) -> None:
        overRate = self._room.charge(self._source, len(data))
        if overRate is not None:
            self._refuse(overRate)
            return
        limit = self._room.policy.maxMessageBytes
        try:
            commands = self._linesOf(data, limit) if self._inLines else [parse(data, limit)]
        except WireError as error:
            self._refuse(error.refusal)
            return
        told = self._told or self._whoIsTold()
        if len(commands) == 1:
            self._room.hear(commands[0], self._source, told)
        else:
            taking = Deferred.fromCoroutine(self._takeAll(commands))
            taking.addCallbacks(told.decided, told.unknown)

    def _linesOf(self, data: bytes, limit: int) -> Sequence[Command]:
        commands, self._speaker.voice = readLines(data, self._speaker.voice, limit)
        return commands

    async def _takeAll(self, commands: Sequence[Command]) -> Outcome:
        told: Outcome = None
        for number, command in enumerate(commands):
            outcome = await self._takeOne(command, number > 0)
            if isinstance(outcome, Refusal):
                if number:
                    raise MessagePartlyTaken
                return outcome
            told = told if isinstance(told, Reply) else outcome
        return told

    async def _takeOne(self, command: Command, charged: bool) -> Outcome:
        # The first was charged before anybody looked at it, and for the bytes of all.
        overRate = self._room.charge(self._source, 0) if charged else None
        if overRate is not None:
            self._room.refuse(overRate, self._source)
            return overRate
        return await self._room.take(command, self._source)

    def _whoIsTold(self) -> Told:
        return self._told or Callbacks(self.outcome.callback, self._undecided)

    def _undecided(self, reason: Failure) -> None:
        # Where nobody wants receipts, there is nobody to tell.
        self.outcome.addErrback(self._uncertain)
        self.outcome.errback(reason)

    def _uncertain(self, reason: Failure) -> Refusal:
        reason.trap(StoreUncertain, MessagePartlyTaken)
        return Refusal(Reason.STORE_UNAVAILABLE, "nobody knows whether it was stored")

    def _refuse(self, refusal: Refusal) -> None:
        self._refused = True
        self._letGo()
        self._room.refuse(refusal, self._source)
        self._whoIsTold().decided(refusal)


class ChatServerFactory(Factory):
    """
    Makes the server's protocols.

    Listen with it as it is, or inside a
    :class:`~twisted_messenger.incoming.receipt.ReceiptFactory` to give senders a receipt.

    :param room: takes the messages.
    :param maxUnfinishedBytes: that all connections together may keep.
    """

    noisy = False

    def __init__(self, room: ChatRoom, maxUnfinishedBytes: int = MAX_UNFINISHED_BYTES) -> None:
        self.room = room
        self._unfinished: UnfinishedBytes[ChatServerProtocol] = UnfinishedBytes(maxUnfinishedBytes)

    def buildProtocol(self, addr: IAddress | None) -> ChatServerProtocol:
        """
        One protocol for one message.
        """
        protocol = ChatServerProtocol(self.room, self._unfinished)
        protocol.factory = self
        return protocol
