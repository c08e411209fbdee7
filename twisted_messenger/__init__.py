"""
Chat and push over raw TCP: webhooks for everything that can open a socket.

Put a room into a Twisted program with :class:`ChatRoom`, a store, a :class:`Broadcaster` and a
:class:`ChatServerFactory` (inside a :class:`ReceiptFactory`, senders get a receipt); receive
pushes with a :class:`PeerReceiverFactory`. Or run ``twistd -n chatserver``.
"""

from twisted_messenger.address import Source
from twisted_messenger.delivery.broadcaster import Broadcaster
from twisted_messenger.incoming.receipt import ReceiptFactory
from twisted_messenger.incoming.receiver import PeerReceiverFactory
from twisted_messenger.incoming.server import ChatServerFactory
from twisted_messenger.interfaces import IMessageStore
from twisted_messenger.push.creator import PushCreator
from twisted_messenger.refusal import Reason, Refusal
from twisted_messenger.room.chatroom import ChatRoom
from twisted_messenger.room.policy import AdmissionPolicy, Callbacks, Senders
from twisted_messenger.stores import storeFromString

__version__ = "0.1.0"

__all__ = [
    "AdmissionPolicy",
    "Broadcaster",
    "Callbacks",
    "ChatRoom",
    "ChatServerFactory",
    "IMessageStore",
    "PeerReceiverFactory",
    "PushCreator",
    "Reason",
    "ReceiptFactory",
    "Refusal",
    "Senders",
    "Source",
    "storeFromString",
]
