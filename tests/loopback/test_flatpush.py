"""
Where the short way out leads into the general one: sends that are cut short, and ends that come in
passing.
"""

import socket
from functools import partial
from typing import Any

from twisted.internet.error import ConnectionDone
from twisted.python.failure import Failure

from tests.loopback.waiting import PATIENCE, LoopbackWaiting
from tests.push.pushcontract import SHORT, blackHole, listener
from tests.push.pushrig import HOST
from tests.waiting import WaitingTestCase
from twisted_messenger.lease import Lease, uptime
from twisted_messenger.push.creator import PushCreator
from twisted_messenger.push.flat import FlatPush
from twisted_messenger.push.interfaces import Attempt, Outcome, PushResult
from twisted_messenger.push.protocol import ONE_SEND_BYTES, PushProtocol

#: The longest message that may go the short way.
LONG = bytes(ONE_SEND_BYTES)


def _narrow(family: int, kind: int) -> socket.SocketType:
    """
    A socket whose kernel takes less than that in one send.
    """
    handle = socket.SocketType(family, kind)
    handle.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)
    return handle


class FlatPushTests(LoopbackWaiting, WaitingTestCase):
    """
    A pusher, and peers on plain sockets.
    """

    def setUp(self) -> None:
        """
        Nothing was pushed yet.
        """
        self.creator = PushCreator(self.reactor, pushTimeout=PATIENCE)
        batch = self.creator.batchFor(HOST)
        assert batch is not None
        self.batch = batch
        self.results: list[PushResult] = []

    def begin(self, port: int, payload: bytes = b"ann: hi", **options: Any) -> Attempt:
        """
        Push.
        """
        return self.creator.begin(HOST, port, payload, self.results.append, **options)

    def listen(self) -> tuple[socket.socket, int]:
        """
        A peer.
        """
        listening = listener(self)
        listening.settimeout(PATIENCE)
        return listening, int(listening.getsockname()[1])

    def outcomes(self, count: int) -> list[Outcome]:
        """
        Wait until so many pushes have ended.
        """
        self.waitUntil(lambda: len(self.results) >= count)
        return [result.outcome for result in self.results]

    def assertReset(self, listening: socket.socket) -> None:
        """
        The peer sees a reset, and no end in order.
        """
        peer, _ = listening.accept()
        with peer, self.assertRaises(ConnectionResetError):
            peer.settimeout(PATIENCE)
            while peer.recv(len(LONG)):
                pass

    def readToEnd(self, peer: socket.socket) -> bytes:
        """
        Read what comes, until its end of file, and let the pusher go on meanwhile.
        """
        pieces: list[bytes] = []
        peer.setblocking(False)

        def isOver() -> bool:
            try:
                pieces.append(peer.recv(len(LONG)))
            except BlockingIOError:
                return False
            return not pieces[-1]

        self.waitUntil(isOver)
        return b"".join(pieces)

    def test_shortSend(self) -> None:
        """
        What the kernel does not take at once follows, and the message stays one.
        """
        self.batch.makeSocket = _narrow
        for lease in (None, Lease(uptime() + PATIENCE)):
            listening, port = self.listen()
            self.assertIsInstance(self.begin(port, LONG, lease=lease), PushProtocol)
            peer, _ = listening.accept()
            with peer:
                self.assertEqual(self.readToEnd(peer), LONG)
        self.assertEqual(self.outcomes(2), [Outcome.CONFIRMED] * 2)

    def test_recallShortSend(self) -> None:
        """
        Of which the rest is taken back, with a reset: half a message is none.
        """
        self.batch.makeSocket = _narrow
        listening, port = self.listen()
        self.begin(port, LONG).recall()
        self.assertEqual(self.outcomes(1), [Outcome.EXHAUSTED])
        self.assertReset(listening)

    def test_connecting(self) -> None:
        """
        A connection that does not stand at once is none in its time; and may be given up before.
        """
        self.creator = PushCreator(self.reactor, connectTimeout=SHORT)
        for end in (lambda _: None, Attempt.cancel):
            attempt = self.begin(blackHole(self))
            self.assertIsInstance(attempt, PushProtocol)
            end(attempt)
        self.assertEqual(self.outcomes(2), [Outcome.FAILED] * 2)
        self.assertEqual([result.connected for result in self.results], [False, False])

    def test_cancelledInPassing(self) -> None:
        """
        One whose news is at hand may be given up by another one's end: each ends once.
        """
        (first, firstPort), (second, secondPort) = self.listen(), self.listen()
        attempts: list[Attempt] = []

        def settled(result: PushResult) -> None:
            self.results.append(result)
            for attempt in attempts:
                attempt.cancel()

        for port in (firstPort, secondPort):
            attempts.append(self.creator.begin(HOST, port, b"ann: hi", settled))
        self.assertEqual([type(attempt) for attempt in attempts], [FlatPush] * 2)
        for listening in (first, second):
            peer, _ = listening.accept()
            with peer:
                peer.settimeout(PATIENCE)
                while peer.recv(100):
                    pass
        self.assertEqual(self.outcomes(2), [Outcome.CONFIRMED, Outcome.FAILED])

    def test_overAlready(self) -> None:
        """
        Giving up what has ended changes nothing, whichever way it ended.
        """
        for answer in (b"", b"~ later\n"):
            listening, port = self.listen()
            attempt = self.begin(port)
            peer, _ = listening.accept()
            with peer:
                peer.sendall(answer)
                self.readToEnd(peer)
            self.waitUntil(partial(len, self.results))
            attempt.cancel()
            attempt.recall()
        self.assertEqual(self.outcomes(2), [Outcome.CONFIRMED, Outcome.DEFERRED])

    def test_reactorEnds(self) -> None:
        """
        When the reactor ends, what waits for its close is reset, and has failed.
        """
        listening, port = self.listen()
        self.assertIsInstance(self.begin(port), FlatPush)
        self.batch.connectionLost(Failure(ConnectionDone()))
        peer, _ = listening.accept()
        with peer:
            # All of it had come before; the reset comes after the end.
            self.assertEqual(self.readToEnd(peer), b"ann: hi")
            self.assertNotEqual(peer.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR), 0)
        self.assertEqual(self.outcomes(1), [Outcome.FAILED])
