"""
A whole room in memory.
"""

import socket
from typing import Any

from twisted.internet.defer import Deferred, fail

from twisted_messenger.room.chatroom import ChatRoom
from twisted_messenger.service.assembly import chatService
from twisted_messenger.service.chatservice import ChatService
from twisted_messenger.stores.memory import MemoryStore
from twisted_messenger.testing.network import MemoryNetwork


class MemoryRoom:
    """
    A room that has started and listens on a network in memory, with nothing of the real world: no
    socket, no clock, no thread, no name but ``localhost``::

        room = MemoryRoom(policy=AdmissionPolicy(senders=Senders.ANY))
        member = CollectingFactory()
        room.network.listenTCP(9001, member)
        room.room.register("ann", "localhost", 9001)
        room.room.post("app", "hello")
        room.advance(0)
        assert member.messages == [b"app: hello"]

    :param options: those of :func:`~twisted_messenger.service.assembly.chatService`; without
        ``listen`` it listens at port 8880.
    """

    def __init__(self, **options: Any) -> None:
        #: Where it listens, and where its members may.
        self.network = MemoryNetwork()
        #: The service.
        self.service: ChatService = chatService(
            self.network,
            **{"store": MemoryStore(self.network.seconds), "resolve": _nobody, **options},
        )
        self.service.startService()
        self.network.settle()

    @property
    def room(self) -> ChatRoom:
        """
        What registrations and messages are given to.
        """
        return self.service.room

    def advance(self, seconds: float = 0) -> None:
        """
        Let time pass, and everything happen that is due.

        :param seconds: 0 or more.
        """
        self.network.advance(seconds)

    def stop(self) -> "Deferred[None]":
        """
        Stop the service.

        :returns: fires when it has stopped, most often at once.
        """
        stopped = self.service.stopService()
        self.network.settle()
        return stopped


def _nobody(host: str, asker: str) -> "Deferred[list[str]]":
    return fail(socket.gaierror(socket.EAI_NONAME, "no such name"))
