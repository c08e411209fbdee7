"""
What all entrances share: who may come in, what may be asked for, and who reads.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any

from twisted_messenger.eventlog import EventLog
from twisted_messenger.interfaces import MessageStore
from twisted_messenger.room.chatroom import ChatRoom
from twisted_messenger.web.access import DoorAccess
from twisted_messenger.web.connections import MAX_CONNECTIONS
from twisted_messenger.web.counters import CounterRoutes
from twisted_messenger.web.doorkeeper import Doorkeeper
from twisted_messenger.web.events import StreamRoutes
from twisted_messenger.web.health import HealthRoutes
from twisted_messenger.web.members import MemberRoutes
from twisted_messenger.web.messages import MessageRoutes
from twisted_messenger.web.metrics import Gauges, MetricRoutes
from twisted_messenger.web.pages import PageRoutes
from twisted_messenger.web.readers import Readers
from twisted_messenger.web.readiness import Readiness
from twisted_messenger.web.routes import Routes
from twisted_messenger.web.turns import Turns

# A text may be six times as long in JSON, and the rest is names and braces.
_JSON_GROWTH = 6
_MORE_BYTES = 4096


class Door:
    """
    A room's door.

    :param reactor: measures time.
    :param store: whose log is read as it goes on.
    :param room: takes messages.
    :param access: who may use it.
    :param control: the path of the control socket; "" where there is none.
    :param steady: seconds that nobody sets.
    :param clock: seconds since the epoch.
    :param gauges: how much there is of what else is measured.
    :param maxConnections: over HTTP, that may be open at once.
    """

    def __init__(
        self,
        reactor: Any,
        store: MessageStore,
        room: ChatRoom,
        access: DoorAccess | None = None,
        control: str = "",
        steady: Callable[[], float] = time.monotonic,
        clock: Callable[[], float] = time.time,
        gauges: Gauges = dict,
        maxConnections: int = MAX_CONNECTIONS,
    ) -> None:
        self._gauges = gauges
        #: Whether the room runs.
        self.isOpen = False
        #: Measures time.
        self.clock = reactor
        #: Over HTTP, that may be open at once.
        self.maxConnections = maxConnections
        #: Bytes of the largest body that is taken.
        self.maxBodyBytes = _JSON_GROWTH * room.policy.maxMessageBytes + _MORE_BYTES
        #: Who may come in.
        self.keeper = Doorkeeper(access or DoorAccess(), control, steady)
        #: What is refused is counted and logged there.
        self.refusals: EventLog = room.refusals
        #: Who is served next.
        self.turns = Turns(reactor)
        #: Who reads as it goes on.
        self.readers = Readers(store, reactor, self.turns)
        #: What may be asked for.
        self.routes = Routes(
            [
                *MessageRoutes(room, self.keeper.mayRead, self.turns).routes(),
                *StreamRoutes(room, self.readers, self.keeper.mayRead).routes(),
                *MemberRoutes(room, reactor).routes(),
                *CounterRoutes(room.counters).routes(),
                *MetricRoutes(store, room.counters, self._gauged, clock).routes(),
                *HealthRoutes(Readiness(room, store, reactor)).routes(),
                *PageRoutes().routes(),
            ]
        )

    def _gauged(self) -> Mapping[str, float]:
        return {**self._gauges(), "readers": len(self.readers)}
