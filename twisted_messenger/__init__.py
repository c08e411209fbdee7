"""
Chat and push over raw TCP: webhooks for everything that can open a socket.

Put a room into a Twisted program with :class:`ChatRoom`, a store, a :class:`Broadcaster` and a
:class:`ChatServerFactory` (inside a :class:`ReceiptFactory`, senders get a receipt); receive
pushes with :func:`receive`; be a member of a room that runs elsewhere with a :class:`RoomClient`.
Or run ``twistd -n chatserver``.

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

``docs/architecture.rst`` has a paragraph for each. The modules beside this one are the words that
all of them use.
"""

from twisted_messenger.address import Source
from twisted_messenger.client.receiving import receive
from twisted_messenger.client.roomclient import RoomClient
from twisted_messenger.delivery.broadcaster import Broadcaster
from twisted_messenger.heard import Heard
from twisted_messenger.incoming.receipt import ReceiptFactory
from twisted_messenger.incoming.receiver import PeerReceiverFactory
from twisted_messenger.incoming.server import ChatServerFactory
from twisted_messenger.interfaces import IMessageStore
from twisted_messenger.push.creator import PushCreator
from twisted_messenger.push.interfaces import Outcome
from twisted_messenger.refusal import Reason, Refusal
from twisted_messenger.result import Stored, Unknown
from twisted_messenger.room.chatroom import ChatRoom
from twisted_messenger.room.policy import AdmissionPolicy, Callbacks, Senders
from twisted_messenger.roster import Enrolled, MemberOptions
from twisted_messenger.stores import storeFromString
from twisted_messenger.version import VERSION

__version__ = VERSION

__all__ = [
    "AdmissionPolicy",
    "Broadcaster",
    "Callbacks",
    "ChatRoom",
    "ChatServerFactory",
    "Enrolled",
    "Heard",
    "IMessageStore",
    "MemberOptions",
    "Outcome",
    "PeerReceiverFactory",
    "PushCreator",
    "Reason",
    "ReceiptFactory",
    "Refusal",
    "RoomClient",
    "Senders",
    "Source",
    "Stored",
    "Unknown",
    "receive",
    "storeFromString",
]
