"""
A peer at a terminal: listens, shows what arrives, sends what is typed.
"""

from collections.abc import Callable
from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.interfaces import IReadDescriptor

from twisted_messenger.listener import Listener
from twisted_messenger.outbox import Outbox
from twisted_messenger.receipt import ReceiptFactory
from twisted_messenger.wire import formatRegistration, formatRoomMessage

Notice = Callable[[str], object]


_MENDS = {
    b"foreign_callback": "give --host that address, if the server can reach you there",
    b"name_taken": "choose another --name",
    b"low_port": "choose another --port",
}


class RoomMembership:
    """
    Speaks to a room.

    :param outbox: leads to the server.
    :param name: under which to speak.
    :param host: where the server shall push; ``0.0.0.0`` for "where I come from".
    :param notice: called with a line for the person.
    :param refused: called with the reason when the server does not register us.
    """

    def __init__(
        self, outbox: Outbox, name: str, host: str, notice: Notice, refused: Notice
    ) -> None:
        self.outbox = outbox
        self._name = name
        self._host = host
        self._notice = notice
        self._refused = refused

    def listening(self, port: int) -> None:
        """
        Register, now that pushes can arrive.
        """
        joined = self.outbox.send(formatRegistration(self._name, self._host, port))
        joined.addCallback(self._registered)

    def say(self, line: str) -> None:
        """
        Say a line to the room.
        """
        self.outbox.send(formatRoomMessage(self._name, line)).addCallback(self._said)

    def _registered(self, reply: bytes) -> None:
        if not reply:
            self._notice(f"joined as {self._name}")
            return
        mends = [mend for reason, mend in _MENDS.items() if reply.startswith(b"! " + reason)]
        why = "; ".join([_shown(reply), *mends])
        self._refused(f"the server did not register {self._name}: {why}")

    def _said(self, reply: bytes) -> None:
        if reply:
            self._notice(f"not sent: {_shown(reply)}")


class Friendship:
    """
    Speaks to one friend, raw.

    :param outbox: leads to the friend.
    :param notice: called with a line for the person.
    """

    def __init__(self, outbox: Outbox, notice: Notice) -> None:
        self.outbox = outbox
        self._notice = notice

    def listening(self, port: int) -> None:
        """
        A friend needs no registration.
        """

    def say(self, line: str) -> None:
        """
        Say a line to the friend.
        """
        self.outbox.send(line.encode()).addCallback(self._said)

    def _said(self, reply: bytes) -> None:
        if reply:
            self._notice(f"your friend answered: {_shown(reply)}")


def _shown(reply: bytes) -> str:
    return reply.decode("utf-8", "replace")


class PeerService(Service):
    """
    Listens, and lets a conversation speak.

    :param reactor: reads the terminal.
    :param listener: where messages arrive.
    :param factory: takes them.
    :param conversation: whom to speak to; ``None`` only receives.
    :param terminal: the lines that are typed; ``None`` where there is nobody to speak to.
    :param notice: called with a line for the person.
    """

    def __init__(
        self,
        reactor: Any,
        listener: Listener,
        factory: ReceiptFactory,
        conversation: RoomMembership | Friendship | None,
        terminal: IReadDescriptor | None,
        notice: Notice,
    ) -> None:
        self._reactor = reactor
        self._listener = listener
        self._factory = factory
        self._conversation = conversation
        self._terminal = terminal
        self._notice = notice

    def startService(self) -> None:
        """
        Listen, then register, then read what is typed.

        :raises StartError: the port cannot be used.
        """
        self._listener.start(self._factory)
        super().startService()
        if self._conversation is None:
            port = self._listener.portNumber
            self._notice(f"receiving only, on port {port}; to talk give --friend or --server")
        else:
            self._conversation.listening(self._listener.portNumber)
        if self._terminal is not None:
            self._reactor.addReader(self._terminal)

    def stopService(self) -> "Deferred[None]":
        """
        Stop speaking, finish showing.

        :returns: fires when every connection is closed.
        """
        super().stopService()
        if self._terminal is not None:
            self._reactor.removeReader(self._terminal)
        if self._conversation is not None:
            unsent = len(self._conversation.outbox)
            self._conversation.outbox.stop()
            if unsent:
                self._notice(f"not delivered: {unsent}")
        return ensureDeferred(self._stop())

    async def _stop(self) -> None:
        await self._listener.stop()
        await self._factory.drained()
