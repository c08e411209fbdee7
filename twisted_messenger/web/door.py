"""
What all entrances share: the room, who may do what, and who reads.
"""

from dataclasses import dataclass, field
from typing import Any

from twisted_messenger.address import Source
from twisted_messenger.interfaces import MessageStore
from twisted_messenger.room.chatroom import ChatRoom
from twisted_messenger.web.events import StreamRoutes
from twisted_messenger.web.health import HealthRoutes
from twisted_messenger.web.members import MemberRoutes
from twisted_messenger.web.messages import MessageRoutes
from twisted_messenger.web.origins import Entrance, Headers, Origins
from twisted_messenger.web.pages import PageRoutes
from twisted_messenger.web.readers import Readers
from twisted_messenger.web.rights import Caller, DoorRules, Right
from twisted_messenger.web.routes import Routes
from twisted_messenger.web.tokens import isToken


@dataclass(frozen=True)
class DoorAccess:
    """
    What an operator says of who may use the door.

    :param token: opens everything; "" where there is none.
    :param readOpen: whether everybody may read without it.
    :param origins: which proxies are believed, and which names are ours.
    :param control: the path of the control socket, if there is one.
    """

    token: str = field(default="", repr=False)
    readOpen: bool = False
    origins: Origins = field(default_factory=Origins)
    control: str = ""


class Door:
    """
    A room's door.

    :param reactor: measures time.
    :param store: whose log is read as it goes on.
    :param room: takes messages.
    :param access: who may use it.
    """

    def __init__(
        self, reactor: Any, store: MessageStore, room: ChatRoom, access: DoorAccess | None = None
    ) -> None:
        access = access or DoorAccess()
        self._token = access.token
        self._origins = access.origins
        self._rules = DoorRules(bool(access.token), access.readOpen, access.control)
        #: Who reads as it goes on.
        self.readers = Readers(store, reactor)
        #: What may be asked for.
        self.routes = Routes(
            [
                *MessageRoutes(room).routes(),
                *StreamRoutes(room, self.readers).routes(),
                *MemberRoutes(room).routes(),
                *HealthRoutes(room).routes(),
                *PageRoutes().routes(),
            ]
        )

    def callerFrom(self, peer: Source, headers: Headers, entrance: Entrance) -> Caller:
        """
        Find who asks.
        """
        problem = self._origins.judgeHost(headers.get("host", ""), entrance)
        if problem is not None:
            raise problem
        shown = isToken(headers.get("authorization", ""), self._token)
        source, isBeyond = self._origins.sourceOf(peer, headers)
        return Caller(source, isBeyond=isBeyond, hasToken=shown)

    def judgeSite(self, method: str, headers: Headers, entrance: Entrance, right: Right) -> None:
        """
        Judge which page made a browser ask.
        """
        problem = self._origins.judgeSite(method, headers, entrance, right is Right.NOTHING)
        if problem is not None:
            raise problem

    def judgeRight(self, right: Right, caller: Caller) -> None:
        """
        Judge whether somebody may use a route.
        """
        problem = self._rules.judge(right, caller)
        if problem is not None:
            raise problem
