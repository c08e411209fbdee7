"""
Judges the promise itself: what was answered by a close without a byte reaches every member.
"""

from collections import Counter

from tests.simulation.backup import Backup
from tests.simulation.deliveries import DeliveryJudge
from tests.simulation.parts import HOLD_SECONDS
from tests.simulation.record import FINAL, MOVED, UNSEEN, Event, Kind, Message, Record
from tests.simulation.roster import Roster
from tests.simulation.written import Written


class PromiseJudge:
    """
    Knows what each member is owed.

    :param deliveries: knows what it got.
    """

    def __init__(self, record: Record, roster: Roster, deliveries: DeliveryJudge) -> None:
        self._record = record
        self._roster = roster
        self._deliveries = deliveries
        #: Events before each member's registration was answered, since it last came.
        self._joined: dict[str, int] = {}
        self._told: dict[str, int] = {}
        self._confirmed: dict[str, float] = {}
        self._written = Written()
        #: When the push under way to each address began.
        self._begun: dict[str, float] = {}
        #: By address: whether only a word confirms the push under way.
        self._ack: dict[str, bool] = {}
        #: What was said before a member came that it is to get all the same.
        self._history: dict[str, list[str]] = {}
        #: Taken, as far as one can tell, by a member that never closes, or did not for very long.
        self._excused: set[tuple[str, str]] = set()
        self._backup = Backup(self, "_joined", "_confirmed", "_history", "_told")
        #: By sender, with the number of events before the answer.
        self._stored: dict[tuple[str, str], list[tuple[int, Message]]] = {}

    def noted(self, event: Event) -> None:
        """
        See :class:`~tests.simulation.record.Judge`.
        """
        kind, name = event.kind, event.who
        self._written.noted(event)
        if kind is Kind.JOINED:
            # A farewell goes to where it was before.
            if name in self._roster.where and not event.what.endswith(MOVED):
                self._joined.setdefault(name, len(self._record.events))
        elif kind is Kind.ENROLLED:
            displaced = self._roster.displaced(event)
            if displaced is not None:
                self._succeeded(event, displaced)
        elif kind in (Kind.DEPARTED, Kind.EVICTED):
            self._joined.pop(name, None)
            self._history.pop(name, None)
            self._confirmed.pop(name, None)
        elif kind is Kind.HISTORY:
            self._history.setdefault(name, []).append(event.what)
            self._excused.discard((name, event.what))
        elif kind is Kind.PUSHING:
            self._begun[name] = event.time
            self._ack[name] = event.detail == "ack"
        elif kind is Kind.PUSHED:
            self._pushed(event)
        elif kind is Kind.ANSWERED and event.detail == "stored":
            self._answered(event)
        elif kind is Kind.DELIVERED and event.detail not in UNSEEN:
            self._tell(self._roster.nameAt(name), event.what)
        elif kind is Kind.BACKED_UP:
            self._backup.make()
            self._backedUp = event
            # On a full disk, the copy knows as little as the store.
            self._copied = self._written.upTo(event.time)
        elif kind is Kind.RESTORED:
            self._restored()
        elif kind is Kind.CRASHED:
            late = self._written.upTo(event.time)
            self._confirmed = {who: time for who, time in self._confirmed.items() if time < late}

    def _restored(self) -> None:
        told = self._told
        self._backup.restore()
        # What somebody was told since then, he has heard all the same.
        self._told = Counter(self._told) | Counter(told)
        self._confirmed = {
            who: time for who, time in self._confirmed.items() if time < self._copied
        }
        for message in self._record.messages.values():
            message.lost |= message.position > int(self._backedUp.what)
        for answered in self._stored.values():
            answered[:] = [(before, one) for before, one in answered if not one.lost]

    def _succeeded(self, event: Event, displaced: str) -> None:
        name = event.who
        joined = self._joined.pop(displaced, None)
        history = self._history.pop(displaced, [])
        # What it may have taken, nobody need give again to its address.
        done = {id for member, id in self._excused if member == displaced}
        if event.detail == "renamed":
            # And what it said itself.
            done |= {one.id for one in self._record.messages.values() if one.name == displaced}
            self._history[name] = history
            self._told[name] = self._told.pop(displaced, 0)
            if joined is not None:
                self._joined[name] = joined
        self._excused.update((name, id) for id in done)
        confirmed = self._confirmed.pop(displaced, None)
        if confirmed is not None:
            self._confirmed[name] = min(confirmed, self._confirmed.get(name, confirmed))

    def _tell(self, name: str | None, what: str) -> None:
        if name is not None and what.endswith(" dropped"):
            self._told[name] = self._told.get(name, 0) + int(what.split()[0])

    def _pushed(self, event: Event) -> None:
        name = self._roster.nameAt(event.who)
        if name is None:
            return
        if event.detail in FINAL:
            # A farewell goes to where it was before.
            if name in self._roster.where and not event.what.endswith(MOVED):
                self._confirmed.setdefault(name, event.time)
        elif event.detail == "hung" and self._mayBeDone(event, name):
            self._excused.add((name, event.what))
            self._tell(name, event.what)

    def _mayBeDone(self, event: Event, name: str) -> bool:
        if self._ack[event.who]:
            return False
        wasHeld = event.time - self._begun[event.who] >= HOLD_SECONDS
        return wasHeld or name not in self._confirmed

    def _answered(self, event: Event) -> None:
        message = self._record.messages[event.what]
        if not message.position:
            self._record.violated("receipt", f"{message.id} was answered, but is not stored")
            return
        if message.lost:
            return
        answered = self._stored.setdefault((message.host, message.name), [])
        for before, earlier in answered:
            if before <= message.sent and earlier.position > message.position:
                why = f"{message.id} is before {earlier.id}, which was answered when it was sent"
                self._record.violated("order", why)
        answered.append((len(self._record.events), message))

    def _isOwn(self, member: str, message: Message) -> bool:
        return message.name == member and message.position > self._roster.named[member]

    def missing(self) -> list[str]:
        """
        What members are owed and did not get.
        """
        lines = []
        stored = [
            one for one in self._record.messages.values() if one.answer == "stored" and not one.lost
        ]
        for member, since in self._joined.items():
            owed = [
                message.id
                for message in stored
                if message.sent >= since and not self._isOwn(member, message)
            ]
            owed = [
                id
                for id in [*self._history.get(member, ()), *owed]
                if not self._deliveries.has(member, id) and (member, id) not in self._excused
            ]
            told = self._told.get(member, 0)
            if len(owed) > told:
                lines.append(f"{member} did not get {', '.join(owed)} (told of {told})")
        return lines
