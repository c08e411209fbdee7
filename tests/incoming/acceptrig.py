"""
What the tests of full houses share: listeners that accept no more at once than they were told to.
"""

from collections import Counter
from typing import Any

from twisted.internet.endpoints import TCP4ServerEndpoint
from twisted.internet.protocol import ClientCreator

from tests.incoming.receiptrig import HOST, PORT, ReceiptTestCase
from twisted_messenger.incoming.listener import Listener
from twisted_messenger.testing import MemoryNetwork, RecordingProtocol


class ListenerTestCase(ReceiptTestCase):
    """
    A wrapped receiver behind listeners.
    """

    networkClass: type[MemoryNetwork] = MemoryNetwork

    def listen(self, *ports: int, **options: Any) -> None:
        """
        Listen with a factory of these options.
        """
        self.makeFactory(**options)
        self.listeners = [
            Listener(f"--port {port}", TCP4ServerEndpoint(self.network, port)) for port in ports
        ]
        for listener in self.listeners:
            listener.start(self.factory)

    def come(self, times: int, *ports: int, data: bytes = b"x", end: bool = False) -> list[Any]:
        """
        Connect several at the same moment, to these ports in turn.
        """
        ports = ports or (PORT,)
        creator = ClientCreator(self.network, RecordingProtocol)
        connecting = [
            creator.connectTCP(HOST, ports[number % len(ports)]) for number in range(times)
        ]
        self.network.settle()
        senders: list[Any] = [self.successResultOf(one) for one in connecting]
        for sender in senders:
            sender.transport.write(data)
            if end:
                sender.transport.loseWriteConnection()
        self.network.settle()
        return senders

    def assertOpen(self, *senders: Any) -> None:
        """
        The senders have seen nothing yet.
        """
        for sender in senders:
            self.assertWaiting(sender)

    def serveAll(self, served: int = 0) -> None:
        """
        Take every message, one after the other, as they come.

        :param served: so many were taken before.
        """
        while served < len(self.taking):
            self.decide(which=served)
            served += 1

    def assertServed(self, *senders: Any) -> None:
        """
        Fail unless every sender has its receipt.
        """
        seen = Counter(
            (bytes(sender.data), sender.ended, sender.reason is None) for sender in senders
        )
        self.assertEqual(seen, {(b"", True, True): len(senders)})
