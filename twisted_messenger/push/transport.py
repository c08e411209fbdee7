"""
A TCP client transport with only what a single message needs.

It does what the kernel must do: connect, send, half-close, wait for the end, close.
"""

import os
import select
import socket
from collections.abc import Callable, Iterable
from errno import ECANCELED
from typing import Any, Protocol

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.error import ConnectionAborted, ConnectionLost, UserError
from twisted.internet.interfaces import ISystemHandle, ITCPTransport
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from twisted_messenger.lease import Lease
from twisted_messenger.push.dialing import MSG_MORE, dial, notConnectedBy
from twisted_messenger.sockets import resetOnClose

# Bytes read at once. A receiver says nothing, or one line.
_READ_BYTES = 4096

# Only Linux has them; elsewhere, the reactor connects.
_EPOLLIN = getattr(select, "EPOLLIN", 0)
_EPOLLOUT = getattr(select, "EPOLLOUT", 0)


class Watch(Protocol):
    """
    Tells sockets of their events; a :class:`~twisted_messenger.push.epoll.SocketBatch` does.
    """

    reactor: Any
    makeSocket: Any

    def watch(self, transport: "PushSocket", events: int) -> None:
        """
        From now on, tell a socket of these events, of which it may be none.
        """

    def forget(self, transport: "PushSocket") -> None:
        """
        It is about to be closed.
        """


@implementer(ITCPTransport, ISystemHandle)
class PushSocket:
    """
    One connection.

    :param batch: watches it.
    :param peer: an address literal, and a port.
    :param protocol: half-closeable.
    :param failed: called where there is no connection.
    :param opening: sent as soon as the connection stands, before the protocol learns of that.
    :param lease: nothing is sent once it is over.
    """

    # The interpreter reaches slots faster than a dictionary.
    __slots__ = (
        "_batch",
        "_closed",
        "_connected",
        "_ending",
        "_failed",
        "_lease",
        "_peer",
        "_protocol",
        "_readEnded",
        "_socket",
        "_unsent",
        "descriptor",
        "disconnecting",
        "events",
        "isUnderWay",
    )

    def __init__(
        self,
        batch: Watch,
        peer: tuple[str, int],
        protocol: Any,
        failed: Callable[[Failure], object],
        opening: bytes = b"",
        lease: Lease | None = None,
    ) -> None:
        self._batch = batch
        self._peer = peer
        self._protocol = protocol
        self._failed = failed
        self._unsent = opening
        self._lease = lease
        self._socket: Any = None
        #: Of the socket.
        self.descriptor = -1
        #: What the batch tells it of; the batch keeps it.
        self.events = 0
        #: Whether the call of connect has passed.
        self.isUnderWay = False
        self._connected = self._ending = self._readEnded = self._closed = False
        self.disconnecting = False

    def connect(self) -> None:
        """
        Begin to connect; where the connection stands at once, as on loopback, make use of it.

        :raises OSError: there is none, or it is too late for one.
        """
        self.adopt(dial(self._batch.makeSocket, *self._peer))
        self._open()

    def wait(self) -> None:
        """
        Wait until the connection stands, or takes more.
        """
        self._batch.watch(self, _EPOLLOUT)

    def adopt(self, handle: Any) -> None:
        """
        Have a socket that begins to connect already.
        """
        self._socket = handle
        self.descriptor = handle.fileno()
        self.isUnderWay = True

    def takeOver(self, handle: Any, events: int) -> None:
        """
        Have the socket of a connection on which our end has been sent, and that is watched.
        """
        self.adopt(handle)
        self.events = events
        self._connected = self._ending = True

    def cancel(self) -> None:
        """
        Wait for the connection no longer.
        """
        if not self._connected and not self._closed:
            # It may stand by now, and to the peer our end alone would be an empty message.
            resetOnClose(self, True)
            self._close()
            self._failed(Failure(UserError()))

    def notConnected(self, error: OSError) -> None:
        """
        There is no connection, for that reason.
        """
        if not self._closed:
            self._close()
            self._failed(notConnectedBy(error))

    def ready(self, events: int) -> None:
        """
        The kernel has news.
        """
        if self._closed:
            return
        if not self._connected:
            try:
                self._open()
            except OSError as error:
                self.notConnected(error)
            return
        if events & ~_EPOLLOUT and not self._readEnded:
            self._read()
        if events & _EPOLLOUT and not self._closed:
            self._flush()

    def write(self, data: bytes) -> None:
        """
        Send, now or as soon as the peer takes it.
        """
        if self._ending or self._closed:
            return
        if self._unsent:
            self._unsent += data
        else:
            self._unsent = data
            self._flush()

    def writeSequence(self, data: Iterable[bytes]) -> None:
        """
        Send several pieces.
        """
        self.write(b"".join(data))

    def pauseProducing(self) -> None:
        """
        Read no more.
        """
        if not self._closed:
            self._batch.watch(self, self.events & ~_EPOLLIN)

    def loseWriteConnection(self) -> None:
        """
        End our half, after everything that was written.
        """
        self._ending = True
        if self._unsent or self._closed:
            return
        try:
            self._socket.shutdown(socket.SHUT_WR)
        except OSError as error:
            # The connection is gone, and its error has not been seen by anybody yet.
            self._batch.reactor.callLater(0, self._lose, _lostBy(error))
        else:
            self._protocol.writeConnectionLost()

    def loseConnection(self) -> None:
        """
        Close in order, after everything that was written.
        """
        self.disconnecting = self._ending = True
        if not self._unsent and not self._closed:
            self._close()
            self._protocol.connectionLost(connectionDone)

    def abortConnection(self) -> None:
        """
        Reset, and throw away what was not sent; the protocol learns of it a little later.
        """
        if self._closed:
            return
        resetOnClose(self, True)
        self._close()
        reason = Failure(ConnectionAborted())
        self._batch.reactor.callLater(0, self._protocol.connectionLost, reason)

    def getHandle(self) -> Any:
        """
        See ``ISystemHandle``.
        """
        return self._socket

    def getHost(self) -> IPv4Address | IPv6Address:
        """
        See ``ITransport``.
        """
        return _addressOf(self._socket.getsockname())

    def getPeer(self) -> IPv4Address | IPv6Address:
        """
        See ``ITransport``.
        """
        return _addressOf(self._peer)

    def getTcpNoDelay(self) -> bool:
        """
        See ``ITCPTransport``.
        """
        return bool(self._socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))

    def setTcpNoDelay(self, enabled: bool) -> None:
        """
        See ``ITCPTransport``.
        """
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, enabled)

    def getTcpKeepAlive(self) -> bool:
        """
        See ``ITCPTransport``.
        """
        return bool(self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE))

    def setTcpKeepAlive(self, enabled: bool) -> None:
        """
        See ``ITCPTransport``.
        """
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, enabled)

    def _open(self) -> None:
        """
        Send what opens the conversation: even where that is nothing, the kernel says whether the
        connection stands.

        :raises OSError: there is no connection, or it is too late for one.
        """
        # Also after a connect that succeeded at once: the whole program may have stood still in it.
        if self._lease is not None and not self._lease.held:
            # To the peer our end alone would be an empty message.
            resetOnClose(self, True)
            raise OSError(ECANCELED, "")
        try:
            # The end of a message that is so short follows at once.
            sent = self._socket.send(self._unsent, MSG_MORE)
        except BlockingIOError:
            self._batch.watch(self, _EPOLLOUT)
            return
        self._unsent = self._unsent[sent:]
        self._connected = True
        self._protocol.makeConnection(self)
        if not self._closed:
            self._batch.watch(self, _EPOLLIN | _EPOLLOUT if self._unsent else _EPOLLIN)

    def _read(self) -> None:
        try:
            data = self._socket.recv(_READ_BYTES)
        except BlockingIOError:
            return
        except OSError as error:
            self._lose(_lostBy(error))
            return
        if data:
            self._protocol.dataReceived(data)
        else:
            self._readEnded = True
            self._protocol.readConnectionLost()
            if not self._closed:
                self._batch.watch(self, _EPOLLOUT if self._unsent else 0)

    def _flush(self) -> None:
        if self._unsent:
            try:
                sent = self._socket.send(self._unsent)
            except BlockingIOError:
                sent = 0
            except OSError as error:
                # Later: a protocol that writes does not expect to lose its connection in that call.
                self._batch.reactor.callLater(0, self._lose, _lostBy(error))
                self._unsent = b""
                return
            self._unsent = self._unsent[sent:]
            if self._unsent:
                self._batch.watch(self, self.events | _EPOLLOUT)
                return
        if self.events & _EPOLLOUT:
            self._batch.watch(self, self.events & ~_EPOLLOUT)
        if self.disconnecting:
            self._lose(connectionDone)
        elif self._ending:
            self.loseWriteConnection()

    def _lose(self, reason: Failure) -> None:
        if not self._closed:
            self._close()
            self._protocol.connectionLost(reason)

    def _close(self) -> None:
        self._closed = True
        if self.events:
            self._batch.forget(self)
        if self._socket is not None:
            self._socket.close()


def _lostBy(error: OSError) -> Failure:
    return Failure(ConnectionLost(os.strerror(error.errno or 0)))


def _addressOf(name: Any) -> IPv4Address | IPv6Address:
    kind = IPv4Address if len(name) == 2 else IPv6Address
    return kind("TCP", name[0], name[1])
