"""
Judges what members receive: whole, in order, and twice only for a reason.
"""

from collections import Counter

from tests.simulation.record import FINAL, POSTPONED, Event, Kind, Message, Record
from tests.simulation.server import Settings
from twisted_messenger.delivery.state import MAX_HANGS

# A crash repeats what was confirmed at most so long before it: the cursors' flush, and the
# store's time for it, which may have to wait for others.
_FLUSH_SECONDS = 1.5

# So often must a member have failed before one entry is skipped.
_POISON_FAILURES = 20


class DeliveryJudge:
    """
    Watches the members' ends of the pushes.

    :param settings: whether the log may drop anything.
    """

    def __init__(self, record: Record, settings: Settings) -> None:
        self._record = record
        self._tight = settings.backlog > 0
        self._last: dict[str, int] = {}
        #: By member and message: when it was delivered last, or ``None`` if not in order.
        self._got: dict[tuple[str, str], float | None] = {}
        self._taken: set[tuple[str, str]] = set()
        self._crashed: list[float] = []
        self._full: float | None = None
        self._failures: dict[str, int] = {}
        #: By host: what a member took without closing may count as delivered, read or not.
        self._hung: Counter[tuple[str, str]] = Counter()
        self._hosts: dict[str, str] = {}
        self.duplicates = 0

    def noted(self, event: Event) -> None:
        """
        See :class:`~tests.simulation.record.Judge`.
        """
        if event.kind is Kind.DELIVERED:
            self._delivered(event)
        elif event.kind is Kind.CRASHED:
            self._crashed.append(event.time)
        elif event.kind is Kind.FULL:
            self._full = event.time
        elif event.kind is Kind.PUSHED and event.detail not in (*FINAL, "deferred"):
            host = event.who.partition(":")[0]
            self._failures[host] = self._failures.get(host, 0) + 1
            if event.detail == "hung":
                self._hung[host, event.what] += 1
        elif event.kind is Kind.ENROLLED:
            self._hosts[event.who] = event.what.partition(":")[0]

    def _delivered(self, event: Event) -> None:
        message = self._record.messages.get(event.what)
        if message is not None:
            self._said(event, message)
        elif event.what.endswith(("message was dropped", "messages were dropped")):
            reset = max(self._failures.values(), default=0) >= _POISON_FAILURES
            hung = max(self._hung.values(), default=0) >= MAX_HANGS
            if not (self._tight or reset or hung):
                self._record.violated("drop", f"{event.who}: {event.what}, without need")
        elif event.what == f"{event.who} is registered elsewhere now":
            # It has come back to where it was before the server heard that it had moved.
            pass
        elif event.what or not self._crashed or self._crashed[-1] != event.time:
            # A kill between the connection and its first byte leaves an empty message.
            self._record.violated("whole", f"{event.who} got {event.what!r}")

    def _said(self, event: Event, message: Message) -> None:
        member, id = event.who, event.what
        if message.name == member:
            self._record.violated("own", f"{member} got its own {id}")
        if message.answer in ("refused", "later"):
            self._record.violated("refused", f"{member} got {id}, which was refused")
        if (member, id) in self._got:
            self._again(event)
        elif message.position > self._last.get(member, 0):
            self._last[member] = message.position
        elif (self._hosts[member], id) not in self._hung:
            self._record.violated("order", f"{member} got {id} behind a later one")
        self._got[member, id] = event.time if event.detail == "in order" else None
        if event.detail != POSTPONED:
            self._taken.add((member, id))

    def _again(self, event: Event) -> None:
        self.duplicates += 1
        before = self._got[event.who, event.what]
        if before is None or (self._full is not None and self._full >= before):
            return
        # The kernel may carry a push to its end at the moment of the crash.
        if not any(0 <= crash - before <= _FLUSH_SECONDS for crash in self._crashed):
            self._record.violated("twice", f"{event.who} got {event.what} again without a reason")

    def has(self, member: str, id: str) -> bool:
        """
        Whether a member was ever given a message, and did not put it off.
        """
        return (member, id) in self._taken
