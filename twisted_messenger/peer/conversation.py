"""
Whom a peer speaks to: a room, or a friend.
"""

from collections.abc import Callable
from typing import Protocol

from twisted.internet.defer import Deferred

from twisted_messenger.peer.addressbook import Friend
from twisted_messenger.peer.outbox import Outbox, Outboxes
from twisted_messenger.peer.ownmessage import Fate, State
from twisted_messenger.said import readReceipt
from twisted_messenger.wire import formatDeparture, formatRegistration, formatRoomMessage

#: Called with a line for the person.
Notice = Callable[[str], object]

#: What a person can do about a refused registration, by the server's reason.
_MENDS = {
    "foreign_callback": "give --host an address of yours that the server can reach",
    "unresolvable": "give --host an address of yours",
    "name_taken": "choose another --name",
    "bad_name": "choose another --name",
    "not_owner": "choose another --port",
    "low_port": "choose another --port",
    "own_port": "choose another --port",
}


class Conversation(Protocol):
    """
    What a person's lines go to.
    """

    @property
    def speaker(self) -> str:
        """
        What stands in front of the person's own lines.
        """

    @property
    def outbox(self) -> Outbox:
        """
        Where they wait.
        """

    def say(self, text: str) -> "Deferred[Fate]":
        """
        :returns: fires when it is settled; never fails.
        """


class Friendship:
    """
    Speaks to one friend, raw.

    :param outbox: leads to the friend.
    :param notice: called with a line for the person.
    """

    def __init__(self, outbox: Outbox, notice: Notice) -> None:
        self.outbox = outbox
        self._notice = notice

    @property
    def speaker(self) -> str:
        """
        ``to`` and the friend's label.
        """
        return f"to {self.outbox.label}"

    def say(self, text: str) -> "Deferred[Fate]":
        """
        Say something to the friend.
        """
        return self.outbox.send(text.encode).addCallback(self._said)

    def _said(self, fate: Fate) -> Fate:
        if fate.state is State.SENT and fate.detail:
            # A netcat's person may have typed something.
            self._notice(f"{self.outbox.label} answered: {fate.detail}")
            return Fate(State.SENT)
        return fate


class RoomMembership:
    """
    Speaks to a room.

    :param outboxes: where what is said waits.
    :param server: whose room it is.
    :param name: under which to speak.
    :param host: where the server shall push; ``0.0.0.0`` for "where I come from".
    :param notice: called with a line for the person.
    :param refused: called with the reason when the server does not register us at the start.
    """

    def __init__(
        self,
        outboxes: Outboxes,
        server: Friend,
        name: str,
        host: str,
        notice: Notice,
        refused: Notice,
    ) -> None:
        self.outbox = outboxes.to(server.host, server.port, server.label, self._returned)
        self.name = name
        self._host = host
        self._port = 0
        self._notice = notice
        self._refused = refused
        self._registering = False
        self._left = False

    @property
    def speaker(self) -> str:
        """
        The name in the room.
        """
        return self.name

    def join(self, port: int) -> None:
        """
        Register, now that pushes can arrive.

        :param port: where.
        """
        self._port = port
        self._register(self.name).addCallback(self._joined)

    def say(self, text: str) -> "Deferred[Fate]":
        """
        Say something to the room.
        """
        # The name is that of the moment it goes: a new one may be under way.
        said = self.outbox.send(lambda: formatRoomMessage(self.name, text))
        return said.addCallback(_byServer)

    def rename(self, name: str) -> "Deferred[None]":
        """
        Register anew under another name; a refusal leaves the old one.

        :param name: a clean one.
        :returns: fires when the server has answered.
        """
        return self._register(name).addCallback(self._renamed, name)

    def leave(self) -> "Deferred[Fate]":
        """
        End the membership, after everything that was said.
        """
        self._left = True
        departed = self.outbox.send(lambda: formatDeparture(self.name, self._host, self._port))
        return departed.addCallback(_byServer)

    def _register(self, name: str, first: bool = False) -> "Deferred[Fate]":
        self._registering = True
        registration = formatRegistration(name, self._host, self._port)
        return self.outbox.send(lambda: registration, first).addCallback(self._registered)

    def _registered(self, fate: Fate) -> Fate:
        self._registering = False
        return _byServer(fate)

    def _joined(self, fate: Fate) -> None:
        if fate.state is State.SENT:
            self._notice(f"joined as {self.name}")
        else:
            self._refused(f"the server did not register {self.name}: {_why(fate)}")

    def _renamed(self, fate: Fate, name: str) -> None:
        if fate.state is State.SENT:
            self.name = name
            self._notice(f"you are {name} now")
        else:
            self._notice(f"you are still {self.name}: {_why(fate)}")

    def _returned(self) -> None:
        """
        A server that kept its members in memory has forgotten us.
        """
        if not self._registering and not self._left:
            self._register(self.name, first=True).addCallback(self._registeredAgain)

    def _registeredAgain(self, fate: Fate) -> None:
        if fate.state is not State.SENT:
            self._notice(f"the server does not register you any more: {_why(fate)}")


def _byServer(fate: Fate) -> Fate:
    """
    A server takes a message without a word, or with a receipt; any other word means that it did
    not take it.
    """
    if fate.state is not State.SENT:
        return fate
    isTaken = readReceipt(fate.answer).stored
    return Fate(State.SENT) if isTaken else Fate(State.REFUSED, fate.detail)


def _why(fate: Fate) -> str:
    mend = _MENDS.get(fate.detail.partition(":")[0])
    return f"{fate.detail}; {mend}" if mend else fate.detail
