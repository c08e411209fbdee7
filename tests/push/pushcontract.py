"""
What a push does on real sockets, whatever carries it: one for each way to connect.
"""

import socket
from abc import abstractmethod
from contextlib import suppress
from errno import ECONNREFUSED
from functools import partial
from resource import RLIMIT_NOFILE, getrlimit, setrlimit
from typing import Any

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.error import ConnectionLost
from twisted.internet.protocol import Factory
from twisted.trial.unittest import SynchronousTestCase

from tests.push.pushrig import (
    BIG,
    HOST,
    ActingFactory,
    abort,
    answering,
    close,
    nothing,
)
from tests.transportrig import pendingError
from tests.waiting import WaitingTestCase
from twisted_messenger.push.general import GeneralCreator
from twisted_messenger.push.interfaces import Outcome, PushResult
from twisted_messenger.push.localhost import LocalhostPusher
from twisted_messenger.roster import Member
from twisted_messenger.testing import (
    CollectingFactory,
    HangingFactory,
    ResettingFactory,
    TarpitFactory,
)

#: More than the kernel keeps for a peer that does not read.
MUCH = bytes(16 * 1024 * 1024)

#: Seconds for a push that is meant to take too long.
SHORT = 0.2


def listener(test: SynchronousTestCase) -> socket.socket:
    """
    A plain socket that listens, and accepts only what it is told to.
    """
    listening = socket.socket()
    test.addCleanup(listening.close)
    # Accepted sockets inherit it: less than the longest message.
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    listening.bind((HOST, 0))
    listening.listen(0)
    listening.setblocking(False)
    return listening


def blackHole(test: SynchronousTestCase) -> int:
    """
    :returns: the port of a listener with no room: the kernel answers it no more.
    """
    listening = listener(test)
    for _ in range(4):
        filler = socket.socket()
        test.addCleanup(filler.close)
        filler.setblocking(False)
        filler.connect_ex(listening.getsockname())
    return int(listening.getsockname()[1])


class PushContract(WaitingTestCase):
    """
    A pusher, and one peer at a time.
    """

    @abstractmethod
    def makeCreator(self, **seconds: Any) -> GeneralCreator:
        """
        A pusher of the kind that is tested.
        """

    def setUp(self) -> None:
        """
        A pusher that has time.
        """
        self.creator = self.makeCreator()

    def listen(self, peer: "Factory[Any]", host: str = HOST) -> int:
        """
        Put a peer somewhere.

        :returns: its port.
        """
        port = self.reactor.listenTCP(0, peer, interface=host)
        self.addCleanup(lambda: self.waitFor(maybeDeferred(port.stopListening)))
        return int(port.getHost().port)

    def accepted(self, listening: socket.socket) -> socket.socket:
        """
        The next connection to it.
        """
        found: list[socket.socket] = []

        def look() -> bool:
            try:
                found.append(listening.accept()[0])
            except BlockingIOError:
                return False
            return True

        self.waitUntil(look)
        self.addCleanup(found[0].close)
        return found[0]

    def readToEnd(self, peer: socket.socket) -> bytes:
        """
        Read what comes, until its end of file.
        """
        pieces: list[bytes] = []
        peer.setblocking(False)

        def look() -> bool:
            with suppress(BlockingIOError):
                pieces.append(peer.recv(len(BIG)))
            return bool(pieces) and not pieces[-1]

        self.waitUntil(look)
        return b"".join(pieces)

    def result(
        self, peer: "Factory[Any] | int", payload: bytes = b"ann: hi", host: str = HOST
    ) -> PushResult:
        """
        Push to a peer, or to a port, and wait for the end.
        """
        port = peer if isinstance(peer, int) else self.listen(peer, host)
        result: PushResult = self.waitFor(self.creator.push(host, port, payload))
        return result

    def assertFailed(self, result: PushResult, why: str = "", connected: bool = True) -> None:
        """
        It has failed, with or without a connection.
        """
        self.assertEqual((result.outcome, result.connected), (Outcome.FAILED, connected), result)
        self.assertIn(why, result.detail)
        self.assertNotEqual(result.detail, "")

    def assertReset(self, peer: Any) -> None:
        """
        The peer's only connection is reset, behind whatever it reads of it.
        """
        peer.connections[0].transport.resumeProducing()
        self.waitUntil(lambda: peer.connections[0].reason or peer.connections[0].ended)
        if peer.connections[0].reason is None:
            self.waitUntil(lambda: pendingError(peer.connections[0].transport))
        else:
            self.assertIs(peer.connections[0].reason.type, ConnectionLost)

    def test_confirmed(self) -> None:
        """
        A peer that reads to the end and closes has confirmed, and got just the message; whatever
        its length.
        """
        for payload in (b"", b"ann: hi", BIG, MUCH):
            peer = CollectingFactory()
            result = self.result(peer, payload)
            self.assertEqual(result, PushResult(Outcome.CONFIRMED, connected=True, sent=True))
            self.assertEqual(peer.messages, [payload])

    def test_order(self) -> None:
        """
        The result never comes before the caller has its attempt.
        """
        for port in (self.listen(CollectingFactory()), self.listen(ResettingFactory(1)), 1):
            settled: Deferred[PushResult] = Deferred()
            self.creator.begin(HOST, port, b"ann: hi", settled.callback)
            self.assertNoResult(settled)
            self.waitFor(settled)

    def test_endsFirst(self) -> None:
        """
        A peer that ends its own half at once, but reads, has confirmed.
        """
        for payload in (b"ann: hi", BIG, MUCH):
            peer = ActingFactory(atStart=lambda protocol: protocol.transport.loseWriteConnection())
            self.assertIs(self.result(peer, payload).outcome, Outcome.CONFIRMED)
            self.waitUntil(partial(getattr, peer.made[0], "ended"))
            self.assertEqual(peer.made[0].data, payload)
            close(peer.made[0])

    def test_closesUnread(self) -> None:
        """
        A peer that closes and has not read our message has not got it.
        """
        for payload in (b"ann: hi", BIG, MUCH):
            listening = listener(self)
            pushing = self.creator.push(HOST, listening.getsockname()[1], payload)
            self.accepted(listening).close()
            result = self.waitFor(pushing)
            self.assertIs(result.outcome, Outcome.FAILED)

    def test_resets(self) -> None:
        """
        Nor has one that resets: at the first byte, at the end, in the middle of a long message;
        only this one cannot have it.
        """
        for peer, payload, isSent in (
            (ActingFactory(atData=abort), b"ann: hi", True),
            (ActingFactory(atEnd=abort), b"ann: hi", True),
            (ActingFactory(atData=abort), MUCH, False),
        ):
            result = self.result(peer, payload)
            self.assertFailed(result)
            self.assertEqual(result.sent, isSent)

    def test_resetsAtOnce(self) -> None:
        """
        Nor one that resets before it reads, whether or not we see the connection before its end;
        after that the next push can succeed.
        """
        self.assertIs(self.result(ActingFactory(atStart=abort)).outcome, Outcome.FAILED)
        port = self.listen(ResettingFactory(1))
        outcomes = [self.result(port).outcome for _ in range(2)]
        self.assertEqual(outcomes, [Outcome.FAILED, Outcome.CONFIRMED])

    def test_refused(self) -> None:
        """
        Where nobody listens the push fails at once.
        """
        with socket.socket() as bound:
            bound.bind((HOST, 0))
            result = self.result(int(bound.getsockname()[1]))
        self.assertFailed(result, "refused", connected=False)
        self.assertEqual(result.error, ECONNREFUSED)

    def test_reply(self) -> None:
        """
        What the peer says is kept, whether it closes or hangs; and whom it has seen, if it closes.
        """
        self.creator = self.makeCreator(pushTimeout=SHORT)
        for atEnd, outcome in ((close, Outcome.CONFIRMED), (nothing, Outcome.HUNG)):
            peer = ActingFactory(lambda p: p.transport.write(b"thanks\n"), atEnd=atEnd)
            result = self.result(peer)
            self.assertEqual((result.outcome, result.reply), (outcome, b"thanks\n"))
            self.assertEqual(result.host, HOST if atEnd is close else "")

    def test_saysNo(self) -> None:
        """
        A peer that answers "never" or "not now" is believed, whether it closes or hangs; and so is
        one that says it in the middle of a long message, which then is no message.
        """
        for line, outcome in ((b"! no\n", Outcome.REJECTED), (b"~ later\n", Outcome.DEFERRED)):
            peer = ActingFactory(atData=answering(line), atEnd=close)
            self.assertIs(self.result(peer).outcome, outcome)
            peer = ActingFactory(atData=answering(line))
            self.assertIs(self.result(peer).outcome, outcome)
            peer = ActingFactory(atData=answering(line))
            self.assertIs(self.result(peer, MUCH).outcome, outcome)
            self.waitUntil(partial(getattr, peer.made[0], "reason"))
            self.assertIs(peer.made[0].ended, False)

    def test_ack(self) -> None:
        """
        Where only a word confirms, a member may say it and keep the connection, and a close alone
        is a failure.
        """
        for line, outcome in ((b"+\n", Outcome.CONFIRMED), (b"", Outcome.FAILED)):
            for payload in (b"ann: hi", BIG):
                peer = ActingFactory(atData=answering(line), atEnd=nothing if line else close)
                pushing = self.creator.push(HOST, self.listen(peer), payload, ack=True)
                self.assertIs(self.waitFor(pushing).outcome, outcome)
                self.waitUntil(partial(getattr, peer.made[0], "ended"))
                self.assertEqual(peer.made[0].data, payload)
                close(peer.made[0])

    def test_flood(self) -> None:
        """
        Of a peer that talks much only the first KiB is kept; its close is seen, though it says as
        much as the longest message is.
        """
        said = b"a" * 1024 + BIG
        peer = ActingFactory(lambda p: p.transport.write(said), atEnd=close)
        result = self.result(peer)
        self.assertEqual(
            result, PushResult(Outcome.CONFIRMED, b"a" * 1024, connected=True, sent=True)
        )

    def test_endless(self) -> None:
        """
        One that talks without end is not listened to for long: it has the message, and hangs.
        """
        self.creator = self.makeCreator(pushTimeout=SHORT)
        peer = ActingFactory(lambda p: p.transport.write(MUCH), atEnd=close)
        self.assertIs(self.result(peer).outcome, Outcome.HUNG)

    def test_hangs(self) -> None:
        """
        A peer that has everything but keeps the connection hangs; it sees no reset.
        """
        self.creator = self.makeCreator(pushTimeout=SHORT)
        for payload in (b"ann: hi", BIG):
            peer = HangingFactory()
            self.assertIs(self.result(peer, payload).outcome, Outcome.HUNG)
            self.waitUntil(partial(len, peer.messages))
            self.assertEqual(peer.messages, [payload])
            self.assertEqual(pendingError(peer.connections[0].transport), 0)
            transport: Any = peer.connections[0].transport
            transport.loseConnection()

    def test_held(self) -> None:
        """
        One that may be held is, and confirms when it closes, or hangs in the end.
        """
        self.creator = self.makeCreator(pushTimeout=SHORT, holdTimeout=4 * SHORT)
        for closes, outcome in ((True, Outcome.CONFIRMED), (False, Outcome.HUNG)):
            peer = HangingFactory()
            held: Deferred[None] = Deferred()
            settled: Deferred[PushResult] = Deferred()
            self.creator.begin(
                HOST,
                self.listen(peer),
                b"ann: hi",
                settled.callback,
                held=partial(held.callback, None),
            )
            self.waitFor(held)
            self.assertNoResult(settled)
            transport: Any = peer.connections[0].transport
            if closes:
                transport.loseConnection()
            self.assertIs(self.waitFor(settled).outcome, outcome)
            self.assertEqual(pendingError(transport) if not closes else 0, 0)
            transport.loseConnection()

    def test_tarpit(self) -> None:
        """
        A peer that does not take a long message in time is reset: half of it is no message.
        """
        self.creator = self.makeCreator(pushTimeout=SHORT)
        peer = TarpitFactory()
        self.assertFailed(self.result(peer, MUCH), "in time")
        self.assertReset(peer)
        self.assertEqual(peer.messages, [])

    def test_keptByUs(self) -> None:
        """
        What our kernel has taken, but not the peer's, is not delivered: a peer that does not read
        in time has failed.
        """
        self.creator = self.makeCreator(pushTimeout=SHORT)
        listening = listener(self)
        pushing = self.creator.push(HOST, listening.getsockname()[1], BIG)
        peer = self.accepted(listening)
        self.assertFailed(self.waitFor(pushing), "in time")
        with self.assertRaises(ConnectionResetError):
            self.readToEnd(peer)

    def test_endsFirstAndReadsLater(self) -> None:
        """
        A peer that ends its own half at once confirms when it has read, not before.
        """
        listening = listener(self)
        pushing = self.creator.push(HOST, listening.getsockname()[1], BIG)
        peer = self.accepted(listening)
        peer.shutdown(socket.SHUT_WR)
        later = self.reactor.seconds() + SHORT
        self.waitUntil(lambda: self.reactor.seconds() >= later)
        self.assertNoResult(pushing)
        self.assertEqual(len(self.readToEnd(peer)), len(BIG))
        self.assertIs(self.waitFor(pushing).outcome, Outcome.CONFIRMED)

    def test_endsFirstAndNeverReads(self) -> None:
        """
        And one that never does has failed, at the time of all.
        """
        self.creator = self.makeCreator(pushTimeout=SHORT)
        listening = listener(self)
        pushing = self.creator.push(HOST, listening.getsockname()[1], BIG)
        self.accepted(listening).shutdown(socket.SHUT_WR)
        self.assertFailed(self.waitFor(pushing), "in time")

    def test_noAnswer(self) -> None:
        """
        Where nobody answers it fails in time.
        """
        self.creator = self.makeCreator(connectTimeout=SHORT)
        self.assertFailed(self.result(blackHole(self)), connected=False)

    def test_cancel(self) -> None:
        """
        A push can be given up while it connects, in the middle of its message, and while it
        waits for the close.
        """
        pushing = self.creator.push(HOST, blackHole(self), b"ann: hi")
        pushing.cancel()
        self.assertFailed(self.waitFor(pushing), connected=False)
        for peer, payload in ((TarpitFactory(), MUCH), (HangingFactory(), b"ann: hi")):
            pushing = self.creator.push(HOST, self.listen(peer), payload)
            waited: list[Any] = peer.messages if payload != MUCH else peer.connections
            self.waitUntil(partial(len, waited))
            pushing.cancel()
            self.assertFailed(self.waitFor(pushing), "cancelled")
            self.assertReset(peer)

    def test_sixth(self) -> None:
        """
        IPv6 is the same.
        """
        peer = CollectingFactory()
        result = self.result(peer, host="::1")
        self.assertEqual(result, PushResult(Outcome.CONFIRMED, connected=True, sent=True))
        self.assertEqual(peer.messages, [b"ann: hi"])

    def test_localhost(self) -> None:
        """
        A member at localhost that listens on IPv6 alone gets its messages, one attempt each as soon
        as it is known.
        """
        peer = CollectingFactory()
        pusher = LocalhostPusher(self.creator)
        port = self.listen(peer, "::1")
        member = Member("ann", "localhost", port, HOST, 1)
        for text in (b"ann: one", b"ann: two"):
            settled: Deferred[PushResult] = Deferred()
            pusher.begin("localhost", port, text, settled.callback, entry=None, member=member)
            self.assertEqual(
                self.waitFor(settled), PushResult(Outcome.CONFIRMED, connected=True, sent=True)
            )
        self.assertEqual(peer.messages, [b"ann: one", b"ann: two"])

    def test_noSuchZone(self) -> None:
        """
        An address in a zone that is not there is a failed push, or one for which there is no way,
        but not an error.
        """
        for host in ("fe80::1%nowhere", "fe80::1%123456"):
            result = self.waitFor(self.creator.push(host, 9, b"ann: hi"))
            self.assertIn(result.outcome, (Outcome.FAILED, Outcome.EXHAUSTED))
            self.assertFalse(result.connected)

    def test_exhausted(self) -> None:
        """
        Without a descriptor left, be it for the first push or a later one, there is no attempt,
        and it is not the peer's fault.
        """
        peer = self.listen(CollectingFactory())
        limits = getrlimit(RLIMIT_NOFILE)
        for _ in range(2):
            with socket.socket() as probe:
                lowest = probe.fileno()
            setrlimit(RLIMIT_NOFILE, (lowest, limits[1]))
            try:
                result = self.result(peer)
            finally:
                setrlimit(RLIMIT_NOFILE, limits)
            self.assertEqual((result.outcome, result.connected), (Outcome.EXHAUSTED, False))
            self.assertIs(self.result(peer).outcome, Outcome.CONFIRMED)
