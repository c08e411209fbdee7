"""
A connection whose message was whole when it was accepted, and its receipt.

It is the transport of its protocol, as far as that needs one: to know who sends.
"""

import socket
from contextlib import suppress
from typing import Any

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.protocol import connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure

from twisted_messenger.address import Source
from twisted_messenger.errors import StoreUncertain
from twisted_messenger.incoming.receipt import ReceiptFactory
from twisted_messenger.incoming.server import ChatServerFactory, ChatServerProtocol
from twisted_messenger.interfaces import MessagePartlyTaken, Outcome, Unwelcome
from twisted_messenger.refusal import Refusal
from twisted_messenger.sockets import closeInOrder


def tcpAddress(address: Any) -> IPv4Address | IPv6Address:
    """
    The address of a socket, as Twisted writes it.

    :param address: as the socket module gives it.
    """
    if len(address) == 2:
        return IPv4Address("TCP", *address)
    host, *rest = address
    if rest[2]:
        # A zone is part of a link-local address.
        host, _ = socket.getnameinfo(address, socket.NI_NUMERICHOST | socket.NI_NUMERICSERV)
    return IPv6Address("TCP", host, *rest)


class ShortConnection:
    """
    One message, from its first byte to its receipt.

    :param factory: whose connection it is.
    :param handle: its socket, from which all is read; to be closed with a reset, as it is now.
    :param address: of the other end, as the socket module gives it.
    :param source: where the message comes from.
    """

    log = Logger()

    __slots__ = ("_address", "_factory", "_handle", "_isWaiting", "_since", "source")

    #: All that the sender says is there, and its end.
    isWhole = True

    def __init__(
        self,
        factory: ReceiptFactory,
        handle: Any,
        address: Any,
        source: Source,
    ) -> None:
        self._factory = factory
        self._handle = handle
        self._address = address
        self._isWaiting = False
        # When somebody first looked how long it waits.
        self._since: float | None = None
        #: Where the message comes from.
        self.source = source

    def take(self, data: bytes) -> None:
        """
        Give the message to a protocol, and its outcome to the sender.

        :param data: all of it.
        """
        factory = self._factory
        makes = factory.wrappedFactory
        try:
            # An address and a Deferred less, where nobody else can want them: each takes a tenth of
            # all that is done.
            address = None if type(makes) is ChatServerFactory else self.getPeer()
            protocol: Any = makes.buildProtocol(address)
            isOurs = type(protocol) is ChatServerProtocol
            if isOurs:
                protocol.tellTo(self)
            protocol.makeConnection(self)
            if data:
                protocol.dataReceived(data)
            protocol.connectionLost(connectionDone)
            if not isOurs:
                protocol.outcome.addCallbacks(self.decided, self.unknown)
        except BaseException:
            # Ctrl-C too, in a program that leaves it to Python: the port would not outlive it.
            self.log.failure("a message was neither taken nor refused")
            self.abort()
        if self._handle is not None:
            # For its store.
            self._isWaiting = True
            factory.registerProtocol(self)
            factory.cap.keep(self, self.source.subscriber)

    def decided(self, outcome: Outcome) -> None:
        """
        Give the outcome to the sender.
        """
        line = self._factory.limits.answerTo(outcome)
        handle = self._handle
        if line is None or handle is None:
            self.abort()
            return
        if line:
            # Who has reset the connection wants no answer.
            with suppress(OSError):
                handle.send(line)
        closeInOrder(handle)
        self._leave()

    def unknown(self, reason: Failure) -> None:
        """
        Reset the connection: nobody knows the outcome.
        """
        if not reason.check(StoreUncertain, MessagePartlyTaken, Unwelcome):
            self.log.failure("a message was neither taken nor refused", reason)
        self.abort()

    def abort(self) -> None:
        """
        Reset it: no promise.
        """
        if self._handle is not None:
            self._handle.close()
            self._leave()

    def _leave(self) -> None:
        self._handle = None
        if self._isWaiting:
            self._factory.cap.leave(self)
            self._factory.unregisterProtocol(self)

    def stop(self) -> None:
        """
        Wait no longer for the sender, who has said everything: its answer is on the way.
        """

    def swept(self, now: float) -> None:
        """
        Look at its time-out.

        :param now: seconds on the factory's clock.
        """
        if self._since is None:
            self._since = now
        elif now - self._since > self._factory.limits.messageTimeout:
            self.abort()

    def evict(self) -> None:
        """
        Go, to make room for another; but nobody who waits for us has to.
        """
        self.abort()

    def turnAway(self, refusal: Refusal) -> None:
        """
        Take no message; but the front door lets nobody in for whom there is no room.
        """
        self.abort()

    def getPeer(self) -> IPv4Address | IPv6Address:
        """
        See ``ITransport``.
        """
        return tcpAddress(self._address)

    def getHost(self) -> IPv4Address | IPv6Address:
        """
        See ``ITransport``.
        """
        assert self._handle is not None
        return tcpAddress(self._handle.getsockname())

    def loseConnection(self) -> None:
        """
        The protocol has refused, and waits for nothing more; nothing more comes.
        """

    def abortConnection(self) -> None:
        """
        See ``ITCPTransport``.
        """
        self.abort()
