"""
What the tests of both ways in share: a network in memory whose ports have front doors, and senders
whose messages are whole before anybody looks.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from twisted.internet import tcp

from tests.incoming.receiptrig import PORT, ReceiptTestCase
from tests.incoming.serverrig import HOST, ServerTestCase
from tests.incoming.serverrig import PORT as ROOM_PORT
from tests.memorydoor import MemoryDoor
from twisted_messenger.incoming.receipt import ReceiptFactory
from twisted_messenger.testing import MemoryNetwork


class DoorNetwork(MemoryNetwork):
    """
    A network that can look away from its ports.
    """

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._ports: list[tcp.Port] = []

    def listenTCP(self, port: int, factory: Any, *rest: Any, **named: Any) -> tcp.Port:
        """
        See ``IReactorTCP``.
        """
        listening = super().listenTCP(port, factory, *rest, **named)
        if type(factory) is ReceiptFactory:
            MemoryDoor(listening, factory)
        self._ports.append(listening)
        return listening

    @contextmanager
    def lookingAway(self) -> Iterator[None]:
        """
        Accept nobody meanwhile.
        """
        readers = self.getReaders()
        ports = [port for port in self._ports if port in readers]
        for port in ports:
            port.stopReading()
        yield
        for port in ports:
            if port.connected:
                port.startReading()
        self.settle()


class WholeReceipts(ReceiptTestCase):
    """
    Whose messages end at once come the short way.
    """

    networkClass: type[MemoryNetwork] = DoorNetwork
    network: DoorNetwork

    def connect(
        self, data: bytes = b"", port: int = PORT, end: bool = False, host: str | None = None
    ) -> Any:
        """
        Connect a sender and let it write, and perhaps end, before it is accepted.
        """
        with self.network.lookingAway():
            return super().connect(data, port, end, host)


class WholeMessages(ServerTestCase):
    """
    All messages come the short way.
    """

    network: DoorNetwork

    def makeNetwork(self) -> DoorNetwork:
        """
        Ports have front doors.
        """
        return DoorNetwork()

    def send(self, *chunks: bytes, port: int = ROOM_PORT, host: str = HOST) -> Any:
        """
        Send a message, and end it, before it is accepted.
        """
        with self.network.lookingAway():
            return super().send(*chunks, port=port, host=host)
