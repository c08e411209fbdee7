"""
The short way in: what it costs, counted, and when it is not taken.
"""

import socket
from collections import Counter
from types import FrameType
from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Factory, connectionDone
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from tests.callcount import watched
from twisted_messenger.entry import Entry
from twisted_messenger.incoming.frontdoor import FrontDoor
from twisted_messenger.incoming.limits import SenderLimits
from twisted_messenger.incoming.receipt import ReceiptFactory
from twisted_messenger.incoming.server import ChatServerFactory, ChatServerProtocol
from twisted_messenger.interfaces import Outcome
from twisted_messenger.refusal import Refusal
from twisted_messenger.result import Stored
from twisted_messenger.room.chatroom import ChatRoom
from twisted_messenger.sockets import resetOnClose
from twisted_messenger.stores.memory import MemoryStore

HOST = "127.0.0.1"

#: Of one message, from its acceptance to its receipt, whatever the machine. Both may only fall.
MOST_PYTHON_CALLS = 44
MOST_SYSTEM_CALLS = 5


class Bug(Exception):
    """
    Raised on purpose.
    """


class BrokenFactory(Factory):
    """
    A factory with a bug.
    """

    def buildProtocol(self, addr: object) -> Any:
        """
        The bug.
        """
        raise Bug


class LateProtocol(ChatServerProtocol):
    """
    Asks for the outcome when all is over.

    :param heard: the outcomes.
    """

    def __init__(self, room: ChatRoom, heard: list[Outcome]) -> None:
        super().__init__(room)
        self._heard = heard

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """
        The end.
        """
        super().connectionLost(reason)
        self.outcome.addCallback(_kept, self._heard)


class CuriousFactory(ChatServerFactory):
    """
    A program's, which wants to know who says something, and what became of it.

    :param late: whether its protocols ask for that themselves.
    """

    def __init__(self, room: ChatRoom, late: bool) -> None:
        super().__init__(room)
        self._late = late
        self.addresses: list[IAddress | None] = []
        self.heard: list[Outcome] = []

    def buildProtocol(self, addr: IAddress | None) -> ChatServerProtocol:
        """
        One more.
        """
        self.addresses.append(addr)
        if self._late:
            return LateProtocol(self.room, self.heard)
        protocol = super().buildProtocol(addr)
        protocol.outcome.addCallback(_kept, self.heard)
        return protocol


def _kept(outcome: Outcome, heard: list[Outcome]) -> Outcome:
    heard.append(outcome)
    return outcome


class PaperPort:
    """
    A port of which only the socket is real.

    :param listening: the socket.
    """

    def __init__(self, listening: socket.socket) -> None:
        self.socket = listening
        self.numberAccepts = 100
        self.sessionno = 0

    def transport(self, *arguments: Any) -> Any:
        """
        Nobody takes his time in these tests.
        """
        raise AssertionError("not whole")

    def doRead(self) -> None:
        """
        Accept, as Twisted would where descriptors have run out.
        """
        raise AssertionError("it cannot accept")


class PaperHandle:
    """
    A connection that is whole, from a link-local address of this machine to itself.

    :param message: all that was sent.
    """

    # As the kernel gives it: the zone is a number beside it.
    address = ("fe80::1", 8880, 0, socket.if_nametoindex("lo"))

    def __init__(self, message: bytes) -> None:
        self._message = message
        self.answer = b""

    def recv(self, size: int, flags: int = 0) -> bytes:
        """
        The message, and then its end.
        """
        data, self._message = self._message, b""
        return data

    def send(self, data: bytes) -> int:
        """
        Keep what is said.
        """
        self.answer += data
        return len(data)

    def getsockname(self) -> tuple[str, int, int, int]:
        """
        Where it came in.
        """
        return self.address

    def setsockopt(self, *option: Any) -> None:
        """
        How it ends does not matter.
        """

    def close(self) -> None:
        """
        It is over.
        """


class LinkLocalDoor(FrontDoor):
    """
    A front door at which one connection waits.

    :param handle: the connection.
    """

    def __init__(self, port: Any, factory: ReceiptFactory, handle: PaperHandle) -> None:
        super().__init__(port, factory)
        self._waiting = handle

    def _accept(self) -> list[tuple[Any, Any]]:
        return [(self._waiting, self._waiting.address)]


class FrontDoorTests(SynchronousTestCase):
    """
    A front door on a real socket, which is read when a test says so.
    """

    def setUp(self) -> None:
        """
        Listen for a room in memory.
        """
        self.store = MemoryStore()
        self.store.open()
        self.room = ChatRoom(self.store)
        clock: Any = Clock()
        factory = ReceiptFactory(ChatServerFactory(self.room), clock, limits=SenderLimits())
        listening = socket.create_server((HOST, 0), backlog=128)
        self.addCleanup(listening.close)
        listening.setblocking(False)
        resetOnClose(listening, True)
        self.address = listening.getsockname()
        self.port = PaperPort(listening)
        self.door = FrontDoor(self.port, factory)
        self.factory = factory

    def send(self, *messages: bytes) -> list[socket.socket]:
        """
        Send messages, and their ends.
        """
        senders = []
        for message in messages:
            sender = socket.create_connection(self.address, 10)
            self.addCleanup(sender.close)
            sender.sendall(message)
            sender.shutdown(socket.SHUT_WR)
            senders.append(sender)
        return senders

    def log(self) -> list[str]:
        """
        What was said.
        """
        entries: list[Entry] = self.successResultOf(self.store.read(0, 1000, 2**30))
        return [entry.text for entry in entries]

    def count(self, messages: int) -> Counter[str]:
        """
        Let so many come in at once.

        :returns: how much was called meanwhile.
        """
        senders = self.send(*(b"from:ci|%d" % number for number in range(messages)))
        counts: Counter[str] = Counter()
        self.port.numberAccepts = messages + 1

        def note(frame: FrameType, event: str, argument: Any) -> None:
            if event == "call":
                counts["python"] += 1
            elif event == "c_call" and isinstance(
                getattr(argument, "__self__", None), socket.SocketType
            ):
                counts["system"] += 1

        watched(self.door.doRead, note)
        self.assertEqual({sender.recv(1) for sender in senders}, {b""})
        return counts

    def test_costs(self) -> None:
        """
        A busy room serves as many as it does because each costs little.
        """
        self.count(1)
        few, many = self.count(10), self.count(30)
        each = {kind: (many[kind] - few[kind]) / 20 for kind in many}
        self.assertLessEqual(each["python"], MOST_PYTHON_CALLS)
        self.assertLessEqual(each["system"], MOST_SYSTEM_CALLS)

    def test_order(self) -> None:
        """
        They are heard in the order in which they came.
        """
        senders = self.send(*(b"from:ci|%d" % number for number in range(30)))
        self.door.doRead()
        self.assertEqual(self.log(), [str(number) for number in range(30)])
        self.assertEqual(len(senders), 30)

    def test_nothingLeft(self) -> None:
        """
        Who has its receipt is forgotten.
        """
        self.send(b"from:ci|hello")
        self.door.doRead()
        self.assertEqual(self.factory.protocols, {})

    def test_bug(self) -> None:
        """
        Where a protocol raises, its sender sees a reset, and no receipt.
        """
        self.factory.wrappedFactory = BrokenFactory()
        (whole,) = self.send(b"from:ci|hello")
        begun = socket.create_connection(self.address, 10)
        self.addCleanup(begun.close)
        begun.sendall(b"from:ci|")
        self.door.doRead()
        for sender in (whole, begun):
            self.assertRaises(ConnectionResetError, sender.recv, 1)
        self.assertEqual(len(self.flushLoggedErrors(Bug)), 2)
        self.assertEqual(self.factory.protocols, {})

    def test_curious(self) -> None:
        """
        A program's own factory is told who it is, and its protocols what became of the message,
        whenever they ask.
        """
        for late in (False, True):
            curious = CuriousFactory(self.room, late)
            self.factory.wrappedFactory = curious
            stored, refused = self.send(b"from:ci|hello", b"hello")
            ports = [one.getsockname()[1] for one in (stored, refused)]
            self.door.doRead()
            self.assertEqual(curious.addresses, [IPv4Address("TCP", HOST, one) for one in ports])
            self.assertEqual(curious.heard[0], Stored(len(self.log())))
            self.assertIsInstance(curious.heard[1], Refusal)
            self.assertEqual((stored.recv(9), refused.recv(9)), (b"", b"! malform"))

    def test_linkLocal(self) -> None:
        """
        Who comes from the very address that he connected to is on this machine, also where the
        address has a zone; so he may be called back at localhost.
        """
        handle = PaperHandle(b"connect_request|ann|localhost|9000")
        # A port everywhere: each connection is asked where it came in.
        with socket.create_server(("0.0.0.0", 0)) as listening:
            LinkLocalDoor(PaperPort(listening), self.factory, handle).doRead()
        self.assertEqual(handle.answer, b"")
        self.assertEqual(self.successResultOf(self.store.names(9)), ["ann"])
