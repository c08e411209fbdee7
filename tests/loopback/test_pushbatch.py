"""
Many connections under one epoll: what one does is no other one's business, and none is left.
"""

import os
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.protocol import Factory
from twisted.trial.unittest import SynchronousTestCase

from tests.loopback.waiting import LoopbackWaiting
from tests.push.pushcontract import blackHole
from tests.push.pushrig import HOST, ActingFactory, abort, close
from tests.transportrig import Ours, RaisingOnData, RaisingOnEnd
from twisted_messenger.incoming.descriptions import LISTEN_BACKLOG
from twisted_messenger.push.creator import PushCreator
from twisted_messenger.push.interfaces import Outcome, PushResult
from twisted_messenger.push.transport import PushSocket
from twisted_messenger.service.machine import raiseDescriptorLimit
from twisted_messenger.testing import CollectingFactory, HangingFactory, RecordingProtocol

#: Pushes at once.
MANY = 1000


class Calling(RecordingProtocol):
    """
    Calls somebody when data comes.
    """

    transport: Any

    def __init__(self, call: "Callable[[Calling], object]") -> None:
        super().__init__()
        self._call = call

    def dataReceived(self, data: bytes) -> None:
        """
        Call.
        """
        super().dataReceived(data)
        self._call(self)


class RaisingAtStart(RecordingProtocol):
    """
    A protocol with a bug where it is connected.
    """

    def connectionMade(self) -> None:
        """
        The bug.
        """
        raise Ours


class BatchTests(LoopbackWaiting, SynchronousTestCase):
    """
    One batch.
    """

    def setUp(self) -> None:
        """
        Nothing is connected.
        """
        self.creator = PushCreator(self.reactor)
        batch = self.creator.batchFor(HOST)
        assert batch is not None
        self.batch = batch
        # What the first push needs stays: the listener here, the epoll, what the reactor opens.
        self.push(self.listen(CollectingFactory()))
        self.before = self.descriptors()

    def descriptors(self) -> set[str]:
        """
        Every descriptor of this process.
        """
        return set(os.listdir("/proc/self/fd"))

    def listen(self, peer: "Factory[Any]") -> int:
        """
        Put a peer somewhere.

        :returns: its port.
        """
        port = self.reactor.listenTCP(0, peer, backlog=LISTEN_BACKLOG, interface=HOST)
        self.addCleanup(lambda: self.waitFor(maybeDeferred(port.stopListening)))
        return int(port.getHost().port)

    def push(self, port: int) -> PushResult:
        """
        One push, to its end.
        """
        result: PushResult = self.waitFor(self.creator.push(HOST, port, b"ann: hi"))
        return result

    def connect(self, port: int, protocol: RecordingProtocol) -> PushSocket:
        """
        Connect a protocol of our own.
        """
        failed: Deferred[None] = Deferred()
        self.addCleanup(lambda: self.assertNoResult(failed))
        return self.batch.connect(HOST, port, protocol, failed.errback)

    def assertNothingLeft(self, listeners: int) -> None:
        """
        Of all that was open only so many listeners are, and the reactor does not watch the epoll.
        """
        self.waitUntil(lambda: len(self.descriptors()) <= len(self.before) + listeners)
        self.waitUntil(lambda: self.batch not in self.reactor.getReaders())

    def test_many(self) -> None:
        """
        A thousand pushes at once are all confirmed, and nothing is left of them.
        """
        raiseDescriptorLimit()
        peer = CollectingFactory()
        port = self.listen(peer)
        results: list[PushResult] = []
        for count in range(MANY):
            self.creator.begin(HOST, port, b"ann: %d" % count, results.append)
        self.assertEqual(results, [])
        self.waitUntil(lambda: len(results) == MANY)
        self.assertEqual({result.outcome for result in results}, {Outcome.CONFIRMED})
        self.assertEqual(set(peer.messages), {b"ann: %d" % count for count in range(MANY)})
        self.assertEqual(len(peer.messages), MANY)
        self.assertNothingLeft(1)

    def test_everyEnd(self) -> None:
        """
        However a push ends, its descriptor is closed; while one is open, the epoll is watched.
        """
        hanging = HangingFactory()
        waiting = self.creator.push(HOST, self.listen(hanging), b"ann: hi")
        ends = (CollectingFactory(), ActingFactory(atData=abort), ActingFactory(atEnd=abort))
        outcomes = [self.push(self.listen(peer)).outcome for peer in ends]
        self.assertEqual(outcomes, [Outcome.CONFIRMED, Outcome.FAILED, Outcome.FAILED])
        self.assertIs(self.push(1).outcome, Outcome.FAILED)
        self.assertEqual(self.reactor.getReaders().count(self.batch), 1)
        self.waitUntil(lambda: hanging.messages)
        waiting.cancel()
        self.waitFor(waiting)
        # The peer has read to the end, and does not see the reset by itself.
        there: Any = hanging.connections[0].transport
        there.abortConnection()
        self.assertNothingLeft(4)

    def test_bugs(self) -> None:
        """
        A protocol that raises loses its own connection, and no other does.
        """
        speaking = self.listen(ActingFactory(lambda p: p.transport.write(b"hello"), atEnd=close))
        ending = self.listen(ActingFactory(atStart=close))
        good = [Calling(lambda me: me.transport.loseConnection()) for _ in range(20)]
        bad = [RaisingOnData() for _ in range(10)] + [RaisingOnEnd() for _ in range(10)]
        for one, other in zip(good, bad):
            self.connect(speaking, one)
            self.connect(speaking if isinstance(other, RaisingOnData) else ending, other)
        self.waitUntil(lambda: all(one.reason for one in (*good, *bad)))
        self.assertEqual({bytes(one.data) for one in good}, {b"hello"})
        self.assertEqual(len(self.flushLoggedErrors(Ours)), len(bad))
        self.assertIs(self.push(self.listen(CollectingFactory())).outcome, Outcome.CONFIRMED)
        self.assertNothingLeft(3)

    def test_bugAtStart(self) -> None:
        """
        So it is where the bug is met as soon as the connection stands: it is lost, and whoever
        asked for it does not get the exception.
        """
        peer = ActingFactory()
        protocol = RaisingAtStart()
        self.connect(self.listen(peer), protocol)
        self.waitUntil(lambda: protocol.reason)
        self.assertEqual(len(self.flushLoggedErrors(Ours)), 1)
        self.waitUntil(lambda: peer.made and peer.made[0].reason)
        self.assertNothingLeft(1)

    def test_bugInTheResult(self) -> None:
        """
        Whoever raises when it is told a result is logged, and the next one is told.
        """

        def raises(result: PushResult) -> None:
            raise Ours

        port = self.listen(CollectingFactory())
        results: list[PushResult] = []
        for settled in (raises, results.append, raises, results.append):
            self.creator.begin(HOST, port, b"ann: hi", settled)
        self.waitUntil(lambda: len(results) == 2)
        self.assertIs(self.push(port).outcome, Outcome.CONFIRMED)
        self.assertEqual(len(self.flushLoggedErrors(Ours)), 2)
        self.assertNothingLeft(1)

    def test_closedByAnother(self) -> None:
        """
        News of a connection that was closed a moment ago are not taken for its successor's, which
        may have the same descriptor; be that connected, or not yet.
        """
        self.replace(self.listen(HangingFactory()), True)
        self.replace(blackHole(self), False)

    def replace(self, successor: int, connects: bool) -> None:
        """
        Let the first of two that have news close the other and connect to a successor.
        """
        peer = ActingFactory()
        port = self.listen(peer)
        later = RecordingProtocol()
        attempts: list[PushSocket] = []
        descriptors: list[int] = []

        def first(me: Calling) -> None:
            (other,) = (one for one in both if one is not me)
            if other.transport.getHandle().fileno() < 0:
                return
            descriptors.append(other.transport.getHandle().fileno())
            other.transport.abortConnection()
            attempts.append(self.connect(successor, later))
            descriptors.append(attempts[0].getHandle().fileno())

        both = [Calling(first), Calling(first)]
        for one in both:
            self.connect(port, one)
        self.waitUntil(lambda: len(peer.made) == 2)
        for made in peer.made:
            made.transport.getHandle().send(b"x")
        self.waitUntil(lambda: [one for one in both if one.reason])
        self.assertEqual(len(set(descriptors)), 1)
        self.assertIs(later.transport is not None, connects)
        self.assertEqual((later.data, later.ended, later.reason), (b"", False, None))
        attempts[0].abortConnection()
        for one in both:
            one.transport.abortConnection()
        self.waitUntil(lambda: all(one.reason for one in (*both, later)))
