"""
Chat and push over raw TCP: webhooks for everything that can open a socket.

Put a room into a Twisted program with :func:`chatService`; receive pushes with :func:`receive`; be
a member of a room that runs elsewhere with a :class:`RoomClient`. Or run ``twistd -n chatserver``.

The way of a message through the packages, and below it a person's side and a program's::

     sender                                                                            member
      |  ^  close: stored                                                               |  ^
      |  |  line: refused                                                        close: |  | bytes
      v  |  reset: no promise                                                    taken  v  |
    incoming --command--> room --post, enrolment--> stores ~~~wake~~~> delivery --payload--> push
             <--outcome--      <-position, refusal-        --entries-->         <--result---
                                                           <--cursor---
    listener, server      policy                    log, roster        who, when      one message,
    receipt               lookup                    cursors            and again      one connection

    room, friend --bytes--> incoming --text--> peer --arrival--> terminal --> person
                 <--bytes-- push <---message--      <---line----          <--

    room --bytes--> incoming --text--> client --heard--> program
         <--bytes-- push <---message--        <---say---

    browser, script --request--> web --post, steering--> room
    operator        <--answer---     <---log, members--- stores
        ^
        `--command--> operate --request--> web

``docs/architecture.rst`` has a paragraph for each. The modules beside this one are the words that
all of them use.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from twisted_messenger.version import VERSION

if TYPE_CHECKING:
    from twisted_messenger.address import LOCAL, Source
    from twisted_messenger.client.receiving import receive
    from twisted_messenger.client.roomclient import RoomClient
    from twisted_messenger.delivery.broadcaster import Broadcaster
    from twisted_messenger.delivery.limits import DeliveryLimits
    from twisted_messenger.entry import Entry, LogExtent, LogLimits, Post
    from twisted_messenger.errors import StartError, StoreError, StoreFull, StoreUncertain
    from twisted_messenger.eventlog import Counters, EventLog
    from twisted_messenger.heard import Heard
    from twisted_messenger.incoming.limits import SenderLimits
    from twisted_messenger.incoming.receipt import ReceiptFactory
    from twisted_messenger.incoming.receiver import PeerReceiverFactory
    from twisted_messenger.incoming.server import ChatServerFactory
    from twisted_messenger.interfaces import Admission, IMessageStore, MessageStore
    from twisted_messenger.push.creator import PushCreator
    from twisted_messenger.push.interfaces import Attempt, Outcome, Pusher, PushResult
    from twisted_messenger.rates import RateLimit
    from twisted_messenger.refusal import Reason, Refusal
    from twisted_messenger.repeats import Repeat
    from twisted_messenger.result import Stored, Unknown
    from twisted_messenger.room.chatroom import ChatRoom
    from twisted_messenger.room.lookup import Lookup
    from twisted_messenger.room.policy import AdmissionPolicy, Callbacks, Senders
    from twisted_messenger.roster import (
        Change,
        Enrolled,
        Enrolment,
        Member,
        MemberOptions,
        MemberState,
        Progress,
        RosterLimits,
        RosterNews,
    )
    from twisted_messenger.service.assembly import chatService
    from twisted_messenger.service.chatservice import ChatService
    from twisted_messenger.steering import ListedMember, MemberStatus, Order
    from twisted_messenger.storeparser import IStoreParser
    from twisted_messenger.stores import storeFromString
    from twisted_messenger.subscription import Subscription
    from twisted_messenger.web.access import DoorAccess
    from twisted_messenger.wire import RoomMessage

__version__ = VERSION

# Where each public name is. It is imported when it is asked for: a program may have no Twisted, or
# has not chosen its reactor yet.
_PLACES = {
    "address": ("LOCAL", "Source"),
    "client.receiving": ("receive",),
    "client.roomclient": ("RoomClient",),
    "delivery.broadcaster": ("Broadcaster",),
    "delivery.limits": ("DeliveryLimits",),
    "entry": ("Entry", "LogExtent", "LogLimits", "Post"),
    "errors": ("StartError", "StoreError", "StoreFull", "StoreUncertain"),
    "eventlog": ("Counters", "EventLog"),
    "heard": ("Heard",),
    "incoming.limits": ("SenderLimits",),
    "incoming.receipt": ("ReceiptFactory",),
    "incoming.receiver": ("PeerReceiverFactory",),
    "incoming.server": ("ChatServerFactory",),
    "interfaces": ("Admission", "IMessageStore", "MessageStore"),
    "push.creator": ("PushCreator",),
    "push.interfaces": ("Attempt", "Outcome", "PushResult", "Pusher"),
    "rates": ("RateLimit",),
    "refusal": ("Reason", "Refusal"),
    "repeats": ("Repeat",),
    "result": ("Stored", "Unknown"),
    "room.chatroom": ("ChatRoom",),
    "room.lookup": ("Lookup",),
    "room.policy": ("AdmissionPolicy", "Callbacks", "Senders"),
    "roster": (
        "Change",
        "Enrolled",
        "Enrolment",
        "Member",
        "MemberOptions",
        "MemberState",
        "Progress",
        "RosterLimits",
        "RosterNews",
    ),
    "service.assembly": ("chatService",),
    "service.chatservice": ("ChatService",),
    "steering": ("ListedMember", "MemberStatus", "Order"),
    "storeparser": ("IStoreParser",),
    "stores": ("storeFromString",),
    "subscription": ("Subscription",),
    "wire": ("RoomMessage",),
    "web.access": ("DoorAccess",),
}
_PLACE = {name: place for place, names in _PLACES.items() for name in names}

__all__ = [
    "LOCAL",
    "Admission",
    "AdmissionPolicy",
    "Attempt",
    "Broadcaster",
    "Callbacks",
    "Change",
    "ChatRoom",
    "ChatServerFactory",
    "ChatService",
    "Counters",
    "DeliveryLimits",
    "DoorAccess",
    "Enrolled",
    "Enrolment",
    "Entry",
    "EventLog",
    "Heard",
    "IMessageStore",
    "IStoreParser",
    "ListedMember",
    "LogExtent",
    "LogLimits",
    "Lookup",
    "Member",
    "MemberOptions",
    "MemberState",
    "MemberStatus",
    "MessageStore",
    "Order",
    "Outcome",
    "PeerReceiverFactory",
    "Post",
    "Progress",
    "PushCreator",
    "PushResult",
    "Pusher",
    "RateLimit",
    "Reason",
    "ReceiptFactory",
    "Refusal",
    "Repeat",
    "RoomClient",
    "RoomMessage",
    "RosterLimits",
    "RosterNews",
    "SenderLimits",
    "Senders",
    "Source",
    "StartError",
    "StoreError",
    "StoreFull",
    "StoreUncertain",
    "Stored",
    "Subscription",
    "Unknown",
    "chatService",
    "receive",
    "storeFromString",
]


def __getattr__(name: str) -> Any:
    if name not in _PLACE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_PLACE[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
