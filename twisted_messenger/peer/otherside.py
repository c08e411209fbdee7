"""
Whether a friend or a server is there, and what the person is told of it.
"""

import re
from collections.abc import Callable
from errno import ECONNREFUSED

from twisted_messenger.push.interfaces import Outcome, PushResult


def nothing(*told: object) -> None:
    """
    Tell nobody.
    """


class OtherSide:
    """
    Somebody whom messages are sent to.

    :param label: what the person calls it.
    :param notice: called with a line for the person when it goes or comes.
    :param returned: called when it is there again, with whether nobody listened there meanwhile.
    """

    def __init__(
        self,
        label: str,
        notice: Callable[[str], object],
        returned: Callable[[bool], object] = nothing,
    ) -> None:
        self.label = label
        #: Whether it was not there the last times.
        self.away = False
        #: Whether it has ever answered.
        self.reached = False
        self._wasRefused = False
        self._notice = notice
        self._returned = returned

    def failed(self, result: PushResult, *, isAway: bool) -> None:
        """
        It was not reached, or takes nothing now.

        :param isAway: whether that is worth a word.
        """
        self._wasRefused |= result.error == ECONNREFUSED
        if not isAway or self.away:
            return
        self.away = True
        if result.outcome is Outcome.DEFERRED:
            said = shownReply(result.reply)
            self._notice(f"{self.label} takes nothing now ({said}); what you say waits")
            return
        why = shortReason(result.detail)
        doubt = "" if self.reached else ". Is the address right, and does it run?"
        self._notice(f"{self.label} is not there ({why}); what you say waits{doubt}")

    def isBack(self, *, answered: bool) -> None:
        """
        A message is settled.

        :param answered: whether by a word of the other side.
        """
        wasRefused, self._wasRefused = self._wasRefused, False
        if self.away and answered:
            self.away = False
            self._notice(f"{self.label} is there again")
            self._returned(wasRefused)


def shownReply(reply: bytes) -> str:
    """
    What was answered, as a person reads it.
    """
    said = reply.decode("utf-8", "replace").strip()
    return said.removeprefix("!").removeprefix("~").strip()


def shortReason(detail: str) -> str:
    """
    Twisted's words for a failed connection, without those said twice.
    """
    system = re.search(r": \d+: (.+?)\.?$", detail)
    return system[1] if system else detail.rstrip(".")
