"""
What a connection under the epoll opens with: bytes that are sent before anybody is told.
"""

import socket
from errno import ECANCELED
from functools import partial
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectError, ConnectionRefusedError

from tests.loopback.waiting import PATIENCE, LoopbackWaiting
from tests.push.pushcontract import MUCH, listener
from tests.push.pushrig import HOST
from tests.waiting import WaitingTestCase
from twisted_messenger.lease import Lease, uptime
from twisted_messenger.push.batchcreator import BatchCreator
from twisted_messenger.testing import CollectingFactory, RecordingProtocol


class Speaking(RecordingProtocol):
    """
    Adds something as soon as it is connected, and ends.
    """

    transport: Any

    def connectionMade(self) -> None:
        """
        Speak.
        """
        self.transport.write(b", and more")
        self.transport.loseWriteConnection()


class OpeningTests(LoopbackWaiting, WaitingTestCase):
    """
    A short message costs no system call of its own, and arrives like any other.
    """

    def setUp(self) -> None:
        """
        No connection yet.
        """
        batch = BatchCreator(self.reactor, RecordingProtocol).batchFor(HOST)
        assert batch is not None
        self.batch = batch
        self.failed: Deferred[None] = Deferred()

    def connect(
        self, port: int, protocol: RecordingProtocol, opening: bytes, lease: Lease | None = None
    ) -> None:
        """
        Connect, and leave nothing behind.
        """
        attempt = self.batch.connect(HOST, port, protocol, self.failed.errback, opening, lease)
        self.addCleanup(attempt.abortConnection)

    def collecting(self) -> tuple[int, CollectingFactory]:
        """
        A peer that reads to the end.

        :returns: its port, and the peer.
        """
        peer = CollectingFactory()
        port = self.reactor.listenTCP(0, peer, interface=HOST)
        self.addCleanup(lambda: self.waitFor(port.stopListening()))
        return int(port.getHost().port), peer

    def test_sentBefore(self) -> None:
        """
        When the protocol learns of its connection, the bytes are with the kernel already.
        """
        listening = listener(self)
        listening.settimeout(PATIENCE)
        received: list[bytes] = []

        class Looking(RecordingProtocol):
            def connectionMade(self) -> None:
                with listening.accept()[0] as peer:
                    peer.settimeout(PATIENCE)
                    received.append(peer.recv(100))

        self.connect(listening.getsockname()[1], Looking(), b"ann: hi")
        self.waitUntil(partial(len, received))
        self.assertEqual(received, [b"ann: hi"])

    def test_first(self) -> None:
        """
        What the protocol writes comes behind them, however much they are, and so does its end.
        """
        for opening in (b"", b"ann: hi", MUCH):
            port, peer = self.collecting()
            self.connect(port, Speaking(), opening)
            self.waitUntil(partial(len, peer.messages))
            self.assertEqual(peer.messages, [opening + b", and more"])

    def test_pending(self) -> None:
        """
        Where the connection takes its time, they are sent once, when it stands; nobody is told
        before.
        """
        listening = listener(self)
        listening.settimeout(PATIENCE)
        protocol = Speaking()
        with socket.create_connection(listening.getsockname()):
            self.connect(listening.getsockname()[1], protocol, b"ann: hi")
            self.assertIs(protocol.transport, None)
            # Now there is room, and the kernel asks again after a second.
            listening.accept()[0].close()
            self.waitUntil(lambda: protocol.transport)
        peer, _ = listening.accept()
        with peer:
            peer.settimeout(PATIENCE)
            received = b""
            while piece := peer.recv(100):
                received += piece
        self.assertEqual(received, b"ann: hi, and more")

    def assertReset(self, listening: socket.socket, protocol: Speaking) -> None:
        """
        It was too late: the peer sees a reset and no byte, and the protocol hears nothing.
        """
        with self.assertRaises(ConnectError) as raised:
            self.waitFor(self.failed)
        self.assertEqual(raised.exception.osError, ECANCELED)
        self.assertIs(protocol.transport, None)
        peer, _ = listening.accept()
        with peer, self.assertRaises(ConnectionResetError):
            peer.recv(100)

    def test_tooLate(self) -> None:
        """
        Where it takes so long that another node may have sent them, they are not sent: the
        connection is reset, and the protocol hears nothing.
        """
        listening = listener(self)
        listening.settimeout(PATIENCE)
        protocol = Speaking()
        with socket.create_connection(listening.getsockname()):
            lease = Lease(uptime() + 0.1)
            self.connect(listening.getsockname()[1], protocol, b"ann: hi", lease)
            self.waitUntil(lambda: not lease.held)
            listening.accept()[0].close()
            self.assertReset(listening, protocol)

    def test_tooLateAtOnce(self) -> None:
        """
        So it is where the connection stands at once, but the program stood still meanwhile.
        """
        listening = listener(self)
        listening.settimeout(PATIENCE)
        protocol = Speaking()
        self.connect(listening.getsockname()[1], protocol, b"ann: hi", Lease(uptime()))
        self.assertReset(listening, protocol)

    def test_refused(self) -> None:
        """
        Where nobody listens they are lost with the connection, and the protocol hears nothing.
        """
        protocol = Speaking()
        with socket.socket() as bound:
            bound.bind((HOST, 0))
            self.connect(bound.getsockname()[1], protocol, b"ann: hi")
            self.assertNoResult(self.failed)
            with self.assertRaises(ConnectionRefusedError):
                self.waitFor(self.failed)
        self.assertIs(protocol.transport, None)
