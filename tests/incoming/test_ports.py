"""
Which ports lead to a factory.
"""

from twisted.internet.interfaces import IListeningPort
from twisted.internet.protocol import Factory
from twisted.internet.task import Clock
from twisted.protocols.policies import WrappingFactory
from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.incoming.ports import portsOf
from twisted_messenger.testing import MemoryNetwork


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
