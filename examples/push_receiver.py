"""
A program that is told what happens: it receives the pushes of a room.

Run it with ``.venv/bin/python examples/push_receiver.py [PORT]``, then register it with netcat.
"""

import sys

from twisted.internet import endpoints, reactor
from twisted.internet.interfaces import IAddress

from twisted_messenger import PeerReceiverFactory, ReceiptFactory
from twisted_messenger.text import escape


def received(address: IAddress, text: str) -> None:
    """
    Do something with a push; it counts as delivered when this returns.
    """
    print(escape(text), flush=True)


port = sys.argv[1] if len(sys.argv) > 1 else "8881"
factory = ReceiptFactory(PeerReceiverFactory(received), reactor)
endpoints.serverFromString(reactor, f"tcp:{port}:interface=127.0.0.1").listen(factory)
reactor.run()
