"""
The control socket: who may open it may do all.
"""

import errno
import os
import socket
import stat
from contextlib import suppress
from typing import Any

from twisted.internet.interfaces import IProtocolFactory
from twisted.python.failure import Failure

from twisted_messenger.errors import StartError
from twisted_messenger.incoming.listener import letIn
from twisted_messenger.incoming.unixport import UnixPort

# Bytes of a path that the kernel takes for a socket.
_MAX_PATH = 107

# It is made with this mode: later, somebody could have opened it already.
_MODE = 0o600

_BACKLOG = 64


class ControlPort(UnixPort):
    """
    A Unix socket that only its owner can open. Twisted would give it its mode when it is there.

    :param path: where; what a crash has left there is replaced.
    :param factory: makes protocols.
    :param reactor: reads it.
    """

    def __init__(self, path: str, factory: IProtocolFactory, reactor: Any) -> None:
        super().__init__(os.fsencode(path), factory, _BACKLOG, _MODE, reactor)
        self._given = path
        # Whatever becomes of the working directory.
        self._path = os.path.abspath(path)
        self._made: os.stat_result | None = None

    def startListening(self) -> None:
        """
        Make the socket, and accept from now on.

        :raises StartError: it cannot be used; the text is one line.
        """
        place = os.fsencode(self._given)
        if len(place) > _MAX_PATH:
            raise _unusable(self._given, f"over {_MAX_PATH} bytes")
        before = os.umask(0o777 & ~_MODE)
        try:
            self._replaceDead()
            listening = self.createInternetSocket()
            listening.bind(place)
            listening.listen(_BACKLOG)
            self._made = os.stat(self._path)
        except OSError as error:
            raise _unusable(self._given, error.strerror or str(error)) from None
        finally:
            os.umask(before)
        self.acceptOn(listening, _BACKLOG)

    def admit(self, vacancies: int) -> None:
        """
        Accept at most so many connections at once.

        :param vacancies: 0 to pause.
        """
        letIn(self, vacancies)

    def _replaceDead(self) -> None:
        with suppress(FileNotFoundError):
            if not stat.S_ISSOCK(os.lstat(self._path).st_mode):
                raise OSError(errno.EEXIST, "there is something else")
            if _isAlive(self._path):
                raise OSError(errno.EADDRINUSE, "in use by another process")
            os.unlink(self._path)

    def connectionLost(self, reason: Failure) -> None:
        """
        Remove the socket, unless it is another's by now.
        """
        with suppress(FileNotFoundError):
            if self._made is not None and os.path.samestat(self._made, os.stat(self._path)):
                os.unlink(self._path)
        super().connectionLost(reason)


def _isAlive(path: str) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        probe.setblocking(False)
        return probe.connect_ex(path) not in (errno.ENOENT, errno.ECONNREFUSED)


def _unusable(path: str, why: str) -> StartError:
    return StartError(f"control {path}: {why}; give another path, or none")
