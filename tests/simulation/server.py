"""
The server: the real service in a process of its own, started, stopped and killed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from twisted.internet.endpoints import TCP4ServerEndpoint

from tests.simulation.disk import DiskWorker, RecordingFile
from tests.simulation.ears import Ear
from tests.simulation.parts import Parts
from tests.simulation.process import Process
from tests.simulation.record import Kind, Record, subject
from tests.simulation.shortways import DoorEndpoint, SimulatedBatch
from twisted_messenger.delivery.limits import DeliveryLimits
from twisted_messenger.entry import Entry, LogLimits
from twisted_messenger.errors import StoreFull
from twisted_messenger.incoming.limits import SenderLimits
from twisted_messenger.incoming.listener import Listener
from twisted_messenger.incoming.server import ChatServerFactory
from twisted_messenger.lease import Lease
from twisted_messenger.push.interfaces import Attempt, Pusher, PushResult
from twisted_messenger.room.chatroom import ChatRoom
from twisted_messenger.roster import Member
from twisted_messenger.service.chatservice import ChatService
from twisted_messenger.testing import MemoryNetwork

#: Where it listens.
HOST, PORT = "10.0.0.1", 8880


@dataclass(frozen=True)
class Settings:
    """
    The options of one story's server.

    :param diskSeconds: see :class:`~tests.simulation.disk.Disk`.
    :param backlog: entries that the log keeps; 0 for no limit.
    :param evictSeconds: see :class:`~twisted_messenger.delivery.limits.DeliveryLimits`.
    :param retryUnconfirmed: the same.
    :param maxPushes: the same.
    :param receipts: whether what is stored is answered with its position.
    :param shortWays: whether messages and pushes may go the short ways.
    """

    diskSeconds: float
    backlog: int
    evictSeconds: float
    retryUnconfirmed: bool
    maxPushes: int
    receipts: bool
    shortWays: bool


class RecordingPusher:
    """
    Tells the record when a push begins and how it ends.
    """

    def __init__(self, pusher: Pusher, record: Record) -> None:
        self._pusher = pusher
        self._record = record

    def begin(
        self,
        host: str,
        port: int,
        payload: bytes,
        settled: Callable[[PushResult], object],
        connectTimeout: float | None = None,
        lease: Lease | None = None,
        ack: bool = False,
        held: Callable[[], object] | None = None,
        source: str = "",
        *,
        entry: Entry | None,
        member: Member,
    ) -> Attempt:
        """
        See :class:`~twisted_messenger.push.interfaces.Pusher`.
        """
        address, id = f"{host}:{port}", subject(payload)
        self._record.note(Kind.PUSHING, address, id, "ack" if ack else "")

        def pushed(result: PushResult) -> None:
            self._record.note(Kind.PUSHED, address, id, result.outcome.value)
            settled(result)

        return self._pusher.begin(
            *(host, port, payload, pushed, connectTimeout, lease),
            ack=ack,
            held=held,
            source=source,
            entry=entry,
            member=member,
        )


class Server:
    """
    One server and its disk.

    :param random: latencies, jitter, and how long it stays down.
    :param latencies: of the short ways.
    :param ear: what else the program does with its room.
    """

    def __init__(
        self,
        network: MemoryNetwork,
        settings: Settings,
        parts: Parts,
        record: Record,
        random: Random,
        latencies: Random,
        ear: Ear,
    ) -> None:
        self._ear = ear
        self.disk = parts.disk(settings.diskSeconds)
        self.disk.burnt = self.crash
        self.up = False
        #: Whether no way leads out of its machine.
        self.isUnplugged = False
        self._network = network
        self._settings = settings
        self._parts = parts
        self._record = record
        self._random = random
        self._latencies = latencies
        self._process = Process(network, HOST)

    def start(self) -> None:
        """
        Begin with what the disk has.
        """
        self._record.note(Kind.STARTED)
        self._process = process = Process(self._network, HOST)
        parts, settings = self._parts, self._settings
        worker = DiskWorker(process, self.disk, self._random)
        self._file = RecordingFile(self.disk, self._record, process)
        self._store = store = parts.store(self._file, worker)
        listener = Listener("--port", self._endpoint(process))
        room = ChatRoom(
            store,
            clock=process.seconds,
            steady=process.seconds,
            isOwnListener=listener.isAt,
        )
        broadcaster = parts.broadcaster(
            store,
            RecordingPusher(self._pusher(process), self._record),
            process,
            room.counters,
            limits=LogLimits(entries=settings.backlog),
            delivery=DeliveryLimits(
                maxPushes=settings.maxPushes,
                retryUnconfirmed=settings.retryUnconfirmed,
                evictSeconds=settings.evictSeconds,
            ),
            retryPolicy=parts.retry(self._random.random),
        )
        receipts = parts.receipts(
            ChatServerFactory(room),
            process,
            room.refusals,
            SenderLimits(receipts=settings.receipts),
        )
        self._service = ChatService(store, room, receipts, broadcaster, [listener])
        self._service.startService()
        self.up = True
        self._ear.begin(room, process)

    def _endpoint(self, process: Process) -> TCP4ServerEndpoint:
        if self._settings.shortWays:
            return DoorEndpoint(self._latencies, process, PORT, HOST)
        return TCP4ServerEndpoint(process, PORT, interface=HOST)

    def _pusher(self, process: Process) -> Pusher:
        pusher = self._parts.pusher(process)
        if self._settings.shortWays:
            vars(pusher)["_batch"] = SimulatedBatch(
                process, self._latencies, lambda: self.isUnplugged
            )
        return pusher

    def crash(self) -> None:
        """
        Be killed; soon after, start again.
        """
        if self._process.alive:
            self._record.note(Kind.CRASHED)
            self.disk.crashed()
            self._end()

    def backUp(self) -> None:
        """
        Copy the store.
        """
        if self.up:
            self.disk.backUp()
            self._record.note(Kind.BACKED_UP, what=str(self._file.head))

    def restore(self) -> None:
        """
        Be killed, and start again on the copy.
        """
        if self.up and self.disk.hasCopy:
            self.crash()
            self.disk.restore()
            self._record.note(Kind.RESTORED, what=str(self._file.head))

    def failOver(self) -> None:
        """
        Go on from the copy without a stop, as when a standby takes over.
        """
        if self.up and self.disk.hasCopy:
            self._file.failOver()
            self._record.note(Kind.RESTORED, what=str(self._file.head))
            # As a lease that is renewed does, it wakes the server; not on a full disk.
            self._store.advance({}).addErrback(lambda reason: reason.trap(StoreFull))

    def stop(self) -> None:
        """
        Stop in order; soon after, start again.
        """
        if self.up:
            self.up = False
            self._service.stopService().addCallback(self._stopped, self._process)

    def _stopped(self, _: None, process: Process) -> None:
        if process.alive:
            self._record.note(Kind.STOPPED)
            self._end()

    def _end(self) -> None:
        self.up = False
        self._process.kill()
        self._network.callLater(3 * self._random.random() ** 2, self.start)

    def vanish(self) -> None:
        """
        The story is over.
        """
        self._process.kill()
        self.disk.database.close()
