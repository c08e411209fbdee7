"""
Gives a server up that does not answer, though its connections stay: nothing else ends that wait.
"""

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall

# Looks after which nobody waits any more: once there is a connection, and in all, since to make one
# at one host after the other takes its time. A program that stood still for long has missed all but
# one look, and the answer may be there.
_LOOKS = 3
_LOOKS_IN_ALL = 15

#: Runs a call with a cursor in a transaction of its own.
Run = Callable[[Callable[[Any], Any]], "Deferred[Any]"]


class _Question:
    def __init__(self, call: Callable[[Any], Any]) -> None:
        self._call = call
        self._reached = False
        self._looks = self._looksInAll = 0

    def ask(self, cursor: Any) -> Any:
        # In a thread, and not before there is a connection.
        self._reached = True
        return self._call(cursor)

    def isOverdue(self) -> bool:
        self._looksInAll += 1
        self._looks += self._reached
        return self._looks == _LOOKS or self._looksInAll == _LOOKS_IN_ALL


class AnswerLimit:
    """
    Asks, and waits for so long.

    :param run: how calls reach the server.
    :param reactor: measures the time.
    :param seconds: that an answer may take.
    :param unanswered: called when there was none; it ends the wait.
    """

    def __init__(
        self, run: Run, reactor: Any, seconds: float, unanswered: Callable[[], object]
    ) -> None:
        self._run = run
        self._reactor = reactor
        self._interval = seconds / _LOOKS
        self._unanswered = unanswered

    def run(self, call: Callable[[Any], Any]) -> "Deferred[Any]":
        """
        See :data:`Run`.
        """
        question = _Question(call)
        looking = LoopingCall(self._look, question)
        looking.clock = self._reactor
        looking.start(self._interval, now=False)
        return self._run(question.ask).addBoth(self._answered, looking)

    def _look(self, question: _Question) -> None:
        if question.isOverdue():
            self._unanswered()

    def _answered(self, result: Any, looking: LoopingCall) -> Any:
        looking.stop()
        return result
