"""
The things that can happen: each public method is a verb of the stories.
"""

from collections.abc import Sequence

from tests.simulation.ears import EAR, Ear, Mood
from tests.simulation.listeners import Mode
from tests.simulation.members import Member
from tests.simulation.process import Process
from tests.simulation.record import Kind, Message, Record
from tests.simulation.roster import STRANGER
from tests.simulation.senders import Answered, Manner, converse, send
from tests.simulation.server import Server
from tests.simulation.trip import Trip
from twisted_messenger.options import RegistrationOptions
from twisted_messenger.testing import MemoryNetwork
from twisted_messenger.wire import formatDeparture, formatRegistration, formatRoomMessage

_MANNERS = (Manner.POLITE, Manner.POLITE, Manner.POLITE, Manner.HURLED, Manner.NETCAT)

# A disk that is full has room again after so many seconds, at most.
_FULL_SECONDS = 20.0

# What looks like a command, and is a text on a connection where somebody speaks.
_BEGINNINGS = ("from:ci|", f"connect_request|{STRANGER}|", "leave_request|")

# Where a thief says that it listens.
_THIEF_PORT = 9999

# How long nothing happens, at most.
_IDLE_SECONDS = 3 * 3600.0


class Acts:
    """
    Does what a story says.

    Every method takes the member that it concerns, and a number from 0 to 1.
    """

    def __init__(
        self,
        network: MemoryNetwork,
        record: Record,
        server: Server,
        members: Sequence[Member],
        ear: Ear,
    ) -> None:
        self._ear = ear
        self._network = network
        self._record = record
        self._server = server
        self._members = members
        self._hosts = 0
        self._stranger = Process(network, STRANGER)
        self._stolen: set[str] = set()
        #: How often the store has lost what it had told.
        self._lost = 0
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
        listener, member.registered = member.listener, ""
        lost = self._lost

        def answered(answer: str) -> None:
            if answer.startswith("stored"):
                # Two registrations may overtake each other, and what is told may be lost already;
                # then nobody is sure.
                isSure = listener is member.listener and lost == self._lost
                member.registered = listener.address if isSure else ""
                self._record.note(Kind.JOINED, member.name, listener.address)

        wish = None if member.wish == RegistrationOptions() else member.wish
        data = formatRegistration(member.name, listener.host, listener.port, wish)
        send(member.sending, data, Manner.POLITE, answered)

    def leave(self, member: Member, size: float) -> None:
        """
        A member asks to be forgotten.
        """
        member.registered = ""
        data = formatDeparture(member.name, member.listener.host, member.listener.port)
        send(member.sending, data, Manner.POLITE, lambda answer: None)

    def move(self, member: Member, size: float) -> None:
        """
        A member restarts at another port and registers there.
        """
        listener = member.listener
        listener.die()
        member.move(listener.host, listener.port + 100)
        self.register(member)

    def leaveBehind(self, member: Member, size: float) -> None:
        """
        A member moves, to another host if it has a key, while something is on its way to where it
        was; nobody is there any more.
        """
        old, self._hosts = member.listener, self._hosts + 1
        host = old.host if member.wish.key is None else f"10.0.1.{self._hosts}"
        member.leaveBehind(host, old.port + 100)
        if size < 0.5:
            old.swallow()
        self.stranger(member, 0)
        self._network.callLater(1.0, self.register, member)

    def merge(self, member: Member, size: float) -> None:
        """
        A member registers where another one of its host is.
        """
        twin = self._twin(member)
        if twin is not None:
            member.swap(twin)
        self.register(member)

    def mergeInPush(self, member: Member, size: float) -> None:
        """
        The same, while something is on its way there.
        """
        twin = self._twin(member)
        if twin is not None:
            twin.listener.mode, twin.listener.slowSeconds = Mode.SLOW, 3 + 7 * size
        self.stranger(member, 0)
        self._network.callLater(1.0, self.merge, member, size)

    def _twin(self, member: Member) -> Member | None:
        host = member.sending.host
        twins = (one for one in self._members if one is not member and one.sending.host == host)
        return next(twins, None)

    def steal(self, member: Member, size: float) -> None:
        """
        Somebody else registers a member's name, and gives it back if that was free.
        """
        # What nobody heard of an earlier time is not undone by this one.
        isUnsure = member.name in self._stolen
        self._stolen.add(member.name)

        def answered(answer: str) -> None:
            if answer.startswith("stored"):
                self._giveBack(member.name)
            elif answer in ("refused", "later") and not isUnsure:
                self._stolen.discard(member.name)

        wrong = RegistrationOptions(key="guessed-wrongly") if size < 0.5 else None
        data = formatRegistration(member.name, STRANGER, _THIEF_PORT, wrong)
        send(self._stranger, data, Manner.POLITE, answered)

    def giveBack(self) -> None:
        """
        Nobody has a name that is a member's.
        """
        for name in self._stolen:
            self._giveBack(name)

    def _giveBack(self, name: str) -> None:
        data = formatDeparture(name, STRANGER, _THIEF_PORT)
        send(self._stranger, data, Manner.POLITE, lambda answer: None)

    def restart(self, member: Member, size: float) -> None:
        """
        A member restarts at its port and registers again.
        """
        member.restart()
        self.register(member)

    def die(self, member: Member, size: float) -> None:
        """
        A member is killed.
        """
        member.listener.die()

    def comeBack(self, member: Member, size: float) -> None:
        """
        A member is well again, and does not say so.
        """
        member.listener.comeBack()

    def swallow(self, member: Member, size: float) -> None:
        """
        Packets to a member vanish.
        """
        member.listener.swallow()

    def hang(self, member: Member, size: float) -> None:
        """
        A member no longer closes connections.
        """
        member.listener.mode = Mode.HANGING

    def tarpit(self, member: Member, size: float) -> None:
        """
        A member no longer reads.
        """
        member.listener.mode = Mode.TARPIT

    def slow(self, member: Member, size: float) -> None:
        """
        A member takes its time.
        """
        member.listener.mode = Mode.SLOW
        member.listener.slowSeconds = 15 * size**2

    def postpone(self, member: Member, size: float) -> None:
        """
        A member answers that it takes nothing now.
        """
        member.listener.mode = Mode.POSTPONING

    def decline(self, member: Member, size: float) -> None:
        """
        A member answers that it will not have what it gets.
        """
        member.listener.mode = Mode.DECLINING

    def babble(self, member: Member, size: float) -> None:
        """
        A member answers, and nobody knows what it means.
        """
        member.listener.mode = Mode.BABBLING

    def forward(self, member: Member, size: float) -> None:
        """
        A member's program is down, and something in front of it takes what comes.
        """
        member.listener.mode = Mode.FORWARDING

    def rude(self, member: Member, size: float) -> None:
        """
        A member reads everything, then resets.
        """
        member.listener.mode = Mode.RUDE

    def reset(self, member: Member, size: float) -> None:
        """
        A member resets its next connections.
        """
        member.listener.resets = 1 + int(5 * size)

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

    def backUp(self, member: Member, size: float) -> None:
        """
        The store is copied.
        """
        self._server.backUp()

    def restore(self, member: Member, size: float) -> None:
        """
        The store goes back to its copy, and the server starts anew on it.
        """
        self._server.restore()
        self._unsure()

    def failOver(self, member: Member, size: float) -> None:
        """
        The store goes back to its copy while the server runs.
        """
        self._server.failOver()
        self._unsure()

    def _unsure(self) -> None:
        self._lost += 1
        for one in self._members:
            one.registered = ""
            self._stolen.add(one.name)

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

    def hark(self, member: Member, size: float) -> None:
        """
        The program subscribes.
        """
        self._ear.subscribe()

    def ignore(self, member: Member, size: float) -> None:
        """
        The program's subscription ends.
        """
        self._ear.cancel()

    def rewind(self, member: Member, size: float) -> None:
        """
        The program subscribes anew, further back or further on.
        """
        stored = [one.position for one in self._record.messages.values()]
        self._ear.subscribe(int(size * max(stored, default=0)))

    def raising(self, member: Member, size: float) -> None:
        """
        The program's listener raises, at once or later.
        """
        self._ear.mood = Mood.RAISING if size < 0.5 else Mood.FAILING
        self._ear.slowSeconds = 5 * size

    def pensive(self, member: Member, size: float) -> None:
        """
        The program's listener takes its time.
        """
        self._ear.mood, self._ear.slowSeconds = Mood.SLOW, 15 * size**2

    def attentive(self, member: Member, size: float) -> None:
        """
        The program's listener is well.
        """
        self._ear.mood = Mood.WELL

    def mimic(self, member: Member, size: float) -> None:
        """
        Somebody else speaks under the name of the program's listener.
        """
        self._say(self._stranger, EAR, size)

    def calm(self) -> None:
        """
        Nothing bad happens to the server any more.
        """
        self._ear.mood = Mood.WELL
        self.free()
        self._server.disk.fuse = None
        self._trip.disarm()

    def idle(self, member: Member, size: float) -> None:
        """
        Nothing happens for minutes or hours.
        """
        self._network.advance(_IDLE_SECONDS * size**4)

    def converse(self, member: Member, size: float) -> None:
        """
        A member says several lines over one connection; some look like commands of others.
        """
        first = self._message(member.sending, member.name, "")
        lines = [(formatRoomMessage(member.name, first.text), self._answeredFor(first))]
        for number in range(1 + int(len(_BEGINNINGS) * size)):
            begin = _BEGINNINGS[number - 1] if number else ""
            message = self._message(member.sending, member.name, "", begin)
            lines.append((message.text.encode(), self._answeredFor(message)))
        # Who speaks may say so again.
        last = self._message(member.sending, member.name, "")
        lines.append((formatRoomMessage(member.name, last.text), self._answeredFor(last)))
        converse(member.sending, lines)

    def _say(self, process: Process, name: str, size: float, tail: str = "") -> None:
        message = self._message(process, name, tail)
        manner = _MANNERS[int(len(_MANNERS) * size)]
        send(process, formatRoomMessage(name, message.text), manner, self._answeredFor(message))

    def _message(self, process: Process, name: str, tail: str, begin: str = "") -> Message:
        id = f"m{len(self._record.messages)}"
        text = f"{begin}{id} {tail}".rstrip()
        message = Message(id, name, text, process.host, len(self._record.events))
        self._record.messages[id] = message
        self._record.note(Kind.SENT, name, id)
        return message

    def _answeredFor(self, message: Message) -> Answered:
        def answered(answer: str) -> None:
            message.answer, _, position = answer.partition(" ")
            if answer == "no receipt":
                message.answer = answer
            if position.isdigit() and int(position) != message.position:
                why = f"{message.id} is at {message.position}, and was answered + {position}"
                self._record.violated("receipt", why)
            self._record.note(Kind.ANSWERED, message.name, message.id, message.answer)

        return answered
