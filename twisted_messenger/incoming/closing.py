"""
Three kinds of connections, and how each can be answered, closed in order and reset.

=============  ======================  ===================  ======================
kind           an answer               a close in order     a reset
=============  ======================  ===================  ======================
TCP            a line, a half-close    a close              a reset
TLS            a line, close_notify    a reset underneath   a reset underneath
Unix socket    a line, a half-close    a close              a line and a close
=============  ======================  ===================  ======================
"""

from typing import Any

from twisted.internet.address import UNIXAddress
from twisted.internet.interfaces import ISSLTransport, ISystemHandle

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

    def saidGoodbye(self) -> bool:
        """
        Whether the sender has said in TLS that it sends no more: what it sent is whole, whatever
        becomes of the connection underneath.
        """
        return False

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
    """

    def answer(self, line: bytes, ended: bool) -> None:
        """
        Write the line and our close_notify. What the sender says after that is still read.
        """
        self.out = True
        if line:
            self.transport.write(line)
        self.transport.loseConnection()

    def saidGoodbye(self) -> bool:
        """
        Whether its close_notify came.
        """
        connection: Any = ISystemHandle(self.transport).getHandle()
        return bool(connection.get_shutdown() & _RECEIVED_SHUTDOWN)

    def close(self) -> None:
        """
        Our close_notify is out; a close in order would wait for that of the sender.
        """
        self.transport.abortConnection()


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
