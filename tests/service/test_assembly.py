"""
A room in one call.
"""

from dataclasses import replace
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ServerEndpoint
from twisted.internet.error import ConnectionRefusedError
from twisted.internet.interfaces import IStreamServerEndpoint
from twisted.internet.protocol import ClientCreator
from twisted.internet.selectreactor import SelectReactor
from twisted.logger import LogLevel
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from tests.roomtestcase import keepLog
from twisted_messenger.address import Source
from twisted_messenger.entry import LogLimits
from twisted_messenger.errors import StartError
from twisted_messenger.eventlog import Counters
from twisted_messenger.incoming.limits import SenderLimits
from twisted_messenger.rates import RateLimit
from twisted_messenger.refusal import Reason, Refusal
from twisted_messenger.result import Stored
from twisted_messenger.room.policy import WAITING_SHARE, AdmissionPolicy
from twisted_messenger.service.assembly import chatService
from twisted_messenger.service.chatservice import ChatService
from twisted_messenger.stores.memory import MemoryStore
from twisted_messenger.testing import CollectingFactory, MemoryNetwork, RecordingProtocol

HOST, PORT, ANN = "127.0.0.1", 8880, 9001


@implementer(IStreamServerEndpoint)
class SlowEndpoint:
    """
    An endpoint that needs time until it listens.
    """

    def __init__(self) -> None:
        self.listening: Deferred[Any] = Deferred()

    def listen(self, factory: Any) -> "Deferred[Any]":
        """
        Some time later.
        """
        self.factory = factory
        return self.listening


class AssemblyTestCase(SynchronousTestCase):
    """
    A network in memory.
    """

    def setUp(self) -> None:
        """
        Make the network.
        """
        self.network = MemoryNetwork()

    def room(self, *arguments: Any, **options: Any) -> ChatService:
        """
        A service that is stopped in the end.
        """
        options.setdefault("listen", [TCP4ServerEndpoint(self.network, PORT)])
        service = chatService(self.network, *arguments, **options)
        self.addCleanup(self.stopped, service)
        return service

    def started(self, *arguments: Any, **options: Any) -> ChatService:
        """
        A service that runs.
        """
        service = self.room(*arguments, **options)
        service.startService()
        return service

    def stopped(self, service: ChatService) -> None:
        """
        Stop it.
        """
        stopping = service.stopService()
        self.network.settle()
        self.successResultOf(stopping)

    def answer(self, data: bytes) -> bytes:
        """
        What a sender is told.
        """
        connecting = ClientCreator(self.network, RecordingProtocol).connectTCP(HOST, PORT)
        self.network.settle()
        sender: Any = self.successResultOf(connecting)
        sender.transport.write(data)
        sender.transport.loseWriteConnection()
        self.network.settle()
        self.assertTrue(sender.ended)
        told: bytes = sender.data
        return told

    def assertNobodyListens(self) -> None:
        """
        Who connects is refused.
        """
        connecting = ClientCreator(self.network, RecordingProtocol).connectTCP(HOST, PORT)
        self.network.settle()
        self.failureResultOf(connecting, ConnectionRefusedError)


class WholeTests(AssemblyTestCase):
    """
    It is a whole room.
    """

    def test_message(self) -> None:
        """
        What is said on the wire and by the program reaches the members.
        """
        ann = CollectingFactory()
        self.network.listenTCP(ANN, ann)
        service = self.started()
        self.assertEqual(self.answer(f"connect_request|ann|{HOST}|{ANN}".encode()), b"")
        self.assertEqual(self.answer(b"from:ci|hello"), b"")
        self.assertIsInstance(self.successResultOf(service.room.post("app", "hi")), Stored)
        self.network.settle()
        self.assertEqual(ann.messages, [b"ci: hello", b"app: hi"])
        self.assertEqual(service.counters["pushes.confirmed"], 2)

    def test_ownPort(self) -> None:
        """
        Nobody can make it push to itself, at an endpoint that it was given neither.
        """
        self.started()
        told = self.answer(f"connect_request|loop|{HOST}|{PORT}".encode())
        self.assertTrue(told.startswith(b"! own_port"), told)

    def test_noPlace(self) -> None:
        """
        A program may keep its room to itself.
        """
        service = self.started(listen=[])
        self.successResultOf(service.started)
        self.assertEqual(service.addresses, [])
        self.assertIsInstance(self.successResultOf(service.room.post("app", "hi")), Stored)

    def test_addresses(self) -> None:
        """
        Where it listens is told while it does.
        """
        service = self.room()
        self.assertEqual(service.addresses, [])
        service.startService()
        self.assertEqual([address.port for address in service.addresses], [PORT])
        self.stopped(service)
        self.assertEqual(service.addresses, [])

    def test_again(self) -> None:
        """
        It can be stopped and started again, and has its members and messages.
        """
        store = MemoryStore()
        service = self.started(store)
        for number in range(1, 3):
            self.assertEqual(self.answer(b"from:ci|hello"), b"")
            self.stopped(service)
            late = self.successResultOf(service.room.post("app", "late"))
            self.assertIs(getattr(late, "reason", None), Reason.SHUTDOWN)
            self.assertNobodyListens()
            service.startService()
            self.assertEqual(service.counters["accepted"], number)

    def test_twoRooms(self) -> None:
        """
        Two rooms in one process have nothing in common.
        """
        one = self.started()
        other = self.started(listen=[TCP4ServerEndpoint(self.network, PORT + 1)])
        self.assertEqual(self.answer(b"from:ci|hello"), b"")
        self.assertEqual((one.counters["accepted"], other.counters["accepted"]), (1, 0))


class StartTests(AssemblyTestCase):
    """
    A start is told to everybody who waits for it.
    """

    def test_waits(self) -> None:
        """
        Who asks before the start, during it or after it is told once all endpoints listen.
        """
        endpoint = SlowEndpoint()
        service = self.room(listen=[endpoint])
        before = service.started
        service.startService()
        during = service.started
        for waiting in (before, during):
            self.assertNoResult(waiting)
        endpoint.listening.callback(self.network.listenTCP(PORT, endpoint.factory))
        for told in (before, during, service.started):
            self.assertIsNone(self.successResultOf(told))

    def test_nextStart(self) -> None:
        """
        Who asks while it is stopped is told of the next start.
        """
        service = self.started()
        self.stopped(service)
        waiting = service.started
        self.assertNoResult(waiting)
        service.startService()
        self.successResultOf(waiting)

    def test_failsAtOnce(self) -> None:
        """
        What is known at once is raised too; nothing is left running, and the next may succeed.
        """
        taken = self.network.listenTCP(PORT, CollectingFactory())
        service = self.room()
        waiting = service.started
        self.assertRaises(StartError, service.startService)
        self.failureResultOf(waiting, StartError)
        self.failureResultOf(service.started, StartError)
        self.assertEqual((service.running, service.broadcaster.running), (0, 0))
        taken.stopListening()
        self.network.settle()
        service.startService()
        self.successResultOf(service.started)

    def test_failsLater(self) -> None:
        """
        An endpoint that fails later stops all that runs; the log has one line.
        """
        log = keepLog(self, "service.chatservice")
        endpoint = SlowEndpoint()
        service = self.started(listen=[TCP4ServerEndpoint(self.network, PORT), endpoint])
        waiting = service.started
        endpoint.listening.errback(ValueError("no papyrus left"))
        self.network.settle()
        problem = self.failureResultOf(waiting, StartError)
        self.assertIn("no papyrus left", str(problem.value))
        self.assertEqual((service.running, service.broadcaster.running), (0, 0))
        self.assertNobodyListens()
        (line,) = log.lines(LogLevel.critical)
        self.assertIn("no papyrus left", line)

    def test_stoppedMeanwhile(self) -> None:
        """
        One that is stopped before it listens never does.
        """
        endpoint = SlowEndpoint()
        service = self.started(listen=[endpoint])
        waiting = service.started
        self.stopped(service)
        endpoint.listening.callback(self.network.listenTCP(PORT, endpoint.factory))
        self.network.settle()
        self.assertNobodyListens()
        self.assertNoResult(waiting)

    def test_oneStore(self) -> None:
        """
        Two services of one store would push everything twice: the second does not start.
        """
        store = MemoryStore()
        self.started(store)
        second = self.room(store, listen=[])
        self.assertRaises(StartError, second.startService)


class ArgumentTests(AssemblyTestCase):
    """
    What can be chosen.
    """

    def test_badDescriptions(self) -> None:
        """
        A description that is none is told at once, with the argument.
        """
        for options, named in (
            ({"store": "papyrus:scroll"}, "papyrus:scroll"),
            ({"store": "memory:", "room": "other"}, "one room"),
            ({"listen": ["papyrus:1"]}, "listen papyrus:1"),
            ({"listen": ["tcp:8880"], "clientCA": "/nowhere.pem"}, "clientCA"),
            ({"reserve": {"ci": ["nowhere.example"]}}, "nowhere.example"),
        ):
            problem = self.assertRaises(ValueError, self.room, **options)
            self.assertIn(named, str(problem))

    def test_select(self) -> None:
        """
        A reactor under which messages change places is refused.
        """
        reactor = SelectReactor.__new__(SelectReactor)
        problem = self.assertRaises(ValueError, chatService, reactor)
        self.assertIn("select", str(problem))

    def test_reserve(self) -> None:
        """
        A reserved name is for its address alone.
        """
        service = self.started(reserve={"ci": ["10.0.0.7"]})
        for host, stored in (("10.0.0.7", True), ("10.0.0.8", False)):
            said = self.successResultOf(service.room.post("ci", "hi", Source(host, False)))
            self.assertEqual(said.stored, stored)

    def test_share(self) -> None:
        """
        One source may have an eighth of what the log keeps wait, unless the policy says so much.
        """
        limits = LogLimits(bytes=80_000)
        for policy, most in ((None, 80_000 // WAITING_SHARE), (AdmissionPolicy(), 10_000)):
            room = self.room(limits=limits, policy=policy).room
            self.assertEqual(room.policy.maxWaitingBytes, most)
        policy = replace(AdmissionPolicy(), maxWaitingBytes=7)
        self.assertEqual(self.room(limits=limits, policy=policy).room.policy.maxWaitingBytes, 7)

    def test_rates(self) -> None:
        """
        Rates of messages and of bytes hold for all but this machine.
        """
        service = self.started(rates=RateLimit(1, 1), byteRates=RateLimit(10, 10))
        stranger = Source("10.0.0.7", False)
        self.assertIsNone(service.room.charge(stranger))
        self.assertIsInstance(service.room.charge(stranger), Refusal)
        self.assertIsNone(service.room.charge(Source()))

    def test_senders(self) -> None:
        """
        Senders are told what their limits say.
        """
        self.started(senders=SenderLimits(receipts=True))
        self.assertEqual(self.answer(b"from:ci|hello"), b"+ 1\n")

    def test_counters(self) -> None:
        """
        A program may have it counted with its own.
        """
        counters = Counters()
        self.started(counters=counters)
        self.answer(b"from:ci|hello")
        self.assertEqual(counters["accepted"], 1)
