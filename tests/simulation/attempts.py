"""
Judges the server's attempts: one at a time, patient, and not given up too early.
"""

from dataclasses import dataclass

from tests.simulation.backup import Backup
from tests.simulation.record import FINAL, MOVED, Event, Kind, Record
from tests.simulation.roster import HEARD_SECONDS, Roster
from tests.simulation.server import Settings
from tests.simulation.written import Written
from twisted_messenger.backoff import JITTER, RETRY_SECONDS
from twisted_messenger.delivery.trouble import NEVER_REACHED_SECONDS

# What is under way to an address that its member has left ends within so many seconds, even where
# the server begins to stop at that moment, and leaves its pushes 5 s.
_GIVEN_UP_SECONDS = 6.0

_ROUNDING = 1e-6


@dataclass
class _Address:
    """
    What the server may know of a callback address.

    :param failures: in a row, since the member was heard.
    :param begun: when the last attempt that was in vain began.
    :param failed: when it ended.
    :param subject: what it was about.
    :param hung: whether it ended in a way that may count as success.
    """

    failures: int = 0
    begun: float = 0.0
    failed: float = 0.0
    subject: str = ""
    hung: bool = False


class AttemptJudge:
    """
    Watches the server's ends of the pushes.

    :param settings: when members may be evicted.
    """

    def __init__(self, record: Record, roster: Roster, settings: Settings) -> None:
        self._record = record
        self._roster = roster
        self._evictSeconds = settings.evictSeconds
        #: By address: when the push under way began, and for whom.
        self._flying: dict[str, tuple[float, str | None]] = {}
        self._addresses: dict[str, _Address] = {}
        #: By address: since when nobody listens there for the push under way.
        self._left: dict[str, float] = {}
        self._heard: dict[str, float] = {}
        #: When the server knows that its store is another copy.
        self._restoredBy = 0.0
        #: When each name got an address that was another's.
        self._succession: dict[str, float] = {}
        self._enrolled: dict[str, float] = {}
        self._written = Written()
        self._confirmed: dict[str, float] = {}
        self._begunInVain: dict[str, float] = {}
        self._backup = Backup(self, "_enrolled", "_confirmed", "_begunInVain")

    def noted(self, event: Event) -> None:
        """
        See :class:`~tests.simulation.record.Judge`.
        """
        self._written.noted(event)
        if event.kind is Kind.PUSHING:
            self._begun(event)
        elif event.kind is Kind.PUSHED:
            self._ended(event)
        elif event.kind is Kind.ENROLLED:
            self._registered(event)
        elif event.kind is Kind.APPENDED:
            self._heard[event.who] = event.time
        elif event.kind in (Kind.DEPARTED, Kind.EVICTED):
            self._departed(event.who)
            if event.kind is Kind.EVICTED:
                self._evicted(event)
        elif event.kind is Kind.BACKED_UP:
            self._backup.make()
        elif event.kind is Kind.RESTORED:
            self._backup.restore()
            self._restoredBy = event.time + HEARD_SECONDS
            # Whom it is for, is not known any more, nor that its member has left.
            self._flying = {at: (begun, None) for at, (begun, _) in self._flying.items()}
            self._left.clear()
            # Nobody knows any more that anybody has failed.
            self._heard = dict.fromkeys(self._enrolled, event.time)
        elif event.kind in (Kind.CRASHED, Kind.STOPPED):
            self._flying.clear()
            self._addresses.clear()
            self._left.clear()
            if event.kind is Kind.CRASHED:
                # Of what was confirmed just before it, the store knows nothing.
                late = self._written.upTo(event.time)
                self._confirmed = {
                    name: time for name, time in self._confirmed.items() if time < late
                }

    def _departed(self, name: str, successor: str | None = None) -> None:
        # What is under way to who is no member any more goes on; one that comes under its name
        # later is another.
        flying = self._flying
        self._left = {at: since for at, since in self._left.items() if flying[at][1] != name}
        self._flying = {
            at: (begun, successor if whose == name else whose)
            for at, (begun, whose) in flying.items()
        }

    def _registered(self, event: Event) -> None:
        name = event.who
        self._enrolled[name] = self._heard[name] = event.time
        # What is under way to where it comes back may go on, as if it had never been away.
        self._left.pop(event.what, None)
        before = self._roster.where.get(name, event.what)
        _, flying = self._flying.get(before, (0.0, None))
        # Of two changes at once it is told the outcome: what it inherits, then, is nobody's.
        heard = event.time - self._succession.get(name, -HEARD_SECONDS) >= HEARD_SECONDS
        if before != event.what and flying == name and heard:
            self._left[before] = event.time
        displaced = self._roster.displaced(event)
        if displaced is not None:
            self._succession[name] = event.time
            self._departed(displaced, name)
        if displaced in self._confirmed:
            self._confirmed[name] = self._confirmed[displaced]

    def _mayHaveForgiven(self, address: str, known: _Address, event: Event) -> bool:
        """
        Whether the member was heard since it failed, or the failure counted as a success.
        """
        heard = self._heard.get(self._roster.nameAt(address) or "")
        if heard is not None and heard >= known.begun - HEARD_SECONDS:
            return True
        # Two notices may look the same.
        other = known.subject != event.what or event.what.endswith(" dropped")
        return not known.failures or (known.hung and other)

    def _begun(self, event: Event) -> None:
        address = event.who
        if address in self._flying:
            self._record.violated("one at a time", f"two connections to {address}")
        if self._roster.nameAt(address) is None and not event.what.endswith(MOVED):
            self._record.violated("moved", f"a push went to {address}, which its member has left")
        # A farewell is for who left; and who is told of a copy of the store only now forgets whom
        # the push was for.
        isMembers = not event.what.endswith(MOVED) and event.time >= self._restoredBy
        self._flying[address] = event.time, self._roster.nameAt(address) if isMembers else None
        known = self._addresses.get(address)
        if known is None or event.what.endswith(MOVED):
            # A farewell is said once, whatever came before.
            return
        if self._mayHaveForgiven(address, known, event):
            return
        step = RETRY_SECONDS[min(known.failures, len(RETRY_SECONDS)) - 1]
        waited = event.time - known.failed
        if waited < step * (1 - JITTER) - _ROUNDING:
            why = f"{address} was tried {waited:.3f} s after failure {known.failures}"
            self._record.violated("patience", why)

    def _ended(self, event: Event) -> None:
        address = event.who
        name = self._roster.nameAt(address)
        begun, _ = self._flying.pop(address, (event.time, None))
        left = self._left.pop(address, event.time)
        if event.time - left > _GIVEN_UP_SECONDS:
            self._record.violated("moved", f"a push to {address} went on after its member left")
        if event.detail == "exhausted":
            # There was none: the server's own machine lacked something.
            return
        if event.detail in FINAL:
            self._addresses.pop(address, None)
            if name is not None:
                self._confirmed[name] = event.time
            return
        if name is not None:
            self._begunInVain[name] = begun
        known = self._addresses.setdefault(address, _Address())
        forgiven = self._mayHaveForgiven(address, known, event)
        known.failures = 1 if forgiven else known.failures + 1
        known.begun, known.failed = begun, event.time
        known.subject = event.what
        known.hung = event.detail == "hung"

    def _evicted(self, event: Event) -> None:
        name = event.who
        least = min(NEVER_REACHED_SECONDS, self._evictSeconds)
        if not self._evictSeconds:
            self._record.violated("eviction", f"{name} was evicted; nobody should be")
        elif event.time - self._confirmed.get(name, -least) < least:
            self._record.violated("eviction", f"{name} was evicted soon after a success")
        elif self._begunInVain.get(name, -1.0) < self._enrolled[name]:
            why = f"{name} was evicted, not tried once since it registered"
            self._record.violated("eviction", why)
