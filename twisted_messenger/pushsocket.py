"""
A TCP client transport with nothing in it that a single message does not need.

What is left of a connection is what the kernel must do: connect, send, half-close, wait for the
end, close.
"""

import os
import select
import socket
from collections.abc import Callable
from errno import EINPROGRESS
from typing import Any, Protocol

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.error import ConnectionAborted, ConnectionLost, UserError, getConnectError
from twisted.internet.interfaces import ISystemHandle, ITCPTransport
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from twisted_messenger.sockets import resetOnClose

# Bytes read at once. A receiver says nothing, or one line.
_READ_BYTES = 4096

# Elsewhere than on Linux the reactor must do.
_EPOLLIN = getattr(select, "EPOLLIN", 0)
_EPOLLOUT = getattr(select, "EPOLLOUT", 0)

_STREAM = socket.SOCK_STREAM | socket.SOCK_NONBLOCK


class Watch(Protocol):
    """
    Tells sockets of their events; a :class:`~twisted_messenger.socketbatch.SocketBatch` does.
    """

    reactor: Any

    def watch(self, descriptor: int, transport: "PushSocket", events: int) -> None:
        """
        Begin to tell a socket of its events.
        """

    def change(self, descriptor: int, events: int) -> None:
        """
        Tell it of other events.
        """

    def ignore(self, descriptor: int) -> None:
        """
        Tell it of nothing any more.
        """

    def closing(self, descriptor: int) -> None:
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
    """

    disconnecting = False

    # Class attributes, since a connection that fares well changes few of them.
    _events = 0
    _socket: Any = None
    _connected = False
    _ending = False
    _readEnded = False
    _closed = False

    def __init__(
        self,
        batch: Watch,
        peer: tuple[str, int],
        protocol: Any,
        failed: Callable[[Failure], object],
    ) -> None:
        self._batch = batch
        self._peer = peer
        self._protocol = protocol
        self._failed = failed
        self._unsent = b""

    def connect(self) -> None:
        """
        Begin to connect; where the connection stands at once, as on loopback, make use of it.

        :raises OSError: it was refused at once, cannot be tried, or no descriptor is left.
        """
        family = socket.AF_INET6 if ":" in self._peer[0] else socket.AF_INET
        # The kernel's part of a socket; the standard library's class around it costs as much again.
        self._socket = socket.SocketType(family, _STREAM)
        self._descriptor = self._socket.fileno()
        address = self._peer if "%" not in self._peer[0] else _withZone(*self._peer)
        error = self._socket.connect_ex(address)
        if error not in (0, EINPROGRESS):
            raise OSError(error, "")
        if self._stands():
            self._made()
        else:
            self._watch(_EPOLLOUT)

    def cancel(self) -> None:
        """
        Wait for the connection no longer.
        """
        if not self._connected and not self._closed:
            # It may stand by now, and to the peer our end alone would be an empty message.
            resetOnClose(self, True)
            self._close()
            self._failed(Failure(UserError()))

    def notConnected(self, error: int) -> None:
        """
        There is no connection, for that reason.
        """
        if not self._closed:
            self._close()
            self._failed(Failure(getConnectError((error, os.strerror(error)))))

    def ready(self, events: int) -> None:
        """
        The kernel has news.
        """
        if not self._connected:
            # It may be news of a descriptor that was somebody else's a moment ago.
            try:
                stands = self._stands()
            except OSError as error:
                self.notConnected(error.errno or 0)
                return
            if stands:
                self._made()
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

    def writeSequence(self, data: Any) -> None:
        """
        Send several pieces.
        """
        self.write(b"".join(data))

    def loseWriteConnection(self) -> None:
        """
        End our half behind everything that was written.
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
        Close in order, behind everything that was written.
        """
        self.disconnecting = self._ending = True
        if not self._unsent:
            self._lose(connectionDone)

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

    def getHost(self) -> Any:
        """
        See ``ITransport``.
        """
        return _addressOf(self._socket.getsockname())

    def getPeer(self) -> Any:
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

    def _stands(self) -> bool:
        try:
            # Nothing to send: it asks the kernel whether we could.
            self._socket.send(b"")
        except BlockingIOError:
            return False
        return True

    def _made(self) -> None:
        self._connected = True
        self._protocol.makeConnection(self)
        if not self._events & _EPOLLIN and not self._closed:
            self._watch(_EPOLLIN | _EPOLLOUT if self._unsent else _EPOLLIN)

    def _read(self) -> None:
        try:
            data = self._socket.recv(_READ_BYTES)
        except BlockingIOError:
            # News of a descriptor that was somebody else's a moment ago.
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
                self._watch(_EPOLLOUT if self._unsent else 0)

    def _flush(self) -> None:
        if self._unsent:
            try:
                sent = self._socket.send(self._unsent)
            except BlockingIOError:
                sent = 0
            except OSError as error:
                # Not from here: whoever writes does not expect to have lost its connection.
                self._batch.reactor.callLater(0, self._lose, _lostBy(error))
                self._unsent = b""
                return
            self._unsent = self._unsent[sent:]
            if self._unsent:
                self._watch(self._events | _EPOLLOUT)
                return
        if self._events & _EPOLLOUT:
            self._watch(self._events & ~_EPOLLOUT)
        if self.disconnecting:
            self._lose(connectionDone)
        elif self._ending:
            self.loseWriteConnection()

    def _watch(self, events: int) -> None:
        if events == self._events:
            return
        if not self._events:
            self._batch.watch(self._descriptor, self, events)
        elif events:
            self._batch.change(self._descriptor, events)
        else:
            # Even for nothing, the kernel would go on telling of a connection that is over.
            self._batch.ignore(self._descriptor)
        self._events = events

    def _lose(self, reason: Failure) -> None:
        if not self._closed:
            self._close()
            self._protocol.connectionLost(reason)

    def _close(self) -> None:
        self._closed = True
        if self._events:
            self._batch.closing(self._descriptor)
        if self._socket is not None:
            self._socket.close()


def _lostBy(error: OSError) -> Failure:
    return Failure(ConnectionLost(os.strerror(error.errno or 0)))


def _withZone(host: str, port: int) -> Any:
    # A zone has a number, which only the resolver knows.
    return socket.getaddrinfo(host, port, flags=socket.AI_NUMERICHOST)[0][4]


def _addressOf(name: Any) -> IPv4Address | IPv6Address:
    kind = IPv4Address if len(name) == 2 else IPv6Address
    return kind("TCP", name[0], name[1])
