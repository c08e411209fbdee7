"""
The receiving end of a push, or of a friend's message: bytes until the end, then one text.
"""

from collections.abc import Callable

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from twisted_messenger.interfaces import IReceiptProtocol
from twisted_messenger.refusal import Refusal
from twisted_messenger.wire import MAX_PUSH_BYTES, parsePush, tooBig

#: Called with the sender's address and the text, which is stripped but not safe to show. Returns
#: nothing in particular, or a Deferred that fires when the message is taken, with ``None``, or is
#: not, with a :class:`~twisted_messenger.refusal.Refusal`.
Received = Callable[[IAddress, str], object]


@implementer(IReceiptProtocol)
class PeerReceiverProtocol(Protocol):
    """
    Collects one message and hands its text over when the sender has ended it.

    :param received: takes the text; the message counts as delivered when it returns, or when the
        Deferred that it returns fires.
    :param maxBytes: of one message.
    :param begun: the first bytes, of a message that is not the first of its connection.
    """

    def __init__(self, received: Received, maxBytes: int, begun: bytes | None = None) -> None:
        #: See :class:`~twisted_messenger.interfaces.IReceiptProtocol`.
        self.outcome: Deferred[Refusal | None] = Deferred()
        self._received = received
        self._maxBytes = maxBytes
        self._isFurther = begun is not None
        self._chunks = [begun] if begun else []
        self._size = len(begun or b"")

    def dataReceived(self, data: bytes) -> None:
        """
        Keep what comes, up to the limit.
        """
        self._size += len(data)
        if self._size <= self._maxBytes:
            self._chunks.append(data)
        elif not self.outcome.called:
            self._chunks.clear()
            self.outcome.callback(tooBig(self._maxBytes).refusal)

    def further(self) -> "PeerReceiverProtocol":
        """
        Hand over what came after the last newline.
        """
        lines, newline, rest = b"".join(self._chunks).rpartition(b"\n")
        self._chunks = [lines + newline]
        return PeerReceiverProtocol(self._received, self._maxBytes, rest)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """
        The message is whole if the connection ended in order, and only then.
        """
        if self._size > self._maxBytes or not reason.check(ConnectionDone):
            return
        text = parsePush(b"".join(self._chunks))
        if self._isFurther and not text:
            # Nothing, or empty lines that keep the connection alive.
            self.outcome.callback(None)
            return
        assert self.transport is not None
        taken = self._received(self.transport.getPeer(), text)
        if isinstance(taken, Deferred):
            taken.chainDeferred(self.outcome)
        else:
            self.outcome.callback(None)


class PeerReceiverFactory(Factory):
    """
    Makes the receiving protocols.

    Listen with it as it is, or inside a
    :class:`~twisted_messenger.incoming.receipt.ReceiptFactory`, so that a sender sees the close
    only after its text was taken.

    :param received: called with the sender's address and each text.
    :param maxBytes: of one message; longer ones are refused. A server of ours pushes up to
        256 KiB.
    """

    noisy = False

    def __init__(self, received: Received, maxBytes: int = MAX_PUSH_BYTES) -> None:
        self.received = received
        self.maxBytes = maxBytes

    def buildProtocol(self, addr: IAddress | None) -> PeerReceiverProtocol:
        """
        One protocol for one message.
        """
        protocol = PeerReceiverProtocol(self.received, self.maxBytes)
        protocol.factory = self
        return protocol
