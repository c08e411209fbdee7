"""
The door as a resource of twisted.web: each request is judged, answered, and given its headers.

::

    request --> Host, Origin --> rate --> route --> right --> answer

It hangs in a site of our own, or in that of a program that has one.
"""

from typing import Any

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.web.http import Request
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET

from twisted_messenger.address import Source
from twisted_messenger.errors import StoreClosed, StoreError, StoreUncertain
from twisted_messenger.web.door import Door
from twisted_messenger.web.origins import Entrance, Headers
from twisted_messenger.web.problems import RETRY_SECONDS, Problem
from twisted_messenger.web.requests import Asked, textIn
from twisted_messenger.web.rights import Caller
from twisted_messenger.web.routes import JSON, Answer, BadMethod, Stream

#: Said with each answer: nothing is loaded from elsewhere, shown elsewhere, or guessed.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self';"
    " connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self';"
    " frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}

_LATER = (429, 503, 504)


class DoorResource(Resource):
    """
    Answers everything below its place.

    :param door: what is there.
    :param atControl: whether only who may do all gets here.
    """

    isLeaf = True
    log = Logger()

    def __init__(self, door: Door, atControl: bool = False) -> None:
        super().__init__()
        self._door = door
        self._atControl = atControl

    def render(self, request: Any) -> int:
        """
        Answer, sooner or later.
        """
        answering = _Answering(request)
        Deferred.fromCoroutine(self._answer(request)).addCallbacks(
            answering.answer, self._failed, errbackArgs=(answering,)
        ).addErrback(self._broken, request)
        return NOT_DONE_YET

    async def _answer(self, request: Any) -> Answer | Stream:
        headers = _headersOf(request)
        method = textIn(request.method, "the method")
        caller = self._callerOf(request, headers)
        path = [textIn(part, "the path") for part in request.postpath or [b""]]
        route, names = self._door.routes.find(method, path)
        if not self._atControl:
            self._door.judgeSite(method, headers, _entranceOf(request), route.right)
        self._door.judgeRight(route.right, caller)
        query = request.uri.partition(b"?")[2]
        assert request.content is not None
        return await route.answer(Asked(caller, names, headers, query, request.content.read()))

    def _callerOf(self, request: Request, headers: Any) -> Caller:
        entrance = _entranceOf(request)
        if self._atControl:
            return Caller(Source(), atControl=True, isBeyond=False)
        peer = getattr(request.getClientAddress(), "host", None)
        source = Source.between(peer, entrance.host, None, entrance.port)
        return self._door.callerFrom(source, headers, entrance)

    def _failed(self, reason: Any, answering: "_Answering") -> None:
        error = reason.value
        if isinstance(error, StoreClosed):
            error = Problem("shutdown", "the server is stopping", True)
        elif isinstance(error, StoreUncertain):
            error = Problem("unknown", "it may be stored", True)
        elif isinstance(error, StoreError):
            error = Problem("store_unavailable", "the store does not answer now", True)
        if not isinstance(error, Problem):
            self.log.failure("a request was not answered", reason)
            error = Problem("unknown", "something went wrong here; the log has it")
        answering.answer(_refusing(error))

    def _broken(self, reason: Any, request: Request) -> None:
        self.log.failure("an answer was not written", reason)
        request.loseConnection()


def _entranceOf(request: Request) -> Entrance:
    where = request.getHost()
    return Entrance(getattr(where, "host", None), getattr(where, "port", None), request.isSecure())


def _headersOf(request: Request) -> Headers:
    """
    The headers of a request, each name once.
    """
    return {
        name.decode("latin-1").lower(): ", ".join(value.decode("latin-1") for value in values)
        for name, values in request.requestHeaders.getAllRawHeaders()
    }


def _refusing(problem: Problem) -> Answer:
    headers = {}
    if problem.status in _LATER:
        headers["Retry-After"] = str(RETRY_SECONDS)
    if isinstance(problem, BadMethod):
        headers["Allow"] = problem.allowed
    if problem.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return Answer(problem.body, problem.status, JSON, headers)


class _Answering:
    """
    Writes one answer, unless nobody waits for it any more.
    """

    def __init__(self, request: Any) -> None:
        self._request = request
        self._isGone = False
        request.notifyFinish().addErrback(self._gone)

    def _gone(self, reason: object) -> None:
        self._isGone = True

    def answer(self, answer: Answer | Stream) -> None:
        """
        Answer.
        """
        if self._isGone:
            return
        request = self._request
        for name, value in HEADERS.items():
            request.setHeader(name, value)
        request.setHeader("Content-Type", answer.contentType)
        if not isinstance(answer, Answer):
            self._begin(answer)
            return
        request.setResponseCode(answer.status)
        for name, value in answer.headers.items():
            request.setHeader(name, value)
        request.setHeader("Content-Length", str(len(answer.body)))
        request.write(answer.body)
        request.finish()

    def _begin(self, stream: Stream) -> None:
        request = self._request
        request.setHeader("X-Accel-Buffering", "no")
        if request.method == b"HEAD":
            request.finish()
            return
        # Its head goes out before anything is said.
        request.write(b"")
        stream.begin(request)
