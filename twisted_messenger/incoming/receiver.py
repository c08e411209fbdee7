"""
The receiving end of a push, or of a friend's message: bytes until the end, then one text.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from twisted_messenger.address import Source
from twisted_messenger.interfaces import IReceiptProtocol, Outcome, Unwelcome
from twisted_messenger.refusal import Refusal
from twisted_messenger.result import Reply
from twisted_messenger.wire import MAX_JSON_PUSH_BYTES, parsePush, tooBig

#: Whether a message is taken: ``None``, or why not, at once or later.
Taken = Awaitable[Refusal | None] | Refusal | None

#: Called with the sender's address (an ``IAddress``) and the text, which is stripped but not safe
#: to show. It may be an ``async def``, or return a Deferred; the message is taken when that is
#: done. If it raises, nobody knows, and the sender sees a reset.
Received = Callable[[Any, str], Taken]

# What a member answers that was registered with "ack".
_TAKEN = Reply("taken")


@implementer(IReceiptProtocol)
class PeerReceiverProtocol(Protocol):
    """
    Collects one message and hands its text over when the sender has ended it.

    :param factory: says to whom, and how much is taken.
    :param begun: the first bytes, of a message that is not the first of its connection.
    """

    def __init__(self, factory: "PeerReceiverFactory", begun: bytes | None = None) -> None:
        #: See :class:`~twisted_messenger.interfaces.IReceiptProtocol`.
        self.outcome: Deferred[Outcome] = Deferred()
        self._rules = factory
        self._isFurther = begun is not None
        self._chunks = [begun] if begun else []
        self._size = len(begun or b"")

    def dataReceived(self, data: bytes) -> None:
        """
        Keep what comes, up to the limit.
        """
        isFirst = not self._size
        self._size += len(data)
        if isFirst:
            self._judgeSender()
        if self.outcome.called:
            return
        if self._size <= self._rules.maxBytes:
            self._chunks.append(data)
        else:
            self._chunks.clear()
            self.outcome.callback(tooBig(self._rules.maxBytes).refusal)

    def further(self) -> "PeerReceiverProtocol":
        """
        Hand over what came after the last newline.
        """
        lines, newline, rest = b"".join(self._chunks).rpartition(b"\n")
        self._chunks = [lines + newline]
        return PeerReceiverProtocol(self._rules, rest)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """
        The message is whole if the connection ended in order, and only then.
        """
        if not self._size:
            self._judgeSender()
        if self.outcome.called or not reason.check(ConnectionDone):
            return
        text = parsePush(b"".join(self._chunks))
        if self._isFurther and not text:
            # Nothing, or empty lines that keep the connection alive.
            self.outcome.callback(None)
        else:
            Deferred.fromCoroutine(self._take(text)).chainDeferred(self.outcome)

    async def _take(self, text: str) -> Outcome:
        assert self.transport is not None
        taken = self._rules.received(self.transport.getPeer(), text)
        answer = await taken if isinstance(taken, Awaitable) else taken
        if isinstance(answer, Refusal):
            return answer
        return _TAKEN if self._rules.ack else None

    def _judgeSender(self) -> None:
        if self._rules.welcome is None:
            return
        # A ReceiptFactory's connection knows more, behind a proxy.
        known = getattr(self.transport, "source", None)
        if not self._rules.welcome(known or Source.of(self.transport)):
            self.outcome.errback(Unwelcome())


class PeerReceiverFactory(Factory):
    """
    Makes the receiving protocols.

    Listen with it inside a :class:`~twisted_messenger.incoming.receipt.ReceiptFactory`, as
    :func:`~twisted_messenger.client.receiving.receive` does: then a sender sees the close when its
    text was taken, a line when it was refused, and a reset where nobody knows. As it is, it takes
    texts all the same, but its senders see a close whatever became of them::

        async def received(sender, text):
            await database.insert(text)

        factory = ReceiptFactory(PeerReceiverFactory(received), reactor)
        endpoints.serverFromString(reactor, "tcp:9001").listen(factory)

    Texts of several connections may be under way at once. Who waits for the answer before it says
    more, as a room does for each of its members, is heard in order, one text at a time; but a
    sender that a callback keeps for longer than the ``messageTimeout`` of the ReceiptFactory is
    reset, and may then say the same again while the callback goes on.

    :param received: called with the sender's address and each text.
    :param maxBytes: of one message; longer ones are refused. A server of ours pushes up to
        256 KiB, and of JSON twice as much.
    :param ack: whether what was taken is answered with a line that begins with ``+``: for a room
        where we are registered with the option ``ack``.
    :param welcome: says of a sender's source whether its text is read; others are reset. ``None``
        for everybody's.
    """

    noisy = False

    def __init__(
        self,
        received: Received,
        maxBytes: int = MAX_JSON_PUSH_BYTES,
        *,
        ack: bool = False,
        welcome: Callable[[Source], bool] | None = None,
    ) -> None:
        self.received = received
        self.maxBytes = maxBytes
        self.ack = ack
        self.welcome = welcome

    def buildProtocol(self, addr: IAddress | None) -> PeerReceiverProtocol:
        """
        One protocol for one message.
        """
        protocol = PeerReceiverProtocol(self)
        protocol.factory = self
        return protocol
