"""
Pushes on the kernel's sockets: under one epoll, and by the reactor.
"""

import socket
import struct
from errno import EHOSTUNREACH
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.error import getConnectError
from twisted.internet.interfaces import IReactorTime
from twisted.internet.protocol import ClientCreator
from twisted.python.failure import Failure
from zope.interface import implementer

from tests.loopback.rig import HOST
from tests.loopback.waiting import PATIENCE, LoopbackWaiting
from tests.ports import freePort
from tests.push import pushcontract, recallcontract
from tests.push.pushrig import ActingFactory
from twisted_messenger.lease import Lease, uptime
from twisted_messenger.push.creator import PushCreator
from twisted_messenger.push.flat import FlatPush
from twisted_messenger.push.general import GeneralCreator
from twisted_messenger.push.interfaces import Outcome, PushResult
from twisted_messenger.push.protocol import PushProtocol
from twisted_messenger.testing import CollectingFactory


@implementer(IReactorTime)
class OtherReactor:
    """
    A reactor that does not watch what is not its own.
    """

    def __init__(self, reactor: Any) -> None:
        self.seconds = reactor.seconds
        self.callLater = reactor.callLater
        self.getDelayedCalls = reactor.getDelayedCalls
        self.connectTCP = reactor.connectTCP


class GeneralPushTests(LoopbackWaiting, recallcontract.RecallContract):
    """
    The contract where all sockets of the pusher lie under one epoll, and all go the general way.
    """

    def makeCreator(self, **seconds: Any) -> GeneralCreator:
        """
        A pusher that knows no shorter one.
        """
        return GeneralCreator(self.reactor, **seconds)

    def test_noWayOut(self) -> None:
        """
        Where no way leads out of this machine, the peer is not blamed: TCP never has one to a
        multicast address.
        """
        result = self.result(9, host="224.0.0.1")
        self.assertEqual((result.outcome, result.connected), (Outcome.EXHAUSTED, False), result)

    def test_noWayLater(self) -> None:
        """
        If the network says so later, since nobody answers there, that is a failure.
        """
        results: list[PushResult] = []
        attempt = self.creator.begin(HOST, pushcontract.blackHole(self), b"hi", results.append)
        assert isinstance(attempt, PushProtocol)
        error = getConnectError((EHOSTUNREACH, "no route to host"))
        attempt.notConnected(Failure(error))
        self.assertEqual([result.outcome for result in results], [Outcome.FAILED])
        self.assertIsNotNone(attempt.attempt)
        attempt.cancel()

    def test_tooLate(self) -> None:
        """
        Where this node may not push any more, the peer sees a reset and no byte, and is not blamed.
        """
        listening = pushcontract.listener(self)
        results: list[PushResult] = []
        port = int(listening.getsockname()[1])
        self.creator.begin(HOST, port, b"hi", results.append, lease=Lease(uptime()))
        self.waitUntil(lambda: results)
        self.assertIs(results[0].outcome, Outcome.EXHAUSTED)
        peer = self.accepted(listening)
        with self.assertRaises(ConnectionResetError):
            peer.recv(1)

    def test_oneByteAndReset(self) -> None:
        """
        A peer that answers a byte and resets has not closed.
        """
        listening = pushcontract.listener(self)
        pushing = self.creator.push(HOST, int(listening.getsockname()[1]), b"ann: hi")
        peer = self.accepted(listening)
        self.assertEqual(self.readToEnd(peer), b"ann: hi")
        peer.send(b"x")
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        peer.close()
        self.assertIs(self.waitFor(pushing).outcome, Outcome.FAILED)

    def test_notWatched(self) -> None:
        """
        While a peer goes on talking, nothing is left for the reactor to look at.
        """
        self.creator = self.makeCreator(pushTimeout=pushcontract.SHORT)
        batch = self.creator.batchFor(HOST)
        peer = ActingFactory(lambda p: p.transport.write(pushcontract.MUCH))
        pushing = self.creator.push(HOST, self.listen(peer), b"ann: hi")
        self.waitUntil(lambda: batch in self.reactor.getReaders())
        self.waitUntil(lambda: batch not in self.reactor.getReaders())
        self.assertNoResult(pushing)
        self.assertIs(self.waitFor(pushing).outcome, Outcome.HUNG)

    def test_cancelAfterTheHandshake(self) -> None:
        """
        One that is given up when the kernel has connected, but we do not know yet, leaves no
        empty message at the peer.
        """
        listening = pushcontract.listener(self)
        port = int(listening.getsockname()[1])
        listening.settimeout(PATIENCE)
        with socket.create_connection((HOST, port)):
            pushing = self.creator.push(HOST, port, b"ann: hi")
            listening.accept()[0].close()
            # Now there is room, and the kernel asks again after a second.
            peer, _ = listening.accept()
        self.addCleanup(peer.close)
        pushing.cancel()
        self.assertFailed(self.waitFor(pushing), connected=False)
        peer.settimeout(PATIENCE)
        with self.assertRaises(ConnectionResetError):
            peer.recv(1)


class FlatPushTests(GeneralPushTests):
    """
    The same where a connection that stands at once takes the short way.
    """

    def makeCreator(self, **seconds: Any) -> PushCreator:
        """
        The usual pusher.
        """
        return PushCreator(self.reactor, **seconds)

    def test_flat(self) -> None:
        """
        Where a connection stands at once, a push is one object until something unusual happens: a
        hundred members cost half as much so.
        """
        for host in (HOST, "::1"):
            for lease in (None, Lease(uptime() + PATIENCE)):
                settled: Deferred[PushResult] = Deferred()
                port = self.listen(CollectingFactory(), host)
                attempt = self.creator.begin(host, port, b"hi", settled.callback, lease=lease)
                self.assertIsInstance(attempt, FlatPush)
                self.assertIs(self.waitFor(settled).outcome, Outcome.CONFIRMED)
                attempt.cancel()
                attempt.recall()


class ReactorPushTests(LoopbackWaiting, recallcontract.RecallContract):
    """
    The contract where the reactor makes the connections.
    """

    def makeCreator(self, **seconds: Any) -> PushCreator:
        """
        A pusher that cannot have an epoll.
        """
        return PushCreator(OtherReactor(self.reactor), **seconds)

    def test_connectedToItself(self) -> None:
        """
        A connection from a port to itself, which TCP allows, does not pass for a member.
        """
        port = freePort()
        pushing: Deferred[PushResult] = Deferred()
        protocol = PushProtocol(
            self.reactor, b"ci: hello", 5.0, 5.0, lambda _, result: pushing.callback(result)
        )
        creator = ClientCreator(self.reactor, lambda: protocol)
        self.waitFor(creator.connectTCP(HOST, port, bindAddress=(HOST, port)))
        self.assertIs(self.waitFor(pushing).outcome, Outcome.FAILED)
