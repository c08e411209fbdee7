"""
What some stories begin with, while all is well: nothing else happens meanwhile, so that one promise
can be judged to the second.
"""

from collections.abc import Iterator

from tests.simulation.acts import Acts
from tests.simulation.listeners import Mode
from tests.simulation.members import Member
from tests.simulation.process import Process
from tests.simulation.record import Kind
from twisted_messenger.backoff import MAX_POSTPONED

# Senders in turn: a single one would say too much in a second.
_SENDERS = 8

# Seconds between messages, a quarter of a commit, and how long they go on, for thirty commits: half
# of the longest one is the usual one.
_STREAM_PAUSE = 0.0125
_STREAM_SECONDS = 1.5

# Seconds until everybody has what was said.
_SOON = 5.0

# What a slow member takes: more than a push may take, and less than a member is held.
_WORK_SECONDS = 11.0

# So often is a member tried in that time that the next attempt, when all is well, is soon.
_LOST_SECONDS = 25.0

# Until an attempt that is lost has ended, and the next one.
_AFTER_LOSS = 15.0

# Longer than a member may be away where it is to be reached in 15 minutes.
_UNPLUGGED_SECONDS = 1800.0

# Attempts that cannot even be made are made again after so many seconds, at most, and some more.
_PLUGGED_SECONDS = MAX_POSTPONED + 2.0

# Longer than a member is held.
_HUNG_SECONDS = 25.0

# Seconds in which a newcomer must be reached.
_AT_ONCE = 1.0

# Seconds between restarts, and in which a dead member must be given up.
_BETWEEN_RESTARTS = 120.0
_OUTLIVED_SECONDS = 1800.0


class Openings(Acts):
    """
    Does what a story says, and how it may begin.
    """

    def stream(self, member: Member, size: float) -> None:
        """
        Strangers speak without a pause, faster than the store commits: everybody has the first
        message long before they stop.
        """
        self.stranger(member, 0)
        self._network.advance(_SOON)
        first = self._nextId()
        for sender in self._strangers(int(_STREAM_SECONDS / _STREAM_PAUSE)):
            self._say(sender, "ci", 0)
            self._network.advance(_STREAM_PAUSE)
        for one in self._members:
            if not self._got(one, first):
                why = f"{one.name} did not get {first} while others spoke"
                self._record.violated("pauses", why)

    def _strangers(self, count: int) -> Iterator[Process]:
        senders = [Process(self._network, f"10.0.2.{host}") for host in range(_SENDERS)]
        for number in range(count):
            yield senders[number % _SENDERS]

    def crowd(self, member: Member, size: float) -> None:
        """
        Two members hang and are known for it; a newcomer is reached at once.
        """
        newcomer, *others = sorted(self._members, key=lambda one: one.name != member.name)
        self.leave(newcomer, 0)
        for one in others[:2]:
            one.listener.mode = Mode.HANGING
        self.stranger(member, 0)
        self._network.advance(_HUNG_SECONDS)
        self.stranger(member, 0)
        self._network.advance(_AT_ONCE)
        self.register(newcomer)
        self._network.advance(_AT_ONCE)
        first = self._nextId()
        self.stranger(member, 0)
        self._network.advance(_AT_ONCE)
        if not self._got(newcomer, first):
            why = f"{newcomer.name} waits for those that hang"
            self._record.violated("newcomer", why)

    def work(self, member: Member, size: float) -> None:
        """
        A member that is known for its closes works before the next one: it gets that push once.
        """
        self.stranger(member, 0)
        self._network.advance(_SOON)
        member.listener.mode, member.listener.slowSeconds = Mode.SLOW, _WORK_SECONDS
        first = self._nextId()
        self.stranger(member, 0)
        self._network.advance(3 * _WORK_SECONDS)
        times = self._times(member, first)
        if times != 1:
            why = f"{member.name} worked, and got {first} {times} times"
            self._record.violated("work", why)

    def vanish(self, member: Member, size: float) -> None:
        """
        What is sent to a member vanishes, though connections stand, and it may even end its half of
        them: it gets all of that later.
        """
        member.listener.lose()
        if size < 0.5:
            member.listener.mode = Mode.HASTY
        first = self._nextId()
        self.stranger(member, 0)
        self._network.advance(_LOST_SECONDS)
        member.listener.comeBack()
        self._network.advance(_AFTER_LOSS)
        if not self._got(member, first):
            why = f"{first} vanished on its way to {member.name}, and does not come again"
            self._record.violated("vanished", why)

    def unplug(self, member: Member, size: float) -> None:
        """
        No way leads out of the server's machine: nobody is to blame, and everybody is reached as
        soon as there is one.
        """
        self.stranger(member, 0)
        self._network.advance(_SOON)
        self._server.isUnplugged = True
        first = self._nextId()
        self.stranger(member, 0)
        self._network.advance(_UNPLUGGED_SECONDS)
        self._server.isUnplugged = False
        self._network.advance(_PLUGGED_SECONDS)
        for one in self._members:
            if not self._got(one, first):
                why = f"{one.name} is to blame that no way led out of this machine"
                self._record.violated("unplugged", why)

    def outlive(self, member: Member, size: float) -> None:
        """
        A member is dead, and the server restarts more often than a dead member is given up.
        """
        self.stranger(member, 0)
        self._network.advance(_SOON)
        member.listener.die()
        self.stranger(member, 0)
        restart = self._server.crash if size < 0.5 else self._server.stop
        until = self._network.seconds() + _OUTLIVED_SECONDS
        while self._network.seconds() < until:
            self._network.advance(_BETWEEN_RESTARTS)
            restart()
            if any(one.kind is Kind.EVICTED for one in self._record.events):
                return
        self._record.violated("eviction", f"{member.name} outlives restarts, though it is dead")

    def fallBack(self, member: Member, size: float) -> None:
        """
        A member leaves, and the store goes back to a copy that has it: it gets what is said then.
        """
        self._network.advance(_SOON)
        self.backUp(member, 0)
        self.leave(member, 0)
        self._network.advance(_SOON)
        self.failOver(member, 0)
        self._network.advance(_SOON)
        first = self._nextId()
        self.stranger(member, 0)
        self._network.advance(_SOON)
        if not self._got(member, first):
            why = f"{member.name} is a member again, and did not get {first}"
            self._record.violated("copy", why)

    def _nextId(self) -> str:
        return f"m{len(self._record.messages)}"

    def _got(self, member: Member, id: str) -> bool:
        return self._times(member, id) > 0

    def _times(self, member: Member, id: str) -> int:
        return sum(
            (one.kind, one.who, one.what) == (Kind.DELIVERED, member.listener.address, id)
            for one in self._record.events
        )
