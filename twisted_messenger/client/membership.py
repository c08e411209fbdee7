"""
The registration of a client: made, asked after, given up.
"""

from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from twisted_messenger.options import RegistrationOptions
from twisted_messenger.peer.outbox import Outbox
from twisted_messenger.peer.ownmessage import Fate, State
from twisted_messenger.peer.refreshing import Refreshing, trapCancelled
from twisted_messenger.peer.standing import Standing, readStanding
from twisted_messenger.refusal import Refusal
from twisted_messenger.roster import PLAIN, Enrolled, MemberOptions
from twisted_messenger.said import readReceipt
from twisted_messenger.text import escapeLine
from twisted_messenger.wire import formatDeparture, formatRegistration

# Seconds until it is registered again where nobody knows whether it is.
_AGAIN_SECONDS = 5.0

# Characters of a server's words that are logged.
_MAX_SHOWN = 200


class Membership:
    """
    Keeps a name registered.

    :param reactor: measures time.
    :param outbox: leads to the server.
    :param name: a clean one.
    :param key: takes the name back from wherever; ``None`` for none.
    :param options: how the pushes shall be.
    """

    log = Logger()

    def __init__(
        self, reactor: Any, outbox: Outbox, name: str, key: str | None, options: MemberOptions
    ) -> None:
        self._reactor = reactor
        self._outbox = outbox
        self._name = name
        self._key = key
        self._options = options
        self._callback = ("", 0)
        self._answer: Enrolled | Refusal | None = None
        self._waiting: list[Deferred[Enrolled | Refusal]] = []
        self._asked: Deferred[Any] | None = None
        self._timer: IDelayedCall | None = None
        self._refreshing = Refreshing(reactor, outbox, self._question, self._answered)

    @property
    def joined(self) -> "Deferred[Enrolled | Refusal]":
        """
        A Deferred that fires with the server's answer to the registration of the present start, or
        of the next one.
        """
        if self._answer is not None:
            return succeed(self._answer)
        waiting: Deferred[Enrolled | Refusal] = Deferred()
        self._waiting.append(waiting)
        return waiting

    def begin(self, host: str, port: int) -> None:
        """
        Register.

        :param host: where the server shall push; ``0.0.0.0`` for "where I come from".
        """
        self._callback = host, port
        self._register()

    def end(self) -> None:
        """
        Ask no more; the registration is left as it is.
        """
        self._answer = None
        self._refreshing.end()
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        if self._asked is not None:
            self._asked.cancel()

    def leave(self) -> "Deferred[Fate]":
        """
        Give the registration up, after what was said before.
        """
        self.end()
        departure = formatDeparture(self._name, *self._callback)
        return self._outbox.send(lambda: departure)

    def refresh(self) -> None:
        """
        Ask whether the registration stands, and have it made if it does not.
        """
        if isinstance(self._answer, Enrolled):
            self._refreshing.ask()

    def _register(self) -> None:
        self._asked = self._outbox.send(self._registration, first=True)
        self._asked.addBoth(self._over).addCallbacks(self._registered, trapCancelled)

    def _registration(self) -> bytes:
        # A server of the tutorial, or of before there were options, knows four fields.
        plain = self._key is None and self._options == PLAIN
        options = None if plain else RegistrationOptions(self._options, self._key)
        return formatRegistration(self._name, *self._callback, options)

    def _question(self) -> bytes:
        options = RegistrationOptions(self._options, self._key, refresh=True)
        return formatRegistration(self._name, *self._callback, options)

    def _over(self, result: Fate | Failure) -> Fate | Failure:
        self._asked = None
        return result

    def _registered(self, fate: Fate) -> None:
        if fate.state is State.UNKNOWN:
            self._timer = self._reactor.callLater(_AGAIN_SECONDS, self._register)
            return
        answer = readReceipt(fate.answer)
        if isinstance(answer, Refusal):
            self._refused(answer)
        else:
            self._refreshing.askLater()
            self._tell(Enrolled(position=answer.position))

    def _answered(self, fate: Fate) -> None:
        standing = readStanding(fate)
        if standing is Standing.REFUSED:
            refusal = readReceipt(fate.answer)
            assert isinstance(refusal, Refusal)
            self._refused(refusal)
        elif standing is not Standing.OLDER:
            self._refreshing.askLater()

    def _refused(self, refusal: Refusal) -> None:
        why = escapeLine(f"{refusal.code}: {refusal.detail}", _MAX_SHOWN)
        self.log.error("{name} is not registered: {why}", name=self._name, why=why)
        self._tell(refusal)

    def _tell(self, answer: Enrolled | Refusal) -> None:
        self._answer = answer
        waiting, self._waiting = self._waiting, []
        for one in waiting:
            one.callback(answer)
