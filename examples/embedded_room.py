"""
A room inside another Twisted program.

Run it with ``python examples/embedded_room.py [PORT]``, then talk to it with netcat.
"""

import sys

from twisted.internet import endpoints, reactor

from twisted_messenger import (
    Broadcaster,
    ChatRoom,
    ChatServerFactory,
    PushCreator,
    ReceiptFactory,
    storeFromString,
)

port = sys.argv[1] if len(sys.argv) > 1 else "8880"
store = storeFromString(reactor, "memory:")
store.open()
room = ChatRoom(store)
Broadcaster(store, PushCreator(reactor), reactor).startService()
factory = ReceiptFactory(ChatServerFactory(room), reactor)
endpoints.serverFromString(reactor, f"tcp:{port}").listen(factory)
reactor.callLater(3, room.post, "app", "your own program says hello")
reactor.run()
