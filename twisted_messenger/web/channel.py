"""
One connection: how long it may take, and how much may come.

::

    IDLE --first byte--> ASKING --whole request--> WAITING (for us) --answer is written--> IDLE

Who is idle, or does not come to the end of a request, is closed in time. Who waits for us, or hears
the log as it goes on, is left alone.
"""

from io import BytesIO
from typing import Any

from twisted.internet.protocol import connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.http import HTTPChannel
from twisted.web.server import Request

from twisted_messenger.address import Source
from twisted_messenger.refusal import Refusal
from twisted_messenger.web.answering import HEADERS
from twisted_messenger.web.connections import Connections
from twisted_messenger.web.problems import Problem

#: Seconds that a connection may be silent between requests.
IDLE_SECONDS = 60.0

#: Seconds that a request may take to arrive.
REQUEST_SECONDS = 30.0

# Seconds in which what was written must have gone out, and the peer must have heard that we close.
_CLOSING_SECONDS = 15.0

#: Bytes of a request before its body.
MAX_HEADER_BYTES = 16 * 1024

_MAX_HEADERS = 100


class DoorRequest(Request):
    """
    A request whose body stays in memory, and within its bounds.
    """

    channel: "DoorChannel"
    content: BytesIO

    def gotLength(self, length: int | None) -> None:
        """
        The body begins.
        """
        self.content = BytesIO()

    def handleContentChunk(self, data: bytes) -> None:
        """
        More of it has come.
        """
        if self.channel.mayCome(self.content.tell() + len(data)):
            super().handleContentChunk(data)

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:
        """
        It is whole. Twisted would take a form apart here, however many fields it has.
        """
        self.content.seek(0)
        self.method, self.uri, self.clientproto = command, path, version
        self.path = path.partition(b"?")[0]
        self.args = {}
        self.process()


class DoorChannel(HTTPChannel):
    """
    A connection of a site.

    :param site: whose.
    :param connections: all of them.
    """

    log = Logger()
    totalHeadersSize = MAX_HEADER_BYTES
    maxHeaders = _MAX_HEADERS
    # The site looks at all connections together.
    timeOut = None
    requestFactory = DoorRequest
    transport: Any

    def __init__(self, site: object, connections: Connections) -> None:
        super().__init__()
        self.site = site
        self._all = connections
        self._source = Source()
        #: When its time is up; ``None`` where it waits for us.
        self.deadline: float | None = None
        self._isAsking = self._isClosing = False

    def connectionMade(self) -> None:
        """
        Somebody has come.
        """
        self._source = self._sourceNow()
        if not self._all.mayCome(self._source):
            self._isClosing = True
            self.transport.abortConnection()
            return
        super().connectionMade()
        self._rest()
        self._all.entered(self, self._source)

    def _sourceNow(self) -> Source:
        peer, here = self.transport.getPeer(), self.transport.getHost()
        return Source.between(getattr(peer, "host", None), getattr(here, "host", None))

    def _rest(self) -> None:
        self._isAsking = False
        self.deadline = self._all.now() + IDLE_SECONDS

    def dataReceived(self, data: bytes) -> None:
        """
        Something has come.
        """
        if self._isClosing:
            return
        source = self._sourceNow()
        if source != self._source:
            # A proxy has told who it is.
            self._source = source
            self._all.entered(self, source)
        if self.deadline is not None:
            self._all.cap.heard(self)
            if not self._isAsking:
                self._isAsking = True
                self.deadline = self._all.now() + REQUEST_SECONDS
        try:
            super().dataReceived(data)
        except Exception as error:
            # Twisted takes some numbers for what they are not.
            self._all.refusals.note(
                self._source, "a request cannot be read: {kind}", kind=type(error).__name__
            )
            self._closeWith(Problem("malformed", "the request cannot be read"))

    def lineLengthExceeded(self, line: bytes) -> None:
        """
        A header does not end.
        """
        self._closeWith(Problem("too_big", f"at most {MAX_HEADER_BYTES} bytes before the body"))

    def allHeadersReceived(self) -> None:
        """
        A body may follow. One that is too big is refused before it comes.
        """
        if self.length is None or self.mayCome(self.length):
            super().allHeadersReceived()

    def mayCome(self, size: int) -> bool:
        """
        Whether a body may have so many bytes; else that is told, and nothing more is read.
        """
        if self._isClosing:
            return False
        largest = self._all.bodies.keep(self, size)
        most = self._all.maxBodyBytes
        if size > most:
            self._closeWith(Problem("too_big", f"a body has at most {most} bytes"))
        elif largest is not None:
            largest.giveWay()
        return not self._isClosing

    def giveWay(self) -> None:
        """
        Let go of a body: too many come at once, and nobody's is larger.
        """
        self._closeWith(Problem("connection_cap", "too much comes at once", True))

    def allContentReceived(self) -> None:
        """
        A request is whole.
        """
        if self._isClosing:
            return
        self._all.bodies.keep(self, 0)
        self.deadline = None
        self._all.cap.occupied(self)
        super().allContentReceived()

    def requestDone(self, request: Any) -> None:
        """
        An answer is written.
        """
        self._rest()
        self._all.cap.heard(self)
        if self._all.isClosing:
            self.persistent = 0
        super().requestDone(request)

    def turnAway(self, refusal: Refusal) -> None:
        """
        There are too many connections already.
        """
        self._closeWith(Problem.of(refusal))

    def evict(self) -> None:
        """
        It was silent, and others wait.
        """
        self.loseConnection()

    def abort(self) -> None:
        """
        Go at once.
        """
        self.transport.abortConnection()

    def expire(self) -> None:
        """
        Its time is up: close, and cut who does not hear that.
        """
        if self._isClosing:
            self.abort()
            return
        self._close()
        self.loseConnection()

    def _close(self) -> None:
        self._isClosing = True
        self.deadline = self._all.now() + _CLOSING_SECONDS
        self._all.bodies.keep(self, 0)

    def _closeWith(self, problem: Problem) -> None:
        """
        Refuse what cannot be answered in the usual way, since it is not a whole request.
        """
        if not problem.isCounted:
            self._all.refusals.refused(Refusal(problem.code, problem.detail), self._source)
        self._close()
        lines = [
            f"HTTP/1.1 {problem.status} Refused",
            "Connection: close",
            "Content-Type: application/json",
        ]
        lines += [f"Content-Length: {len(problem.body)}"]
        lines += [f"{name}: {value}" for name, value in HEADERS.items()]
        self.transport.write("\r\n".join([*lines, "", ""]).encode() + problem.body)
        self.loseConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """
        It is gone.
        """
        self._all.left(self)
        super().connectionLost(reason)
