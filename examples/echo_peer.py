"""
A friend who repeats what you say: peer to peer, without a server.

Run it with ``.venv/bin/python examples/echo_peer.py PORT FRIENDS_HOST:PORT``, then talk to it, as
with ``twistd -n chatpeer --port 8881 --friend localhost:PORT``.
"""

import sys
from typing import Any

from twisted.internet import task
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress

from twisted_messenger import Outcome, PushCreator, Refusal, receive


async def main(reactor: Any, port: str, friend: str) -> None:
    host, _, friendsPort = friend.rpartition(":")
    pusher = PushCreator(reactor)

    async def received(sender: IAddress, text: str) -> Refusal | None:
        # Who said it sees the close when the echo has arrived.
        result = await pusher.push(host, int(friendsPort), f"you said: {text}".encode())
        if result.outcome is Outcome.CONFIRMED:
            return None
        return Refusal("no_echo", result.detail, transient=True)

    service = receive(reactor, f"tcp:{port}", received)
    service.startService()
    print("at", service.address, flush=True)
    await Deferred()


task.react(main, sys.argv[1:])
