"""
Writes answers, with the headers that each has.
"""

from typing import Any

from twisted.internet.defer import Deferred

from twisted_messenger.web.problems import RETRY_SECONDS, Problem
from twisted_messenger.web.routes import JSON, Answer, BadMethod, Stream

#: Said with each answer: nothing is loaded from elsewhere, shown elsewhere, guessed, or kept.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self';"
    " connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self';"
    " frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    # Nobody is told which versions of what there are.
    "Server": "twisted_messenger",
}

_UNAUTHORIZED = 401

_LATER = (429, 503, 504)

# Twisted knows no words for these.
_WORDS = {421: b"Misdirected Request", 422: b"Unprocessable Content", 429: b"Too Many Requests"}


class Answering:
    """
    Answers one request, unless nobody waits for it any more.

    :param request: of twisted.web.
    """

    def __init__(self, request: Any) -> None:
        self._request = request
        #: Whether nobody waits for it any more.
        self.isGone = False
        self._turn: Deferred[None] | None = None
        request.notifyFinish().addErrback(self._gone)

    def _gone(self, reason: object) -> None:
        self.isGone = True
        if self._turn is not None:
            self._turn.cancel()

    def inTurn(self, turn: "Deferred[None]") -> "Deferred[None]":
        """
        Wait for a turn, and give it up when nobody waits for the answer any more.

        :returns: the same.
        """
        self._turn = turn
        return turn

    def refuse(self, problem: Problem) -> None:
        """
        Say why not.
        """
        headers = {}
        if problem.status in _LATER:
            headers["Retry-After"] = str(RETRY_SECONDS)
        if isinstance(problem, BadMethod):
            headers["Allow"] = problem.allowed
        if problem.status == _UNAUTHORIZED:
            headers["WWW-Authenticate"] = "Bearer"
        self.answer(Answer(problem.body, problem.status, JSON, headers))

    def answer(self, answer: Answer | Stream) -> None:
        """
        Answer.
        """
        if self.isGone:
            return
        request = self._request
        for name, value in HEADERS.items():
            request.setHeader(name, value)
        request.setHeader("Content-Type", answer.contentType)
        if isinstance(answer, Answer):
            self._say(answer)
        else:
            self._begin(answer)

    def _say(self, answer: Answer) -> None:
        request = self._request
        request.setResponseCode(answer.status, _WORDS.get(answer.status))
        for name, value in answer.headers.items():
            request.setHeader(name, value)
        request.setHeader("Content-Length", str(len(answer.body)))
        request.write(answer.body)
        request.finish()

    def _begin(self, stream: Stream) -> None:
        request = self._request
        # Proxies are not to gather what is to be seen at once.
        request.setHeader("X-Accel-Buffering", "no")
        if request.method == b"HEAD":
            request.finish()
            return
        # Its head goes out before anything is said.
        request.write(b"")
        stream.begin(request)
