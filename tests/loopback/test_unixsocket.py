"""
What only a real Unix socket does: it knows no reset, and a close of ours looks like anybody's.
"""

import socket
from collections.abc import Callable, Coroutine
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from twisted.internet import reactor as running
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import UNIXClientEndpoint
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure

from tests.loopback.rig import LISTENING, PATIENCE, Receiver, Twistd
from twisted_messenger.incoming.limits import SenderLimits
from twisted_messenger.incoming.receipt import ReceiptFactory
from twisted_messenger.incoming.server import ChatServerFactory
from twisted_messenger.room.chatroom import ChatRoom
from twisted_messenger.stores.memory import MemoryStore

Test = Callable[[Path], Coroutine[Any, Any, None]]

# It comes without types.
ensureDeferred: Callable[[Test], Test] = import_module("pytest_twisted").ensureDeferred

reactor: Any = running


class _Sender(Protocol):
    """
    Begins a message and waits.
    """

    def __init__(self) -> None:
        self.data = b""
        self.ended: Deferred[None] = Deferred()

    def connectionMade(self) -> None:
        """
        Half of it.
        """
        assert self.transport is not None
        self.transport.write(b"from:ci|half a mess")

    def dataReceived(self, data: bytes) -> None:
        """
        Keep it.
        """
        self.data += data

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """
        That was it.
        """
        self.ended.callback(None)


async def _send(path: str, factory: ReceiptFactory) -> bytes:
    port = reactor.listenUNIX(path, factory)
    try:
        endpoint = UNIXClientEndpoint(reactor, path)
        sender: _Sender = await endpoint.connect(Factory.forProtocol(_Sender))
        await sender.ended
        await factory.drained()
        return sender.data
    finally:
        await port.stopListening()


@ensureDeferred
async def test_halfAMessage(tmp_path: Path) -> None:
    """
    A sender that falls silent gets a word instead of a receipt, and nothing of its message is
    stored.
    """
    store = MemoryStore()
    store.open()
    room = ChatRoom(store)
    assert (await room.register("keeper", "127.0.0.1", 9999)).stored
    factory = ReceiptFactory(
        ChatServerFactory(room), reactor, room.refusals, SenderLimits(idleTimeout=0.1)
    )
    sending = Deferred.fromCoroutine(_send(str(tmp_path / "chat"), factory))
    answer = await sending.addTimeout(10, reactor)
    assert answer.startswith(b"~ reset: ")
    assert await store.read(0, 10, 2**20) == []
    assert room.counters.snapshot()["refused.idle"] == 1


def test_lines(tmp_path: Path) -> None:
    """
    Who keeps the connection and sends line after line is heard; what is refused then ends it.
    """
    place = tmp_path / "chat"
    options = ("--store", "memory:", "--listen", f"unix:{place}")
    with Twistd(tmp_path, "-n", "chatserver", *options) as server, Receiver() as member:
        server.prints(LISTENING)
        with socket.socket(socket.AF_UNIX) as sender:
            sender.settimeout(PATIENCE)
            sender.connect(str(place))
            sender.sendall(f"connect_request|bob|localhost|{member.port}\n".encode())
            assert sender.recv(100) == b""
            sender.sendall(b"from:ann|heard\n")
            member.gets(["ann: heard"])
            sender.sendall(b"connect_request|bob|localhost|1\n")
            server.prints("refused low_port from 127.0.0.1")
            # There is no reset; what is sent now comes to a closed socket.
            with pytest.raises(OSError, match="Broken pipe"):
                while True:
                    sender.sendall(b"from:ann|not heard\n")
