"""
The server's end of one connection: bytes until the end, then one message for the room.
"""

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from twisted_messenger.address import Source
from twisted_messenger.errors import StoreUncertain, WireError
from twisted_messenger.incoming.unfinished import MAX_UNFINISHED_BYTES, UnfinishedBytes
from twisted_messenger.interfaces import (
    ConnectionEvicted,
    ConnectionIdle,
    IReceiptProtocol,
    Outcome,
)
from twisted_messenger.refusal import Reason, Refusal
from twisted_messenger.result import Reply, Result
from twisted_messenger.room.chatroom import ChatRoom
from twisted_messenger.wire import parse, tooBig

# A line end is not counted, so two bytes more than the limit can still be a message.
_LINE_END = 2


@implementer(IReceiptProtocol)
class ChatServerProtocol(Protocol):
    """
    Collects one message and hands it over when the sender has ended it.

    :param room: takes the message.
    :param unfinished: what all connections keep, together.
    """

    def __init__(
        self, room: ChatRoom, unfinished: "UnfinishedBytes[ChatServerProtocol] | None" = None
    ) -> None:
        #: See :class:`~twisted_messenger.interfaces.IReceiptProtocol`.
        self.outcome: Deferred[Outcome] = Deferred()
        self._room = room
        self._unfinished = unfinished or UnfinishedBytes()
        # Not a list of what came: a byte at a time, that would cost forty times as much.
        self._data = bytearray()
        self._refused = False
        self._source = Source()

    def connectionMade(self) -> None:
        """
        Note who it is, as far as one can tell before the first byte.
        """
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
        if not self._data:
            self._look()
        self._data += data
        limit = self._room.policy.maxMessageBytes
        if len(self._data) > limit + _LINE_END:
            overRate = self._room.charge(self._source, len(self._data))
            self._refuse(tooBig(limit).refusal if overRate is None else overRate)
            return
        largest = self._unfinished.keep(self, len(self._data))
        if largest is not None:
            largest.giveWay()

    def giveWay(self) -> None:
        """
        Let go of what came so far: too much is unfinished, and nobody keeps more than this one.
        """
        self._refuse(Refusal(Reason.CONNECTION_CAP, "too many messages are unfinished"))

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """
        The message is whole if the connection ended in order, and only then.
        """
        if self._refused:
            return
        if reason.type is not ConnectionDone and not reason.check(ConnectionDone):
            self._cut(reason)
        elif not self._data:
            self._room.counters.add("probes")
            self.outcome.callback(None)
        else:
            data = bytes(self._data)
            self._letGo()
            self._messageReceived(data)

    def _cut(self, reason: Failure) -> None:
        if reason.check(ConnectionIdle):
            self._refuse(Refusal(Reason.IDLE, "the message was not ended in time"))
        elif reason.check(ConnectionEvicted):
            self._refuse(Refusal(Reason.CONNECTION_CAP, "it was silent, and others waited"))
        else:
            why = f"{len(self._data)} bytes, then: {reason.getErrorMessage()}"
            self._refuse(Refusal(Reason.TRUNCATED, why))

    def _letGo(self) -> None:
        self._data.clear()
        self._unfinished.keep(self, 0)

    def _messageReceived(self, data: bytes) -> None:
        overRate = self._room.charge(self._source, len(data))
        if overRate is not None:
            self._refuse(overRate)
            return
        try:
            command = parse(data, self._room.policy.maxMessageBytes)
        except WireError as error:
            self._refuse(error.refusal)
        else:
            taking = self._room.take(command, self._source).addCallback(_outcomeOf)
            taking.chainDeferred(self.outcome)
            # Where nobody wants receipts, there is nobody to tell.
            self.outcome.addErrback(self._uncertain)

    def _uncertain(self, reason: Failure) -> Refusal:
        reason.trap(StoreUncertain)
        return Refusal(Reason.STORE_UNAVAILABLE, "nobody knows whether it was stored")

    def _refuse(self, refusal: Refusal) -> None:
        self._refused = True
        self._letGo()
        self._room.refuse(refusal, self._source)
        self.outcome.callback(refusal)


def _outcomeOf(result: Result) -> Outcome:
    return result if isinstance(result, Refusal | Reply) else None


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
