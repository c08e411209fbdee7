"""
The server's end of one connection: bytes until the end, then one message for the room.
"""

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from twisted_messenger.errors import WireError
from twisted_messenger.interfaces import ConnectionIdle, IReceiptProtocol
from twisted_messenger.refusal import Reason, Refusal
from twisted_messenger.room import ChatRoom
from twisted_messenger.source import Source
from twisted_messenger.wire import parse, tooBig

# A line end is not counted, so two bytes more than the limit can still be a message.
_LINE_END = 2


@implementer(IReceiptProtocol)
class ChatServerProtocol(Protocol):
    """
    Collects one message and hands it over when the sender has ended it.

    :param room: takes the message.
    """

    def __init__(self, room: ChatRoom) -> None:
        #: See :class:`~twisted_messenger.interfaces.IReceiptProtocol`.
        self.outcome: Deferred[Refusal | None] = Deferred()
        self._room = room
        self._chunks: list[bytes] = []
        self._size = 0
        self._refused = False
        self._source = Source()

    def connectionMade(self) -> None:
        """
        Note who it is, as far as one can tell before the first byte.
        """
        assert self.transport is not None
        self._source = Source.of(self.transport)

    def dataReceived(self, data: bytes) -> None:
        """
        Keep what comes, up to the limit; refuse at once what is beyond it.
        """
        if self._refused:
            return
        if not self._chunks:
            assert self.transport is not None
            self._source = Source.of(self.transport)
        self._chunks.append(data)
        self._size += len(data)
        limit = self._room.policy.maxMessageBytes
        if self._size > limit + _LINE_END:
            self._refuse(tooBig(limit).refusal)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """
        The message is whole if the connection ended in order, and only then.
        """
        if self._refused:
            return
        if reason.check(ConnectionIdle):
            self._refuse(Refusal(Reason.IDLE, "the message was not ended in time"))
        elif not reason.check(ConnectionDone):
            self._refuse(Refusal(Reason.TRUNCATED, f"{self._size} bytes, then a reset"))
        elif not self._size:
            self._room.counters.add("probes")
            self.outcome.callback(None)
        else:
            self._messageReceived(b"".join(self._chunks))

    def _messageReceived(self, data: bytes) -> None:
        try:
            command = parse(data, self._room.policy.maxMessageBytes)
        except WireError as error:
            self._refuse(error.refusal)
        else:
            self._room.take(command, self._source).chainDeferred(self.outcome)

    def _refuse(self, refusal: Refusal) -> None:
        self._refused = True
        self._chunks.clear()
        self._room.refuse(refusal, self._source)
        self.outcome.callback(refusal)


class ChatServerFactory(Factory):
    """
    Makes the server's protocols.

    Listen with it as it is, or inside a :class:`~twisted_messenger.receipt.ReceiptFactory` to
    give senders a receipt.

    :param room: takes the messages.
    """

    noisy = False

    def __init__(self, room: ChatRoom) -> None:
        self.room = room

    def buildProtocol(self, addr: IAddress | None) -> ChatServerProtocol:
        """
        One protocol for one message.
        """
        protocol = ChatServerProtocol(self.room)
        protocol.factory = self
        return protocol
