"""
The things that can happen: each public method is a verb of the stories.
"""

from collections.abc import Sequence

from tests.simulation.members import Member, Mode
from tests.simulation.process import Process
from tests.simulation.record import Kind, Message, Record
from tests.simulation.senders import Manner, send
from tests.simulation.server import Server
from tests.simulation.trip import Trip
from twisted_messenger.testing import MemoryNetwork
from twisted_messenger.wire import formatRegistration, formatRoomMessage

_MANNERS = (Manner.POLITE, Manner.POLITE, Manner.POLITE, Manner.HURLED, Manner.NETCAT)

# A disk that is full has room again after so many seconds, at most.
_FULL_SECONDS = 20.0

# How long nothing happens, at most.
_IDLE_SECONDS = 3 * 3600.0


class Acts:
    """
    Does what a story says.

    Every method takes the member that it concerns, and a number from 0 to 1.
    """

    def __init__(
        self, network: MemoryNetwork, record: Record, server: Server, members: Sequence[Member]
    ) -> None:
        self._network = network
        self._record = record
        self._server = server
        self._members = members
        self._stranger = Process(network, "10.0.0.99")
        self._trip = Trip(network, server.crash)
        record.judges.append(self._trip)

    def say(self, member: Member, size: float) -> None:
        """
        A member says something.
        """
        self._say(member.sending, member.name, size)

    def burst(self, member: Member, size: float) -> None:
        """
        Everybody speaks at once.
        """
        for one in self._members:
            self._say(one.sending, one.name, 0)
        self._say(self._stranger, "ci", size)

    def stranger(self, member: Member, size: float) -> None:
        """
        Somebody who is no member says something.
        """
        self._say(self._stranger, "ci", size)

    def impostor(self, member: Member, size: float) -> None:
        """
        Somebody else speaks under a member's name.
        """
        self._say(self._stranger, member.name, size)

    def big(self, member: Member, size: float) -> None:
        """
        A member says something that takes several packets.
        """
        self._say(member.sending, member.name, 0, "x" * int(60_000 * size))

    def register(self, member: Member, size: float = 0) -> None:
        """
        A member registers where it is.
        """
        port, member.registered = member.port, 0

        def answered(answer: str) -> None:
            if answer == "stored":
                # Two registrations may overtake each other; then nobody is sure.
                member.registered = port if port == member.port else 0
                self._record.note(Kind.JOINED, member.name, f"{member.host}:{port}")

        data = formatRegistration(member.name, member.host, port)
        send(member.sending, data, Manner.POLITE, answered)

    def leave(self, member: Member, size: float) -> None:
        """
        A member asks to be forgotten.
        """
        member.registered = 0
        data = f"leave_request|{member.name}|{member.host}|{member.port}".encode()
        send(member.sending, data, Manner.POLITE, lambda answer: None)

    def move(self, member: Member, size: float) -> None:
        """
        A member restarts at another port and registers there.
        """
        member.restart(member.port + 100)
        self.register(member)

    def restart(self, member: Member, size: float) -> None:
        """
        A member restarts at its port and registers again.
        """
        member.restart(member.port)
        self.register(member)

    def die(self, member: Member, size: float) -> None:
        """
        A member is killed.
        """
        member.die()

    def comeBack(self, member: Member, size: float) -> None:
        """
        A member is well again, and does not say so.
        """
        member.comeBack()

    def swallow(self, member: Member, size: float) -> None:
        """
        Packets to a member vanish.
        """
        member.swallow()

    def hang(self, member: Member, size: float) -> None:
        """
        A member no longer closes connections.
        """
        member.mode = Mode.HANGING

    def tarpit(self, member: Member, size: float) -> None:
        """
        A member no longer reads.
        """
        member.mode = Mode.TARPIT

    def slow(self, member: Member, size: float) -> None:
        """
        A member takes its time.
        """
        member.mode = Mode.SLOW
        member.slowSeconds = 15 * size**2

    def postpone(self, member: Member, size: float) -> None:
        """
        A member answers that it takes nothing now.
        """
        member.mode = Mode.POSTPONING

    def decline(self, member: Member, size: float) -> None:
        """
        A member answers that it will not have what it gets.
        """
        member.mode = Mode.DECLINING

    def babble(self, member: Member, size: float) -> None:
        """
        A member answers, and nobody knows what it means.
        """
        member.mode = Mode.BABBLING

    def rude(self, member: Member, size: float) -> None:
        """
        A member reads everything, then resets.
        """
        member.mode = Mode.RUDE

    def reset(self, member: Member, size: float) -> None:
        """
        A member resets its next connections.
        """
        member.resets = 1 + int(5 * size)

    def crash(self, member: Member, size: float) -> None:
        """
        The server is killed.
        """
        self._server.crash()

    def fuse(self, member: Member, size: float) -> None:
        """
        The server is killed soon, in the middle of whatever the store does then.
        """
        self._server.disk.fuse = int(40 * size**2)

    def trip(self, member: Member, size: float) -> None:
        """
        The server is killed soon, in the middle of a connection.
        """
        self._trip.arm(size)

    def stop(self, member: Member, size: float) -> None:
        """
        The server is restarted in order.
        """
        self._server.stop()

    def fill(self, member: Member, size: float) -> None:
        """
        The disk is full for a while.
        """
        self._server.disk.full = True
        self._network.callLater(_FULL_SECONDS * size, self.free)

    def free(self) -> None:
        """
        The disk has room.
        """
        self._server.disk.full = False

    def calm(self) -> None:
        """
        Nothing bad happens to the server any more.
        """
        self.free()
        self._server.disk.fuse = None
        self._trip.disarm()

    def idle(self, member: Member, size: float) -> None:
        """
        Nothing happens for minutes or hours.
        """
        self._network.advance(_IDLE_SECONDS * size**4)

    def _say(self, process: Process, name: str, size: float, tail: str = "") -> None:
        id = f"m{len(self._record.messages)}"
        text = f"{id} {tail}" if tail else id
        message = Message(id, name, text, process.host, len(self._record.events))
        self._record.messages[id] = message
        self._record.note(Kind.SENT, name, id)

        def answered(answer: str) -> None:
            message.answer = answer
            self._record.note(Kind.ANSWERED, name, id, answer)

        manner = _MANNERS[int(len(_MANNERS) * size)]
        send(process, formatRoomMessage(name, text), manner, answered)
