"""
Which ports lead to a factory.
"""

from typing import Any

from twisted.internet.interfaces import IListeningPort
from twisted.internet.protocol import ClientCreator, Factory
from twisted.internet.task import Clock
from twisted.protocols.policies import WrappingFactory
from twisted.trial.unittest import SynchronousTestCase

from tests.systemevents import SystemEvents
from twisted_messenger.incoming.ports import portsOf
from twisted_messenger.incoming.receipt import ReceiptFactory
from twisted_messenger.incoming.receiver import PeerReceiverFactory
from twisted_messenger.testing import MemoryNetwork, RecordingProtocol


class ReadingNetwork(MemoryNetwork):
    """
    A network that tells what it reads, as ``IReactorFDSet`` has it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.readers: list[object] = [object()]

    def getReaders(self) -> list[object]:
        """
        See ``IReactorFDSet``.
        """
        return self.readers

    def listening(self, factory: object) -> IListeningPort:
        """
        Listen, and read.
        """
        port = self.listenTCP(0, factory)
        self.readers.append(port)
        return port


class PortTests(SynchronousTestCase):
    """
    A factory finds what listens for it.
    """

    def test_through(self) -> None:
        """
        Its own ports, and those of what wraps it, for TLS and haproxy; no others.
        """
        network, ours = ReadingNetwork(), Factory()
        own = network.listening(ours)
        wrapped = network.listening(WrappingFactory(WrappingFactory(ours)))
        network.listening(Factory())
        network.listening(WrappingFactory(Factory()))
        self.assertEqual(portsOf(network, ours), [own, wrapped])

    def test_untold(self) -> None:
        """
        A reactor that does not say what it reads has none.
        """
        self.assertEqual(portsOf(Clock(), Factory()), [])


class StoppingReader(SystemEvents, ReadingNetwork):
    """
    A network that tells what it reads, and can be stopped.
    """


class EndTests(SynchronousTestCase):
    """
    What becomes of ports that nobody closes when the reactor stops.
    """

    def test_newcomer(self) -> None:
        """
        When the last sender has its answer nobody is accepted any more: the reactor would close
        such a connection in order.
        """
        network = StoppingReader()
        factory = ReceiptFactory(PeerReceiverFactory(lambda source, text: None), network)
        port: Any = network.listening(factory)
        self.successResultOf(network.stop())
        connected = ClientCreator(network, RecordingProtocol).connectTCP(
            "127.0.0.1", port.getHost().port
        )
        network.settle()
        newcomer: Any = self.successResultOf(connected)
        self.assertIsNone(newcomer.reason)
