"""
The server under test, as a sender sees it.
"""

import re
import socket
import threading
import time
from dataclasses import dataclass
from ipaddress import ip_address

from tests.conformance.setup import Setup
from tests.conformance.verdicts import Violation

#: Seconds that what was promised may take.
PATIENCE = 5.0

# Seconds between two connections. Ours takes 20 messages a second from one address other than
# its own loopback, and who does not look at the answer cannot be told.
_PACE = 1 / 16

# An answer is a line. A server that sends far more is not read to its end.
_MAX_ANSWER = 65536


@dataclass(frozen=True)
class Answer:
    """
    What a sender got.

    :param text: what the server wrote.
    :param trouble: how it ended, where that was no orderly close.
    """

    text: str
    trouble: str = ""

    @property
    def accepted(self) -> bool:
        """
        Whether it is a receipt: an orderly close without a byte, or after ``+ POSITION``.
        """
        return not self.trouble and bool(re.fullmatch("(\\+ [0-9]+\n)?", self.text))

    @property
    def obeyed(self) -> bool:
        """
        Whether it is a receipt, or any other line that begins with ``+``.
        """
        return not self.trouble and bool(re.fullmatch("(\\+ [^\n]*\n)?", self.text))

    def refuses(self, code: str = "[a-z_]+") -> bool:
        """
        Whether it is one line ``! CODE: DETAIL`` and an orderly close.

        :param code: a regular expression.
        """
        return not self.trouble and bool(re.fullmatch(f"! ({code}): [^\n]+\n", self.text))

    def mustAccept(self) -> str:
        """
        :returns: what was seen.
        :raises Violation: it is no receipt.
        """
        if not self.accepted:
            raise Violation(str(self))
        return str(self)

    def mustBe(self, line: str) -> str:
        """
        :param line: a regular expression for all of it.
        :returns: what was seen.
        :raises Violation: it is no such line, or no orderly close follows it.
        """
        if self.trouble or not re.fullmatch(f"{line}\n", self.text):
            raise Violation(str(self))
        return str(self)

    def mustRefuse(self, code: str) -> str:
        """
        :param code: a regular expression.
        :returns: what was seen.
        :raises Violation: it is no refusal with that code.
        """
        if not self.refuses(code):
            raise Violation(str(self))
        return str(self)

    def __str__(self) -> str:
        shown = [self.text.removesuffix("\n"), self.trouble]
        return ", ".join(filter(None, shown)) or "closed without a byte"


def readAnswer(connection: socket.socket) -> Answer:
    """
    Read to the server's end.
    """
    data = b""
    trouble = ""
    try:
        while len(data) < _MAX_ANSWER and (chunk := connection.recv(4096)):
            data += chunk
    except TimeoutError:
        trouble = f"no end in {connection.gettimeout():g} s"
    except ConnectionError:
        trouble = "reset"
    return Answer(data.decode("utf-8", "backslashreplace"), trouble)


class Server:
    """
    A chat server somewhere, and how it was found.

    :param host: as given by the user.
    :param callbackHost: where the server shall push; by default the address we come from.
    :param patience: seconds that what was promised may take.
    :param setup: what is said about it.
    :raises OSError: nobody listens there.
    """

    def __init__(
        self,
        host: str,
        port: int,
        callbackHost: str | None = None,
        patience: float = PATIENCE,
        setup: Setup | None = None,
    ) -> None:
        with socket.create_connection((host, port), patience) as probe:
            self.host = str(probe.getpeername()[0])
            #: The address that we come from.
            self.ownHost = str(probe.getsockname()[0])
        self.port = port
        self.patience = patience
        self.setup = setup or Setup()
        self.callbackHost = callbackHost or self.ownHost
        self.onLoopback = ip_address(self.ownHost).is_loopback
        wildcard = "::" if ":" in self.ownHost else "0.0.0.0"
        #: Where receivers listen: no further than the server can be.
        self.listenHost = self.ownHost if self.onLoopback else wildcard
        #: Why it answers no longer, or pushes no longer, as far as is known.
        self.deaf = self.mute = ""
        #: Whether it pushes in the order of sending, as far as is known.
        self.ordered = True
        self._nextConnection = 0.0
        self._pace = threading.Lock()

    def connect(self, source: str | None = None) -> socket.socket:
        """
        :param source: the address to come from.
        :raises OSError: it takes no connection.
        """
        if not self.onLoopback:
            self._keepPace()
        origin = None if source is None else (source, 0)
        return socket.create_connection((self.host, self.port), self.patience, origin)

    def _keepPace(self) -> None:
        with self._pace:
            now = time.monotonic()
            start = max(now, self._nextConnection)
            self._nextConnection = start + _PACE
        time.sleep(start - now)

    def send(self, data: bytes, source: str | None = None) -> Answer:
        """
        Send a message, end it, and read the answer.
        """
        try:
            with self.connect(source) as connection:
                connection.sendall(data)
                connection.shutdown(socket.SHUT_WR)
                return readAnswer(connection)
        except OSError as error:
            return Answer("", f"while sending: {error.strerror or error}")

    def hurl(self, data: bytes) -> None:
        """
        Send as the tutorial's clients do: both halves shut at once, no look at the answer.

        :raises OSError: such a client would die.
        """
        with self.connect() as connection:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_RDWR)
