"""
Speaking to a room, as one of its members.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from twisted.internet.defer import Deferred, succeed

from twisted_messenger.peer.addressbook import Friend
from twisted_messenger.peer.conversation import Notice
from twisted_messenger.peer.mends import mendOfLine, mendOfRegistration
from twisted_messenger.peer.outboxes import Outboxes
from twisted_messenger.peer.ownmessage import Fate, State
from twisted_messenger.peer.registration import Registration, Server
from twisted_messenger.peer.standing import byServer
from twisted_messenger.wire import formatRoomMessage

_AGAIN = "if this server had not forgotten you, everything comes twice from now on"


class RoomMembership:
    """
    Speaks to a room.

    :param reactor: measures time.
    :param outboxes: where what is said waits.
    :param server: whose room it is.
    :param name: under which to speak.
    :param host: where the server shall push; ``0.0.0.0`` for "where I come from".
    :param notice: called with a line for the person.
    :param refused: called with the reason when the server does not register us at the start.
    :param key: takes the name along when our address changes; ``None`` for none.
    :param now: tells the time of day.
    """

    def __init__(
        self,
        reactor: Any,
        outboxes: Outboxes,
        server: Friend,
        name: str,
        host: str,
        notice: Notice,
        refused: Notice,
        key: str | None,
        now: Callable[[], datetime],
    ) -> None:
        self.outbox = outboxes.to(server.host, server.port, server.label, self._returned)
        self._notice = notice
        self._refused = refused
        self._left = False
        self._registration = Registration(reactor, self.outbox, name, host, key, notice, now)

    @property
    def speaker(self) -> str:
        """
        The name in the room.
        """
        return self._registration.name

    def join(self, port: int) -> None:
        """
        Register, now that pushes can arrive.

        :param port: where.
        """
        self._registration.port = port
        self._make().addCallback(self._joined, self._refused)

    def rejoin(self) -> None:
        """
        Register again, because the person says so: also where the name is elsewhere by now.
        """
        wasLeft, self._left = self._left, False
        if self._registration.server is Server.TUTORIAL:
            if wasLeft:
                # It could not be told so, and pushes as before.
                self._notice(f"joined as {self.speaker}")
                return
            self._notice(_AGAIN)
        self._make().addCallback(self._joined, self._notice)

    def say(self, text: str) -> "Deferred[Fate]":
        """
        Say something to the room.
        """
        self._registration.speaking()
        return self._send(text).addCallback(self._said, text)

    def rename(self, name: str) -> "Deferred[None]":
        """
        Register anew under another name; a refusal leaves the old one.

        :param name: a clean one.
        :returns: fires when the server has answered.
        """
        if self._registration.server is Server.TUTORIAL:
            self._notice(f"you are still {self.speaker}: this server would push everything twice")
            return succeed(None)
        return self._registration.make(name).addCallback(self._renamed)

    def leave(self) -> "Deferred[Fate]":
        """
        End the membership, after everything that was said.
        """
        self._left = True
        return self._registration.end()

    def who(self) -> "Deferred[str | None]":
        """
        Ask who is in the room.

        :returns: fires with their names, or ``None`` where the server does not tell.
        """
        return self._registration.who()

    def recall(self, count: int) -> "Deferred[Fate] | None":
        """
        Have what was said before pushed once more.

        :param count: how many messages, as far as the server has them.
        :returns: fires when the server has answered; ``None`` where it cannot.
        """
        return self._registration.recall(count)

    def _make(self) -> "Deferred[Fate]":
        return self._registration.make(self.speaker)

    def _joined(self, fate: Fate, refused: Notice) -> None:
        if fate.state is State.SENT:
            self._notice(f"joined as {self.speaker}")
            self._registration.ask()
        else:
            why = mendOfRegistration(fate.detail)
            refused(f"the server did not register {self.speaker}: {why}")

    def _renamed(self, fate: Fate) -> None:
        if fate.state is State.SENT:
            self._notice(f"you are {self.speaker} now")
        else:
            self._notice(f"you are still {self.speaker}: {mendOfRegistration(fate.detail)}")

    def _send(self, text: str, first: bool = False) -> "Deferred[Fate]":
        # The name is that of the moment it goes: a new one may be under way.
        return self.outbox.send(lambda: formatRoomMessage(self.speaker, text), first)

    def _said(self, fate: Fate, text: str) -> "Fate | Deferred[Fate]":
        judged = byServer(fate)
        if judged.state is not State.REFUSED:
            return judged
        if fate.detail.startswith("not_owner") and self._registration.follow(fate):
            # It has not been taken: it goes once more, behind the registration.
            return self._send(text, first=True).addCallback(byServer).addCallback(_withMend)
        return _withMend(judged)

    def _returned(self, restarted: bool) -> None:
        self._registration.returned(restarted)


def _withMend(fate: Fate) -> Fate:
    isRefused = fate.state is State.REFUSED
    return Fate(State.REFUSED, mendOfLine(fate.detail)) if isRefused else fate
