"""
Where pushes arrive.
"""

import socket
import struct
import threading
from collections.abc import Callable, Sequence

_RESET = struct.pack("ii", 1, 0)

# No server has reason to pause within a push.
_READ_TIMEOUT = 10.0

# What a kernel keeps unread for a program that asks for little; a push of some KiB does not fit.
_SMALL_BUFFER = 2048

# Seconds from the end of one half to the reset, so that a server sees both.
_HALF_CLOSED = 0.3


def resetOnClose(connection: socket.socket) -> None:
    """
    Let the close of a connection be a reset.
    """
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)


class Receiver:
    """
    Takes pushes as the tutorial's receivers do: one after the other, reads to the end, closes.

    :param host: an address of this machine.
    :param token: pushes without it are another's: taken, and forgotten.
    :param resets: the first connections are reset after a read of at most so many bytes.
    :param halfCloses: the first connection is half-closed unread, with most of a large push still
        on its way, and then reset.
    :param answers: the first texts with the token are answered so, line by line.
    :param holding: read to the end, but do not close before :meth:`release`.
    """

    def __init__(
        self,
        host: str,
        token: str,
        *,
        resets: Sequence[int] = (),
        halfCloses: bool = False,
        answers: Sequence[bytes] = (),
        holding: bool = False,
    ) -> None:
        self._socket = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        # Bound but not yet open, it refuses connections, and nobody else can take the port.
        self._socket.bind((host, 0))
        if halfCloses:
            # The connections inherit it.
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SMALL_BUFFER)
        self.port = int(self._socket.getsockname()[1])
        self._token = token
        self._resets = list(resets)
        self._halfCloses = halfCloses
        self._answers = list(answers)
        self._holding = holding
        self._held: list[socket.socket] = []
        self._texts: list[str] = []
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def listen(self) -> None:
        """
        Listen from now on, but never look at what comes.
        """
        self._socket.listen(128)

    def open(self) -> None:
        """
        Listen from now on.
        """
        self.listen()
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def wait(self, enough: Callable[[list[str]], bool], seconds: float) -> list[str]:
        """
        Wait until enough has come, or for so many seconds.

        :param enough: looks at everything since the last :meth:`forget`.
        :returns: everything since then, one text for each connection.
        """
        with self._changed:
            self._changed.wait_for(lambda: enough(self._texts), seconds)
            return list(self._texts)

    def forget(self) -> None:
        """
        Begin anew.
        """
        with self._changed:
            self._texts.clear()

    def hold(self) -> None:
        """
        From now on, read to the end, but do not close.
        """
        self._holding = True

    def release(self) -> None:
        """
        Close what was held; from now on, close at once.
        """
        with self._changed:
            self._holding = False
            for connection in self._held:
                connection.close()
            self._held.clear()

    def close(self) -> None:
        """
        Listen no longer.
        """
        self.release()
        if self._thread is not None:
            # A close alone does not wake an accept() in another thread.
            self._socket.shutdown(socket.SHUT_RDWR)
            self._thread.join(_READ_TIMEOUT)
        self._socket.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            connection.settimeout(_READ_TIMEOUT)
            try:
                self._take(connection)
            except OSError:
                # It broke, and brought nothing.
                connection.close()

    def _take(self, connection: socket.socket) -> None:
        if self._halfCloses:
            self._halfCloses = False
            connection.shutdown(socket.SHUT_WR)
            threading.Event().wait(_HALF_CLOSED)
            resetOnClose(connection)
            connection.close()
            return
        if self._resets:
            resetOnClose(connection)
            connection.recv(self._resets.pop(0))
            connection.close()
            return
        data = b""
        while chunk := connection.recv(65536):
            data += chunk
        text = data.decode("utf-8", "backslashreplace")
        with self._changed:
            if self._token in text:
                if self._answers:
                    connection.sendall(self._answers.pop(0))
                self._texts.append(text)
                self._changed.notify_all()
                if self._holding:
                    self._held.append(connection)
                    return
        connection.close()
