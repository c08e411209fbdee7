"""
A program that is told what happens: it receives the pushes of a room.

Run it with ``.venv/bin/python examples/push_receiver.py [PORT]``, then register it with netcat.
"""

import sys
from typing import Any

from twisted.internet import task
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress

from twisted_messenger import receive
from twisted_messenger.text import escape


def received(address: IAddress, text: str) -> None:
    """
    Do something with a push; it counts as delivered when this returns.
    """
    print(escape(text), flush=True)


async def main(reactor: Any, port: str = "8881") -> None:
    receive(reactor, f"tcp:{port}:interface=127.0.0.1", received).startService()
    await Deferred()


task.react(main, sys.argv[1:])
