"""
A room inside another Twisted program.

Run it with ``.venv/bin/python examples/embedded_room.py [PORT]``, then register your netcat.
"""

import sys
from typing import Any

from twisted.internet import task

from twisted_messenger import chatService


async def main(reactor: Any, port: str = "8880") -> None:
    service = chatService(reactor, "memory:", [f"tcp:{port}"])
    service.startService()
    await service.started
    await task.LoopingCall(service.room.post, "app", "your own program says hello").start(5)


task.react(main, sys.argv[1:])
