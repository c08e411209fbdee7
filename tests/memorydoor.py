"""
The front door over sockets in memory: what it decides is real, what the kernel does for it is not.
"""

from itertools import count
from typing import Any

from twisted_messenger.incoming.frontdoor import FrontDoor
from twisted_messenger.incoming.older import OlderConnection, OlderConnections
from twisted_messenger.incoming.receipt import ReceiptFactory


class MemoryDoor(FrontDoor):
    """
    Accepts from a listening socket in memory.
    """

    def __init__(self, port: Any, factory: ReceiptFactory) -> None:
        factory.older = MemoryOlder()
        super().__init__(port, factory)

    def _accept(self) -> list[tuple[Any, Any]]:
        port = self._port
        allowed, waiting = port.numberAccepts, port.socket.waiting
        accepted = [port.socket.accept() for _ in range(min(allowed, len(waiting)))]
        self._accepted(len(accepted), allowed)
        return accepted

    def _withItsClass(self, handle: Any) -> Any:
        return handle


class MemoryOlder(OlderConnections):
    """
    Knows the news of connections without a kernel.
    """

    def __init__(self) -> None:
        super().__init__()
        self._numbers = count()

    def add(self, connection: OlderConnection) -> int:
        """
        :returns: a number in place of its descriptor.
        """
        number = next(self._numbers)
        self._connections[number] = connection
        return number

    def remove(self, descriptor: int) -> None:
        """
        Nothing more comes on it.
        """
        self._connections.pop(descriptor, None)

    def goFirst(self) -> None:
        """
        Read what has come on any of them.
        """
        for connection in list(self._connections.values()):
            handle: Any = connection.socket
            if handle.readable:
                connection.catchUp()
