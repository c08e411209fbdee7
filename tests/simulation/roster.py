"""
Who is registered where, as the store has it; and that nobody takes what is another's.
"""

from tests.simulation.backup import Backup
from tests.simulation.record import Event, Kind, Record

#: Somebody who is no member, and knows nobody's key.
STRANGER = "10.0.0.99"

# What the broadcaster hears of a member it hears so late at most: the store takes its time.
HEARD_SECONDS = 3.0


class Roster:
    """
    Follows registrations and departures.

    It is the last of the judges: to the others, a registration shows how things were before it.
    """

    def __init__(self, record: Record) -> None:
        self._record = record
        #: By name: the address of each member.
        self.where: dict[str, str] = {}
        #: By name: what was said under it up to this position is not its own.
        self.named: dict[str, int] = {}
        #: By name: nothing that was said up to this position is for it, but its history.
        self.start: dict[str, int] = {}
        self._at: dict[str, str] = {}
        self._left: dict[str, float] = {}
        self._head = 0
        self._backup = Backup(self, "where", "named", "start")

    def nameAt(self, address: str) -> str | None:
        """
        Whose pushes go to an address, or went there last.

        :returns: ``None`` where its member has moved, and the server must know.
        """
        left = self._left.get(address)
        if left is not None and self._record.clock.seconds() - left > HEARD_SECONDS:
            return None
        return self._at.get(address)

    def displaced(self, event: Event) -> str | None:
        """
        Whose registration has become another's by this one, at the same address.
        """
        if event.detail not in ("merged", "renamed"):
            return None
        return self._at[event.what]

    def noted(self, event: Event) -> None:
        """
        See :class:`~tests.simulation.record.Judge`.
        """
        if event.kind is Kind.APPENDED:
            self._head = int(event.detail)
        elif event.kind is Kind.ENROLLED:
            self._enrolled(event)
        elif event.kind in (Kind.DEPARTED, Kind.EVICTED):
            del self.where[event.who]
        elif event.kind is Kind.BACKED_UP:
            self._backup.make()
        elif event.kind is Kind.RESTORED:
            self._restored(event)

    def _restored(self, event: Event) -> None:
        before = set(self.where.values())
        self._backup.restore()
        self._head = int(event.what)
        self._at.update({address: name for name, address in self.where.items()})
        self._left.update(dict.fromkeys(before - set(self.where.values()), event.time))
        for address in self.where.values():
            self._left.pop(address, None)

    def _enrolled(self, event: Event) -> None:
        name, address = event.who, event.what
        self._judgeOwner(name, address)
        displaced = self.displaced(event)
        if displaced is not None:
            del self.where[displaced]
            self.start[name] = min(self.start[displaced], self.start.get(name, self._head))
            if event.detail == "renamed":
                # What goes to where it moved from is for it under its new name.
                moved = [at for at in self._left if self._at[at] == displaced]
                self._at.update(dict.fromkeys(moved, name))
        if event.detail in ("joined", "renamed"):
            self.named[name] = self._head
        if event.detail == "joined":
            self.start[name] = self._head
        before = self.where.get(name, address)
        if before != address:
            self._left[before] = event.time
        self._left.pop(address, None)
        self.where[name] = address
        self._at[address] = name

    def _judgeOwner(self, name: str, address: str) -> None:
        """
        Without its key, and from another address than the one where it is, nobody gets a name.
        """
        before = self.where.get(name, address)
        if _isStrange(address) and not _isStrange(before):
            self._record.violated("name", f"a stranger got {name}, which was at {before}")


def _isStrange(address: str) -> bool:
    return address.startswith(f"{STRANGER}:")
