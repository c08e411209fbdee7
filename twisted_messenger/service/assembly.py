"""
All parts of a room, put together in one call.
"""

import time
from collections.abc import Collection, Mapping, Sequence
from copy import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from twisted.internet.base import ReactorBase
from twisted.internet.selectreactor import SelectReactor

from twisted_messenger.delivery.broadcaster import Broadcaster
from twisted_messenger.delivery.limits import DeliveryLimits
from twisted_messenger.entry import LogLimits
from twisted_messenger.errors import StartError
from twisted_messenger.eventlog import Counters, EventLog
from twisted_messenger.incoming.descriptions import listenersFrom
from twisted_messenger.incoming.limits import SenderLimits
from twisted_messenger.incoming.listener import Listener
from twisted_messenger.incoming.ownaddresses import isThisMachine
from twisted_messenger.incoming.receipt import ReceiptFactory
from twisted_messenger.incoming.server import ChatServerFactory
from twisted_messenger.interfaces import MessageStore
from twisted_messenger.lease import leaseOf
from twisted_messenger.push.creator import PushCreator
from twisted_messenger.push.interfaces import Pusher
from twisted_messenger.rates import RateLimit
from twisted_messenger.room.chatroom import ChatRoom
from twisted_messenger.room.hooks import Accepted, Admit
from twisted_messenger.room.lookup import Lookup
from twisted_messenger.room.policy import WAITING_SHARE, AdmissionPolicy, reservedBy
from twisted_messenger.room.registrar import Resolve
from twisted_messenger.service.chatservice import ChatService
from twisted_messenger.service.machine import descriptorBudget, raiseDescriptorLimit, thisMachine
from twisted_messenger.service.startline import storeName, whatIsKept
from twisted_messenger.storeparser import MAIN_ROOM
from twisted_messenger.stores import storeFromString
from twisted_messenger.web.access import DoorAccess
from twisted_messenger.web.connections import MAX_CONNECTIONS
from twisted_messenger.web.entrances import Entrances
from twisted_messenger.web.listening import WebListener, mustBeGuarded, webListeners

if TYPE_CHECKING:
    from twisted_messenger.web.door import Door


def chatService(
    reactor: Any,
    store: str | MessageStore = "memory:",
    listen: Sequence[Any] = ("tcp:8880",),
    *,
    policy: AdmissionPolicy | None = None,
    admit: Admit | None = None,
    accepted: Accepted | None = None,
    pusher: Pusher | None = None,
    limits: LogLimits | None = None,
    rates: RateLimit | None = None,
    byteRates: RateLimit | None = None,
    senders: SenderLimits | None = None,
    delivery: DeliveryLimits | None = None,
    reserve: Mapping[str, Collection[str]] | None = None,
    clientCA: str | None = None,
    resolve: Resolve | None = None,
    room: str = MAIN_ROOM,
    counters: Counters | None = None,
    web: Sequence[Any] = (),
    control: str = "",
    access: DoorAccess | None = None,
) -> ChatService:
    """
    A room with all that ``twistd chatserver`` has, as a service of your program::

        service = chatService(reactor, "sqlite:room.sqlite", ["tcp:8880"])
        service.setServiceParent(application)
        service.room.post("app", "your own program says hello")

    It raises the number of descriptors that the process may open, and leaves everything else of the
    process alone: signals, log observers, the reactor's clock.

    :param reactor: runs it. The select reactor does not keep the order of a sender's messages.
    :param store: a description for :func:`~twisted_messenger.stores.storeFromString`, or a store
        that is not open.
    :param listen: descriptions of stream server endpoints, or such endpoints; may be empty.
    :param policy: the rules of admission.
    :param admit: sees each message before the store, and may change or refuse it; see
        :class:`~twisted_messenger.room.chatroom.ChatRoom`.
    :param accepted: is told of every message that was stored; see there.
    :param pusher: makes the pushes, in place of connections.
    :param limits: what the log keeps, for members that are behind and for those who come later.
    :param rates: how many messages a source may send; loopback is exempt.
    :param byteRates: how many bytes of them.
    :param senders: what senders may do.
    :param delivery: how pushes are made.
    :param reserve: for a name, the only addresses that may register it or speak under it.
    :param clientCA: a PEM file; over ``ssl:``, clients must show a certificate issued by one in it.
    :param resolve: finds the addresses of callback hosts that are given by name, in place of the
        system's resolver.
    :param room: which room of a store that holds several.
    :param counters: every message, refusal and push is counted there.
    :param web: where to listen for HTTP: descriptions of stream server endpoints, such endpoints,
        or the numbers of ports on localhost alone.
    :param control: the path of a Unix socket for operators; "" for none.
    :param access: who may use the door.
    :returns: a service that can be started, stopped, and started again. Its room's ``members``,
        ``subscribe``, ``remove``, ``retry``, ``pause`` and ``resume`` wait for a start, where it
        does not run.
    :raises ValueError: a description is none; the text says which, and the mend.
    """
    if isinstance(reactor, SelectReactor):
        # It reads connections that are ready together in no order.
        raise ValueError("reactor: select does not keep the order; use epoll, poll or asyncio")
    raiseDescriptorLimit()
    limits = limits or LogLimits()
    policy = _completed(policy or AdmissionPolicy(), reserve or {}, limits)
    listeners = _listeners(reactor, listen, policy.maxMessageBytes, clientCA)
    access = access or DoorAccess()
    doors = webListeners(reactor, web)
    mustBeGuarded(doors, access.token, "DoorAccess(token=...)")
    maxVisitors = min(MAX_CONNECTIONS, descriptorBudget() // 2) if doors else 0
    senders, delivery = _within(senders, delivery, maxVisitors)

    places: list[Listener | WebListener] = [*listeners, *doors]

    def isOwnListener(host: str, port: int) -> bool:
        return any(one.isAt(host, port) for one in places)

    named = storeName(store) if isinstance(store, str) else type(store).__name__
    if isinstance(store, str):
        store = storeFromString(reactor, store, room)
    # A reactor that is not Twisted's own, as those of tests, has a time of its own.
    hasOwnTime = not isinstance(reactor, ReactorBase)
    clock, steady = (reactor.seconds,) * 2 if hasOwnTime else (time.time, time.monotonic)
    events = EventLog(counters, steady)
    broadcaster = Broadcaster(
        store,
        pusher or PushCreator(reactor),
        reactor,
        events.counters,
        limits=limits,
        delivery=delivery,
        serverName=policy.serverName,
        clock=clock,
    )
    chatRoom = ChatRoom(
        store,
        policy,
        resolve or Lookup(reactor).addresses,
        events,
        rates=rates,
        byteRates=byteRates,
        clock=clock,
        steady=steady,
        isOwnListener=isOwnListener,
        isThisMachine=isThisMachine,
        home=thisMachine(),
        admit=admit,
        accepted=accepted,
        deliveries=broadcaster,
    )
    factory = ReceiptFactory(ChatServerFactory(chatRoom), reactor, chatRoom.refusals, senders)
    most = f"{senders.maxConnections} connections, {delivery.maxPushes} pushes"
    told = f"at most {most} at once; {whatIsKept(limits)}"
    lease = leaseOf(store)

    def gauges() -> dict[str, float]:
        return {
            "connections_in": len(factory.protocols),
            "connections_out": broadcaster.inFlight,
            "leases_held": int(lease.held),
        }

    def makeDoor() -> "Door":
        # Most rooms are never looked into.
        from twisted_messenger.web.door import Door

        return Door(reactor, store, chatRoom, access, control, steady, clock, gauges, maxVisitors)

    entrances = Entrances(reactor, makeDoor, doors, control)
    return ChatService(store, chatRoom, factory, broadcaster, listeners, named, told, entrances)


def _completed(
    policy: AdmissionPolicy, reserve: Mapping[str, Collection[str]], limits: LogLimits
) -> AdmissionPolicy:
    reserved = {**policy.reserved, **reservedBy(reserve, policy.serverName)}
    most = policy.maxWaitingBytes
    share = limits.bytes // WAITING_SHARE if most is None else most
    # One of the program's own may have more in it than its fields.
    completed = copy(policy)
    vars(completed).update(reserved=reserved, maxWaitingBytes=share)
    return completed


def _within(
    senders: SenderLimits | None, delivery: DeliveryLimits | None, others: int
) -> tuple[SenderLimits, DeliveryLimits]:
    """
    What was asked for, as far as the descriptors of this process allow.
    """
    budget = descriptorBudget(others)
    senders, delivery = senders or SenderLimits(), delivery or DeliveryLimits()
    return (
        replace(senders, maxConnections=min(senders.maxConnections, budget)),
        replace(delivery, maxPushes=max(2, min(delivery.maxPushes, budget))),
    )


def _listeners(
    reactor: Any, places: Sequence[Any], maxMessageBytes: int, authorities: str | None
) -> list[Listener]:
    described = [(f"listen {place}", place) for place in places if isinstance(place, str)]
    try:
        made = iter(listenersFrom(reactor, described, maxMessageBytes, authorities))
    except StartError as error:
        raise ValueError(str(error)) from None
    return [next(made) if isinstance(place, str) else _listener(place) for place in places]


def _listener(place: Any) -> Listener:
    return place if isinstance(place, Listener) else Listener(f"listen {place!r}", place)
