"""
Standard input and output under the reactor, left blocking: the shell shares them.
"""

import os
import select
from collections import deque
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IReadDescriptor, IWriteDescriptor
from twisted.internet.main import CONNECTION_DONE, CONNECTION_LOST
from twisted.python.failure import Failure
from zope.interface import implementer

STDIN, STDOUT, STDERR = 0, 1, 2


# Bytes of one write. A pipe that can be written takes so many without blocking (POSIX's PIPE_BUF
# on Linux).
_ONE_WRITE = 4096

_ONE_READ = 65536


@implementer(IReadDescriptor)
class LineReader:
    """
    Reads lines.

    :param reactor: watches the descriptor.
    :param descriptor: to read from.
    :param maxBytes: of a line; the rest of a longer one is thrown away.
    :param lineReceived: called with each line, without its end.
    :param tooLong: called for each line of which something was thrown away, in its place.
    :param ended: called at the end of input. A terminal can be read further after it.
    """

    def __init__(
        self,
        reactor: Any,
        descriptor: int,
        maxBytes: int,
        lineReceived: Callable[[str], object],
        tooLong: Callable[[], object],
        ended: Callable[[], object],
    ) -> None:
        self._reactor = reactor
        self._descriptor = descriptor
        self._maxBytes = maxBytes
        self._lineReceived = lineReceived
        self._tooLong = tooLong
        self._ended = ended
        self._lines: deque[bytes | None] = deque()
        self._chunks: list[bytes] = []
        self._size = 0
        self._paused = True

    def resume(self) -> None:
        """
        Read, from now on or again.
        """
        self._paused = False
        self._deliver()
        if not self._paused:
            self._reactor.addReader(self)

    def pause(self) -> None:
        """
        Hand over nothing for a while; what was read already is kept.
        """
        self._paused = True
        self._reactor.removeReader(self)

    def fileno(self) -> int:
        """
        See ``IReadDescriptor``.
        """
        return self._descriptor

    def logPrefix(self) -> str:
        """
        See ``IReadDescriptor``.
        """
        return "stdin"

    def doRead(self) -> Any:
        """
        Read what is there; the reactor has seen that there is something.
        """
        try:
            data = os.read(self._descriptor, _ONE_READ)
        except BlockingIOError:
            # Another process made it so, and has read it first.
            return None
        except OSError:
            # The terminal is gone.
            return CONNECTION_LOST
        if not data:
            if not os.isatty(self._descriptor):
                return CONNECTION_DONE
            self._ended()
            return None
        *lines, rest = data.split(b"\n")
        for line in lines:
            self._keep(line)
            self._endLine()
        self._keep(rest)
        self._deliver()
        return None

    def connectionLost(self, reason: Failure) -> None:
        """
        The end of input; a last line without its newline counts.
        """
        if self._size:
            self._endLine()
            self._deliver()
        self._ended()

    def _keep(self, data: bytes) -> None:
        self._size += len(data)
        if self._size <= self._maxBytes:
            self._chunks.append(data)
        else:
            self._chunks.clear()

    def _endLine(self) -> None:
        self._lines.append(b"".join(self._chunks) if self._size <= self._maxBytes else None)
        self._chunks.clear()
        self._size = 0

    def _deliver(self) -> None:
        while self._lines and not self._paused:
            line = self._lines.popleft()
            if line is None:
                self._tooLong()
            else:
                self._lineReceived(line.decode("utf-8", "replace").removesuffix("\r"))


@implementer(IWriteDescriptor)
class LineWriter:
    """
    Writes lines, and tells when each is written. A slow reader holds nobody else up.

    :param reactor: waits until the descriptor can be written.
    :param descriptor: to write to.
    :param lost: called once, with why, when nobody reads any more.
    """

    def __init__(self, reactor: Any, descriptor: int, lost: Callable[[str], object]) -> None:
        self._reactor = reactor
        self._descriptor = descriptor
        self._lost = lost
        self._waiting: deque[tuple[bytes, Deferred[bool]]] = deque()
        self._flushing: list[Deferred[None]] = []
        self._broken = False

    def fileno(self) -> int:
        """
        See ``IWriteDescriptor``.
        """
        return self._descriptor

    def logPrefix(self) -> str:
        """
        See ``IWriteDescriptor``.
        """
        return "stdout"

    def write(self, line: str) -> "Deferred[bool]":
        """
        Write a line; at once, if that does not block.

        :returns: fires with whether it was written.
        """
        if self._broken:
            return succeed(False)
        done: Deferred[bool] = Deferred()
        self._waiting.append(((line + "\n").encode("utf-8", "replace"), done))
        if len(self._waiting) == 1:
            self._writeNow()
            if self._waiting:
                self._reactor.addWriter(self)
        return done

    def flushed(self) -> "Deferred[None]":
        """
        :returns: fires when everything is written, or given up.
        """
        done: Deferred[None] = Deferred()
        self._flushing.append(done)
        self._tellFlushed()
        return done

    def doWrite(self) -> None:
        """
        Write a piece; the reactor has seen that there is room.
        """
        self._writePiece()
        if not self._waiting:
            self._reactor.removeWriter(self)
            self._tellFlushed()

    def connectionLost(self, reason: Failure) -> None:
        """
        See ``IWriteDescriptor``.
        """
        self._break(reason.getErrorMessage())

    def abandon(self) -> None:
        """
        Give up what is not written.
        """
        self._reactor.removeWriter(self)
        while self._waiting:
            self._waiting.popleft()[1].callback(False)
        self._tellFlushed()

    def _tellFlushed(self) -> None:
        while self._flushing and not self._waiting:
            self._flushing.pop().callback(None)

    def _writeNow(self) -> None:
        while self._waiting and canWrite(self._descriptor) and self._writePiece():
            pass

    def _writePiece(self) -> bool:
        """
        :returns: whether more may be written at once.
        """
        data, done = self._waiting[0]
        try:
            written = os.write(self._descriptor, data[:_ONE_WRITE])
        except BlockingIOError:
            return False
        except OSError as error:
            self._break(os.strerror(error.errno or 0))
            return False
        if written < len(data):
            self._waiting[0] = data[written:], done
        else:
            self._waiting.popleft()
            done.callback(True)
        return True

    def _break(self, why: str) -> None:
        if not self._broken:
            self._broken = True
            self.abandon()
            self._lost(why)


def canWrite(descriptor: int) -> bool:
    """
    Whether a short write would not block.
    """
    room = select.poll()
    room.register(descriptor, select.POLLOUT)
    return bool(room.poll(0))
