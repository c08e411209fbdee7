"""
A room inside another Twisted program.

Run it with ``.venv/bin/python examples/embedded_room.py [PORT]``, then register your netcat.
"""

import sys
from typing import Any

from twisted.internet import endpoints, task

from twisted_messenger import (
    Broadcaster,
    ChatRoom,
    ChatServerFactory,
    PushCreator,
    ReceiptFactory,
    storeFromString,
)


async def main(reactor: Any, port: str = "8880") -> None:
    store = storeFromString(reactor, "memory:")
    store.open()
    room = ChatRoom(store)
    Broadcaster(store, PushCreator(reactor), reactor).startService()
    factory = ReceiptFactory(ChatServerFactory(room), reactor)
    await endpoints.serverFromString(reactor, f"tcp:{port}").listen(factory)
    await task.LoopingCall(room.post, "app", "your own program says hello").start(5)


task.react(main, sys.argv[1:])
