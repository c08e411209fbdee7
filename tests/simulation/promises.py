"""
Judges the promise itself: what was answered by a close without a byte reaches every member.
"""

from tests.simulation.deliveries import DeliveryJudge
from tests.simulation.parts import HOLD_SECONDS
from tests.simulation.record import FINAL, POSTPONED, Event, Kind, Message, Record

# A confirmation is remembered by the store so many seconds later, at most.
_FLUSH_SECONDS = 2.0


class PromiseJudge:
    """
    Knows what each member is owed.

    :param deliveries: knows what it got.
    """

    def __init__(self, record: Record, deliveries: DeliveryJudge) -> None:
        self._record = record
        self._deliveries = deliveries
        #: Events before each member's registration was answered, since it last came.
        self._joined: dict[str, int] = {}
        #: Who the store has now.
        self._there: set[str] = set()
        self._told: dict[str, int] = {}
        self._confirmed: dict[str, float] = {}
        #: When the push under way to each address began.
        self._begun: dict[str, float] = {}
        #: Taken, as far as one can tell, by a member that never closes, or did not for very long.
        self._excused: set[tuple[str, str]] = set()
        self._names: dict[str, str] = {}
        #: By sender, with the number of events before the answer.
        self._stored: dict[tuple[str, str], list[tuple[int, Message]]] = {}

    def noted(self, event: Event) -> None:
        """
        See :class:`~tests.simulation.record.Judge`.
        """
        kind, name = event.kind, event.who
        if kind is Kind.JOINED:
            if name in self._there:
                self._joined.setdefault(name, len(self._record.events))
        elif kind is Kind.ENROLLED:
            self._there.add(name)
            self._names[event.what.partition(":")[0]] = name
        elif kind in (Kind.DEPARTED, Kind.EVICTED):
            self._there.discard(name)
            self._joined.pop(name, None)
            self._confirmed.pop(name, None)
        elif kind is Kind.PUSHING:
            self._begun[name] = event.time
        elif kind is Kind.PUSHED:
            self._pushed(event)
        elif kind is Kind.ANSWERED and event.detail == "stored":
            self._answered(event)
        elif kind is Kind.DELIVERED and event.detail != POSTPONED:
            self._tell(name, event.what)
        elif kind is Kind.CRASHED:
            late = event.time - _FLUSH_SECONDS
            self._confirmed = {who: time for who, time in self._confirmed.items() if time < late}

    def _tell(self, name: str, what: str) -> None:
        if what.endswith(" dropped"):
            self._told[name] = self._told.get(name, 0) + int(what.split()[0])

    def _pushed(self, event: Event) -> None:
        # A push may end after its member left.
        name = self._names[event.who.partition(":")[0]]
        if event.detail in FINAL:
            self._confirmed.setdefault(name, event.time)
        elif event.detail == "hung" and (name not in self._confirmed or self._wasHeld(event)):
            self._excused.add((name, event.what))
            self._tell(name, event.what)

    def _wasHeld(self, event: Event) -> bool:
        return event.time - self._begun[event.who] >= HOLD_SECONDS

    def _answered(self, event: Event) -> None:
        message = self._record.messages[event.what]
        if not message.position:
            self._record.violated("receipt", f"{message.id} was answered, but is not stored")
            return
        answered = self._stored.setdefault((message.host, message.name), [])
        for before, earlier in answered:
            if before <= message.sent and earlier.position > message.position:
                why = f"{message.id} is before {earlier.id}, which was answered when it was sent"
                self._record.violated("order", why)
        answered.append((len(self._record.events), message))

    def missing(self) -> list[str]:
        """
        What members are owed and did not get.
        """
        lines = []
        stored = [one for one in self._record.messages.values() if one.answer == "stored"]
        for member, since in self._joined.items():
            owed = [
                message.id
                for message in stored
                if message.sent >= since
                and message.name != member
                and not self._deliveries.has(member, message.id)
                and (member, message.id) not in self._excused
            ]
            told = self._told.get(member, 0)
            if len(owed) > told:
                lines.append(f"{member} did not get {', '.join(owed)} (told of {told})")
        return lines
