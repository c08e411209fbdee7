"""
The door as a resource of twisted.web: each request is judged, answered, and given its headers.

::

    request --> who asks --> route --> may it --> answer

It hangs in a site of our own, or in that of a program that has one.
"""

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.http import Request
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET

from twisted_messenger.address import Source
from twisted_messenger.errors import StoreClosed, StoreError, StoreUncertain
from twisted_messenger.refusal import Refusal
from twisted_messenger.web.answering import Answering
from twisted_messenger.web.door import Door
from twisted_messenger.web.doorkeeper import Knock
from twisted_messenger.web.origins import SAFE, Entrance, Headers
from twisted_messenger.web.patience import Impatient, inTime
from twisted_messenger.web.problems import RETRY_SECONDS, Problem
from twisted_messenger.web.requests import Asked, textIn
from twisted_messenger.web.rights import Right
from twisted_messenger.web.routes import Answer, Stream

#: Seconds that an answer may take, until somebody is told that nobody knows.
ANSWER_SECONDS = 30.0


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
        answering = Answering(request)
        answered = Deferred.fromCoroutine(self._answer(request, answering))
        answered.addErrback(self._broken, request)
        return NOT_DONE_YET

    async def _answer(self, request: Any, answering: Answering) -> None:
        knock = self._knock(request)
        await self._turn(knock, answering)
        if answering.isGone:
            return
        found = await self._found(request, knock)
        if not isinstance(found, Problem):
            answering.answer(found)
            return
        if not found.isCounted:
            self._refused(found, knock.peer)
        if found.code == "rate":
            # Who asks too fast is answered late, and waits for that.
            await deferLater(self._door.clock, RETRY_SECONDS)
            await self._turn(knock, answering)
        answering.refuse(found)

    async def _found(self, request: Any, knock: Knock) -> Answer | Stream | Problem:
        try:
            return await self._asked(request, knock)
        except Exception as error:
            # Where it was raised does not matter, and would keep all of this in memory until
            # Python looks for cycles: many of them at once take it long.
            return self._problem(error).with_traceback(None)

    async def _turn(self, knock: Knock, answering: Answering) -> None:
        """
        Let the room, and others, come first.
        """
        subscriber = self._door.keeper.subscriberOf(knock)
        if subscriber is not None and not answering.isGone:
            await answering.inTurn(self._door.turns.take(subscriber))

    def _knock(self, request: Any) -> Knock:
        headers = _headersOf(request)
        where, peer = request.getHost(), request.getClientAddress()
        entrance = Entrance(
            getattr(where, "host", None), getattr(where, "port", None), request.isSecure()
        )
        source = Source.between(getattr(peer, "host", None), entrance.host, localPort=entrance.port)
        method = request.method.decode("latin-1")
        isOld = request.clientproto == b"HTTP/1.0"
        return Knock(method, headers, source, entrance, self._atControl, isOld)

    async def _asked(self, request: Any, knock: Knock) -> Answer | Stream:
        door = self._door
        caller = door.keeper.identify(knock)
        path = [textIn(part, "the path") for part in request.postpath or [b""]]
        route, names = door.routes.find(knock.method, path)
        door.keeper.judge(knock, caller, route.right)
        if not door.isOpen and route.right is not Right.NOTHING:
            raise Problem("shutdown", "the room does not run now")
        body = request.content.read(door.maxBodyBytes + 1)
        if len(body) > door.maxBodyBytes:
            raise Problem("too_big", f"a body has at most {door.maxBodyBytes} bytes")
        query = request.uri.partition(b"?")[2]
        asked = Asked(caller, names, knock.headers, query, body)
        answering = Deferred.fromCoroutine(route.answer(asked))
        try:
            return await inTime(answering, door.clock, ANSWER_SECONDS)
        except Impatient:
            if knock.method in SAFE:
                raise Problem("store_unavailable", "it takes too long") from None
            raise Problem("unknown", "it takes too long; it may be done yet") from None

    def _problem(self, error: Exception) -> Problem:
        if isinstance(error, Problem):
            return error
        if isinstance(error, StoreClosed):
            return Problem("shutdown", "the server is stopping")
        if isinstance(error, StoreUncertain):
            return Problem("unknown", "it may be done, or not")
        if isinstance(error, StoreError):
            return Problem("store_unavailable", "the store does not answer now")
        self.log.failure("a request was not answered", Failure(error))
        return Problem("unknown", "something went wrong here; the log says what")

    def _refused(self, problem: Problem, peer: Source) -> None:
        self._door.refusals.refused(Refusal(problem.code, problem.detail), peer)

    def _broken(self, reason: Failure, request: Any) -> None:
        self.log.failure("an answer was not written", reason)
        request.loseConnection()


def _headersOf(request: Request) -> Headers:
    """
    The headers of a request, each name once.
    """
    return {
        name.decode("latin-1").lower(): ", ".join(value.decode("latin-1") for value in values)
        for name, values in request.requestHeaders.getAllRawHeaders()
    }
