"""
What a kernel does for TCP, in memory: sockets, addresses, windows, readiness.

Twisted's own transports run above it, and ask a socket what they ask a real one. Names of
methods are those of :mod:`socket` and of Twisted's reactors.
"""

import os
import socket
import struct
from collections import deque
from collections.abc import Callable
from errno import (
    EADDRINUSE,
    EAGAIN,
    ECONNREFUSED,
    ECONNRESET,
    EINPROGRESS,
    EISCONN,
    ENOTCONN,
    EPIPE,
)
from heapq import heappush
from itertools import count, cycle
from typing import Any

from twisted.internet.base import DelayedCall
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import (
    IDelayedCall,
)
from twisted.internet.task import Clock
from twisted.logger import Logger
from twisted.python.failure import Failure

_FREE_PORTS = (32768, 61000)
_EVERYWHERE = "0.0.0.0"
_PEEK = int(socket.MSG_PEEK)
_SO_LINGER = (socket.SOL_SOCKET, socket.SO_LINGER)
_TCP_INFO = (socket.IPPROTO_TCP, getattr(socket, "TCP_INFO", -1))

_Address = tuple[str, int]


def _refusal(number: int) -> OSError:
    return OSError(number, os.strerror(number))


def _nothing(call: DelayedCall) -> None:
    pass


class Socket(socket.socket):
    """
    What Twisted asks of a TCP socket, as Linux answers it.
    """

    # It is a socket.socket, so that code which sets options finds one; it never has a
    # descriptor, as it never calls super().__init__.

    def __init__(self, network: "Kernel") -> None:
        self.owner: Any = None
        self.network = network
        self.here: _Address = ("", 0)
        self.there: _Address = ("", 0)
        self.waiting: deque[Socket] = deque()
        self.options: dict[tuple[int, int], Any] = {}
        self._peer: Socket | None = None
        self._unread = bytearray()
        self._error = 0
        # Its own beginning and end count as a byte each, as Linux counts: of what was received, the
        # end alone.
        self._acknowledged = 0
        self._received = 0
        self._finSent = self._finReceived = self._dead = self._gone = False

    def __repr__(self) -> str:
        return f"<memory socket {self.here} {self.there}>"

    @property
    def readable(self) -> bool:
        return bool(self._unread or self.waiting or self._finReceived or self._dead)

    @property
    def writable(self) -> bool:
        if self._dead or self._finSent:
            return True
        peer = self._peer
        return peer is not None and (peer._gone or len(peer._unread) < self.network.windowBytes)

    def bind(self, address: Any, /) -> None:
        self.here = self.network.bound(*address[:2])

    def listen(self, backlog: int = 0, /) -> None:
        self.network.listeners[self.here] = self

    def accept(self) -> tuple[socket.socket, Any]:
        accepted = self.waiting.popleft()
        return accepted, accepted.there

    def connect_ex(self, address: Any, /) -> int:
        if self._peer is not None:
            return EISCONN
        self.there = address
        self.network.dial(self)
        return EINPROGRESS

    def refused(self) -> None:
        self._dead = True
        self._error = ECONNREFUSED
        self.network.touch(self)

    def join(self, listener: "Socket") -> None:
        accepted = Socket(self.network)
        accepted.here, accepted.there = self.there, self.here
        accepted.options.update(listener.options)
        accepted._peer, self._peer = self, accepted
        self._acknowledged = accepted._acknowledged = 1
        listener.waiting.append(accepted)
        # A client knows that it is connected before the server can turn it away.
        self.network.touch(self)
        self.network.touch(listener)

    def send(self, data: Any, flags: int = 0, /) -> int:
        self._raisePending()
        if self._dead or self._finSent:
            raise _refusal(EPIPE)
        if self._peer is None:
            raise _refusal(EAGAIN)
        if self._isUnheard:
            return len(data)
        if self._peer._gone:
            if data:
                self._resetReceived()
            return len(data)
        room = self.network.windowBytes - len(self._peer._unread)
        if data and room <= 0:
            raise _refusal(EAGAIN)
        some = data[:room]
        self._peer._unread += some
        self._peer._received += len(some)
        self._acknowledged += len(some)
        self.network.touch(self._peer)
        return len(some)

    def recv(self, size: int, flags: int = 0, /) -> bytes:
        if self._unread:
            data = bytes(self._unread[:size])
            if flags & _PEEK:
                return data
            del self._unread[:size]
            if self._peer is not None:
                self.network.touch(self._peer)
            return data
        # Linux tells of a reset after an end of file only when asked for the error.
        if not self._finReceived:
            self._raisePending()
            if not self._dead:
                raise _refusal(EAGAIN)
        return b""

    def shutdown(self, how: int, /) -> None:
        if self._dead or self._peer is None:
            raise _refusal(ENOTCONN)
        if not self._finSent:
            self._finSent = True
            if not self._isUnheard:
                self._acknowledged += 1
                self._peer._finReceived = True
                self._peer._received += 1
                self.network.touch(self._peer)

    def close(self) -> None:
        if self._gone:
            return
        self._gone = True
        if self.network.listeners.get(self.here) is self:
            del self.network.listeners[self.here]
        for accepted in self.waiting:
            accepted._reset()
        if self._peer is None or self._dead:
            return
        linger = self.options.get(_SO_LINGER)
        if self._unread or (linger is not None and struct.unpack("ii", linger) == (1, 0)):
            self._reset()
        else:
            self.shutdown(socket.SHUT_WR)

    @property
    def _isUnheard(self) -> bool:
        return self.there in self.network.deaf

    def _reset(self) -> None:
        assert self._peer is not None
        self._gone = True
        if not self._isUnheard:
            self._peer._resetReceived()

    def _resetReceived(self) -> None:
        # With both ends of file exchanged the connection is over, and a reset comes too late.
        if self._dead or self._gone or (self._finSent and self._finReceived):
            return
        self._dead = True
        self._error = EPIPE if self._finReceived else ECONNRESET
        self.network.touch(self)

    def _raisePending(self) -> None:
        number, self._error = self._error, 0
        if number:
            raise _refusal(number)

    def getsockname(self) -> _Address:
        return self.here

    def getpeername(self) -> _Address:
        return self.there

    def setblocking(self, flag: bool, /) -> None:
        pass

    def setsockopt(self, level: int, name: int, value: Any, length: int = 0, /) -> None:
        self.options[level, name] = value

    def getsockopt(self, level: int, name: int, length: int = 0, /) -> Any:
        if (level, name) == _TCP_INFO:
            return struct.pack("=120xQQ", self._acknowledged, self._received)
        if name != socket.SO_ERROR:
            return self.options.get((level, name), 0)
        number, self._error = self._error, 0
        return number


class Kernel(Clock):
    """
    Connects the sockets, and tells Twisted's transports when they can read or write.

    What it offers besides a ``Clock`` is for the sockets and transports alone.
    """

    log = Logger()

    def __init__(self, host: str, windowBytes: int) -> None:
        super().__init__()
        self.host = host
        self.windowBytes = windowBytes
        #: Addresses that never answer, neither yes nor no; open connections are left alone.
        self.blackHoles: set[tuple[str, int]] = set()
        #: Addresses that take connections, but neither get nor acknowledge what is sent to them.
        self.deaf: set[tuple[str, int]] = set()
        self.listeners: dict[_Address, Socket] = {}
        self._freePorts = cycle(range(*_FREE_PORTS))
        self._readers: set[Any] = set()
        self._writers: set[Any] = set()
        self._touched: dict[Socket, None] = {}
        self._due: list[tuple[float, int, int, DelayedCall]] = []
        self._numbers = count()
        # As in Twisted's reactors, turns alternate: in even ones calls run, those that were made
        # before the turn began, in odd ones sockets are served.
        self._turn = 0

    # Clock sorts all its calls for each one; thousands of connections have thousands.

    def callLater(
        self, delay: float, callable: Callable[..., object], *args: object, **kw: object
    ) -> IDelayedCall:
        call = self._call(delay, callable, *args, **kw)
        self._schedule(call)
        return call

    def _call(
        self, delay: float, callable: Callable[..., object], *args: object, **kw: object
    ) -> DelayedCall:
        when = self.rightNow + delay
        return DelayedCall(when, callable, args, kw, _nothing, self._schedule, self.seconds)

    def _schedule(self, call: DelayedCall) -> None:
        self._put(call, self._turn + 2 - self._turn % 2)

    def _put(self, call: DelayedCall, turn: int) -> None:
        heappush(self._due, (call.getTime(), turn, next(self._numbers), call))

    def _takeTurn(self, turn: int) -> None:
        # What was put off for long belongs to the next turn of its kind.
        self._turn = max(turn, self._turn + (self._turn + turn) % 2)

    def getDelayedCalls(self) -> list[IDelayedCall]:
        return list({call: None for *_, call in sorted(self._due) if call.active()})

    def bound(self, host: str, port: int) -> _Address:
        # One family is enough here; what listens on both is reached over it.
        host = _EVERYWHERE if host in ("", "::") else host
        if port:
            if self.listenerAt(host, port) is not None:
                raise _refusal(EADDRINUSE)
            return host, port
        free = (candidate for candidate in self._freePorts if not self.listenerAt(host, candidate))
        return host, next(free)

    def listenerAt(self, host: str, port: int) -> Socket | None:
        return self.listeners.get((host, port)) or self.listeners.get((_EVERYWHERE, port))

    def dial(self, caller: Socket) -> None:
        if caller.there in self.blackHoles:
            return
        listener = self.listenerAt(*caller.there[:2])
        if listener is None:
            caller.refused()
            return
        if not caller.here[1]:
            caller.here = (self.host, next(self._freePorts))
        caller.join(listener)

    def addReader(self, reader: Any) -> None:
        self._readers.add(reader)
        reader.socket.owner = reader
        self.touch(reader.socket)

    def addWriter(self, writer: Any) -> None:
        self._writers.add(writer)
        writer.socket.owner = writer
        self.touch(writer.socket)

    def getReaders(self) -> list[Any]:
        return list(self._readers)

    def getWriters(self) -> list[Any]:
        return list(self._writers)

    def removeReader(self, reader: Any) -> None:
        self._readers.discard(reader)

    def removeWriter(self, writer: Any) -> None:
        self._writers.discard(writer)

    def touch(self, touched: Socket) -> None:
        # One call for all the sockets that something happened to.
        if not self._touched:
            self._put(self._call(0, self._poll), self._turn + 1 + self._turn % 2)
        self._touched[touched] = None

    def _poll(self) -> None:
        touched, self._touched = self._touched, {}
        for one in touched:
            why, isRead = self._serve(one)
            if why is not None:
                self._lose(one.owner, why, isRead)
            elif self._canRead(one) or self._canWrite(one):
                self.touch(one)

    def _serve(self, one: Socket) -> tuple[Exception | None, bool]:
        why, isRead = None, False
        try:
            if self._canRead(one):
                why, isRead = one.owner.doRead(), True
            if why is None and self._canWrite(one):
                why, isRead = one.owner.doWrite(), False
        except Exception as error:
            self.log.failure("a protocol failed")
            return error, False
        return why, isRead

    def _canRead(self, one: Socket) -> bool:
        return one.owner in self._readers and one.readable

    def _canWrite(self, one: Socket) -> bool:
        return one.owner in self._writers and one.writable

    def _lose(self, owner: Any, why: Exception, isRead: bool) -> None:
        self.removeReader(owner)
        if isRead and type(why) is ConnectionDone:
            owner.readConnectionLost(Failure(why))
        else:
            self.removeWriter(owner)
            owner.connectionLost(Failure(why))
