"""
Three kinds of connections, and how each can be answered, closed in order and reset.

=============  ======================  ===================  ======================
kind           an answer               a close in order     a reset
=============  ======================  ===================  ======================
TCP            a line, a half-close    a close              a reset
TLS            a line, close_notify    a close underneath   a reset underneath
Unix socket    a line, a half-close    a close              a line and a close
=============  ======================  ===================  ======================
"""

from typing import Any

from twisted.internet.address import UNIXAddress
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.interfaces import ISSLTransport, ISystemHandle
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure

from twisted_messenger.sockets import resetOnClose

# OpenSSL's SSL_RECEIVED_SHUTDOWN: a close_notify came.
_RECEIVED_SHUTDOWN = 2

_NO_PROMISE = b"~ reset: nobody knows what became of this message\n"


class TCPEnd:
    """
    Our end of a TCP connection, and what the other kinds have in common with it.

    A process that dies must not leave a receipt: while anything is unfinished or untold, the
    kernel is told to reset the connection.

    :param transport: that of the connection.
    """

    #: Whether complete lines are whole, even if nothing tells that the sender has ended.
    wholeLines = False

    def __init__(self, transport: Any) -> None:
        self.transport = transport
        #: Whether the answer is out.
        self.out = False
        self.arm(True)

    def arm(self, armed: bool) -> None:
        """
        :param armed: whether the connection is to be reset if this process dies.
        """
        resetOnClose(self.transport, armed)

    def answer(self, line: bytes, ended: bool) -> None:
        """
        Give an answer, and send no more.

        :param line: empty for a message that was taken.
        :param ended: whether the sender has ended its half.
        """
        if ended and not line:
            # Both halves at once: there is nothing to send, and nothing to come.
            self.out = True
            return
        if line:
            self.transport.write(line)
        self.transport.loseWriteConnection()

    def taken(self) -> None:
        """
        A message was taken: a guard of the connection counts the bytes of the next one.
        """
        countAnew = getattr(self.transport, "countAnew", None)
        if countAnew is not None:
            countAnew()

    def ending(self, reason: Failure) -> Failure:
        """
        How the sender has ended.

        :param reason: why the connection was lost.
        :returns: ``ConnectionDone`` where what it sent is whole.
        """
        return reason

    def close(self) -> None:
        """
        Close in order.
        """
        self.transport.loseConnection()

    def reset(self) -> None:
        """
        Promise nothing.
        """
        self.transport.abortConnection()


class TLSEnd(TCPEnd):
    """
    Our end of a connection over TLS, which Twisted cannot close by halves.

    Many clients never send a close_notify. Without it, anybody on the way could have cut off what
    the sender said last; but nobody can cut within a line, or put a newline there.
    """

    wholeLines = True

    def arm(self, armed: bool) -> None:
        """
        It is what is below that has a socket.
        """
        resetOnClose(self.transport.transport, armed)

    def answer(self, line: bytes, ended: bool) -> None:
        """
        Write the line and our close_notify. What the sender says after that is still read.
        """
        self.out = True
        if line:
            self.transport.write(line)
        self.transport.loseConnection()

    def ending(self, reason: Failure) -> Failure:
        """
        What was sent is whole if a close_notify came, whatever becomes of the connection below.
        """
        if reason.type not in (ConnectionDone, ConnectionLost):
            # A fatal alert looks like a close_notify, but has a reason of its own.
            return reason
        connection: Any = ISystemHandle(self.transport).getHandle()
        if connection.get_shutdown() & _RECEIVED_SHUTDOWN:
            return connectionDone
        return Failure(ConnectionLost("no close_notify"))

    def close(self) -> None:
        """
        Our close_notify is out; TLS would wait for that of the sender, and many never send one.
        """
        self.transport.transport.loseConnection()


class UnixEnd(TCPEnd):
    """
    Our end of a Unix socket, which knows no reset.
    """

    def reset(self) -> None:
        """
        Say so in words: without one, the close would be a receipt.
        """
        self.transport.write(_NO_PROMISE)
        self.transport.loseConnection()


def endOf(transport: Any) -> TCPEnd:
    """
    Our end of a connection.
    """
    if ISSLTransport.providedBy(transport):
        return TLSEnd(transport)
    return UnixEnd(transport) if isinstance(transport.getHost(), UNIXAddress) else TCPEnd(transport)
