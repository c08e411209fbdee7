"""
Judges what members receive: whole, in order, and twice only for a reason.
"""

from collections import Counter

from tests.simulation.backup import Backup
from tests.simulation.record import FINAL, MOVED, UNSEEN, Event, Kind, Message, Record
from tests.simulation.roster import HEARD_SECONDS, Roster
from tests.simulation.server import Settings
from twisted_messenger.delivery.trouble import MAX_HANGS

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

    def __init__(self, record: Record, roster: Roster, settings: Settings) -> None:
        self._record = record
        self._roster = roster
        self._tight = settings.backlog > 0
        self._last: dict[str, int] = {}
        #: By member and message: when it was delivered last, or ``None`` if not in order.
        self._got: dict[tuple[str, str], float | None] = {}
        self._taken: set[tuple[str, str]] = set()
        self._crashed: list[float] = []
        self._full: float | None = None
        self._failures: dict[str, int] = {}
        #: What a member took without closing may count as delivered, read or not.
        self._hung: Counter[tuple[str, str]] = Counter()
        #: What members are to get that was said before they came.
        self._history: set[tuple[str, str]] = set()
        #: What was on its way to the kept address of two members that have become one. While older
        #: messages wait, only the memory of the server knows that it is there.
        self._inherited: set[tuple[str, str]] = set()
        self._started = 0.0
        #: When each name got an address that was another's.
        self._succession: dict[str, float] = {}
        #: By address: when its member was forgotten there, or moved away.
        self._deserted: dict[str, float] = {}
        #: By member: what was on its way to its address when it came.
        self._arriving: dict[str, str | None] = {}
        #: By address: what is on its way there.
        self._flying: dict[str, str] = {}
        #: Where it is for somebody who has left, and whose name is another's.
        self._former: set[str] = set()
        #: By member: what it took last.
        self._latest: dict[str, str] = {}
        #: By member: the position of what it was given last, as long as it has not taken it.
        self._owed: dict[str, int] = {}
        self._backup = Backup(self, "_last", "_history", "_taken")
        self._backedUp = self._restoredAt = -HEARD_SECONDS
        #: What was on its way when the store went back to its copy.
        self._underWay: set[str] = set()
        self.duplicates = 0

    def noted(self, event: Event) -> None:
        """
        See :class:`~tests.simulation.record.Judge`.
        """
        if event.kind is Kind.DELIVERED:
            name = self._roster.nameAt(event.who)
            if name is not None and event.who not in self._former:
                self._delivered(event, name)
        elif event.kind is Kind.PUSHING:
            self._flying[event.who] = event.what
            self._former.discard(event.who)
        elif event.kind is Kind.STARTED:
            self._started = event.time
        elif event.kind is Kind.CRASHED:
            self._crashed.append(event.time)
        elif event.kind is Kind.FULL:
            self._full = event.time
        elif event.kind is Kind.PUSHED:
            self._ended(event)
        elif event.kind is Kind.ENROLLED:
            before = self._roster.where.get(event.who, event.what)
            if before != event.what:
                self._deserted[before] = event.time
                if event.time - self._succession.get(event.who, -HEARD_SECONDS) < HEARD_SECONDS:
                    # The server may hear of both at once, and then never learns whose push it is
                    # that is on its way there.
                    self._flying.pop(before, None)
            displaced = self._roster.displaced(event)
            if displaced is not None:
                self._succeeded(event, displaced)
            elif event.detail == "joined":
                self._begin(event)
            elif self._roster.nameAt(event.what) != event.who:
                # What is on its way to who was there before is no news of who has moved there.
                self._flying.pop(event.what, None)
        elif event.kind in (Kind.DEPARTED, Kind.EVICTED):
            self._deserted[self._roster.where[event.who]] = event.time
        elif event.kind is Kind.BACKED_UP:
            self._backup.make()
            self._backedUp = event.time
        elif event.kind is Kind.RESTORED:
            self._restored(event)
        elif event.kind is Kind.HISTORY:
            self._history.add((event.who, event.what))
            if event.what != self._arriving.get(event.who):
                self._taken.discard((event.who, event.what))

    def _restored(self, event: Event) -> None:
        # What was asked for once more since then is asked for no longer.
        taken = self._taken
        self._backup.restore()
        self._taken |= taken
        self._restoredAt = event.time
        self._underWay |= set(self._flying.values())
        # What was written of it before the copy was made, that knows too.
        late = self._backedUp - _FLUSH_SECONDS
        self._got = {
            key: time if time is not None and time < late else None
            for key, time in self._got.items()
        }

    def _begin(self, event: Event) -> None:
        name = event.who
        # What is on its way to who was there before is no news of the new member, which may have
        # been there itself.
        self._arriving[name] = self._flying.pop(event.what, None)
        # Nor is what is on its way to who bore its name.
        for address in [at for at in self._flying if self._roster.nameAt(at) == name]:
            del self._flying[address]
            self._former.add(address)
        if event.time - self._deserted.get(event.what, -HEARD_SECONDS) < HEARD_SECONDS:
            # Who was there may be pushed to until the server hears of both.
            self._succession[name] = event.time
        self._last[name] = 0
        self._got.update({key: None for key in self._got if key[0] == name})
        self._history = {key for key in self._history if key[0] != name}

    def _ended(self, event: Event) -> None:
        flying = self._flying.pop(event.who, None)
        name = self._roster.nameAt(event.who)
        if name is None or event.detail == "deferred":
            return
        if event.detail in FINAL:
            self._latest[name] = event.what
            self._owed.pop(name, None)
            if flying is not None and (name, event.what) in self._got:
                self._got[name, event.what] = self._settled(event, name)
            return
        self._failures[name] = self._failures.get(name, 0) + 1
        if event.detail == "hung":
            self._hung[name, event.what] += 1

    def _succeeded(self, event: Event, displaced: str) -> None:
        """
        Two members have become one, or one has another name: it goes on where the slower one was.
        """
        name = event.who
        self._succession[name] = event.time
        last = self._last.get(displaced, 0)
        # What it was given, and has not taken, comes again.
        lasts = [min(last, self._owed.pop(displaced, last + 1) - 1)]
        kept = {id for member, id in self._got.keys() | self._taken if member == displaced}
        if event.detail == "merged":
            lasts.append(self._last.get(name, 0))
            # What is on its way to the kept address, and what was taken there last, which may have
            # been on its way, need not come again. All the rest may.
            kept &= {self._flying.get(event.what, ""), self._latest.get(displaced, "")}
            # So it is with what is on its way to where it comes from, should it go back.
            own = self._flying.get(self._roster.where.get(name, ""), "")
            self._inherited.update((name, id) for id in (*kept, own))
        # What it said under its old name comes too, where a crash has set it back before that.
        passed = range(self._roster.named[displaced] + 1, self._last.get(displaced, 0) + 1)
        said = [one for one in self._record.messages.values() if one.name == displaced]
        kept |= {one.id for one in said if one.position in passed}
        self._last[name] = min(lasts)
        self._history |= {(name, id) for id in self._historyOf(displaced, said)}
        self._inherited |= {(name, id) for member, id in self._inherited if member == displaced}
        self._got.update({key: None for key in self._got if key[0] == name})
        # What both have passed comes again only where a crash has set them back.
        for id, time in self._passedBy(displaced, self._last[name]).items():
            self._got.setdefault((name, id), time)
        self._got.update({(name, id): None for id in kept})
        self._taken.update((name, id) for id in kept if (displaced, id) in self._taken)

    def _passedBy(self, member: str, upTo: int) -> dict[str, float | None]:
        """
        When a member got each of what lies up to a position.
        """
        return {
            id: time
            for (who, id), time in self._got.items()
            if who == member and self._record.messages[id].position <= upTo
        }

    def _historyOf(self, member: str, said: list[Message]) -> set[str]:
        """
        What a member is to get that was said before it came.

        :param said: by itself: what lies in between is not another one's own.
        """
        asked = {id for who, id in self._history if who == member}
        first = min((self._record.messages[id].position for id in asked), default=0)
        return asked | {one.id for one in said if asked and one.position >= first}

    def _settled(self, event: Event, name: str) -> float | None:
        """
        :returns: the time; ``None`` while the server may not know yet whose address it is.
        """
        since = event.time - max(self._succession.get(name, -HEARD_SECONDS), self._restoredAt)
        return event.time if since >= HEARD_SECONDS else None

    def _delivered(self, event: Event, name: str) -> None:
        message = self._record.messages.get(event.what)
        if message is not None:
            self._said(event, name, message)
        elif event.what.endswith(("message was dropped", "messages were dropped")):
            reset = max(self._failures.values(), default=0) >= _POISON_FAILURES
            hung = max(self._hung.values(), default=0) >= MAX_HANGS
            if not (self._tight or reset or hung):
                self._record.violated("drop", f"{name}: {event.what}, without need")
        elif event.what.endswith(MOVED):
            # It has come back to where it was before the server heard that it had moved.
            pass
        elif event.what or not self._crashed or self._crashed[-1] != event.time:
            # A kill between the connection and its first byte leaves an empty message.
            self._record.violated("whole", f"{name} got {event.what!r}")

    def _said(self, event: Event, member: str, message: Message) -> None:
        id = event.what
        self._owed[member] = message.position
        if event.detail not in UNSEEN:
            self._taken.add((member, id))
        if message.lost or id in self._underWay:
            # When its store was gone, it may have been under way: nothing is known of it.
            return
        settled = self._settled(event, member)
        own = message.name == member and message.position > self._roster.named[member]
        if own and settled is not None:
            self._record.violated("own", f"{member} got its own {id}")
        if message.answer in ("refused", "later"):
            self._record.violated("refused", f"{member} got {id}, which was refused")
        early = message.position <= self._roster.start[member]
        if early and settled is not None and (member, id) not in self._history:
            self._record.violated("history", f"{member} got {id}, said before it came")
        if (member, id) in self._got:
            self._again(event, member)
        elif message.position > self._last.get(member, 0):
            if settled is not None:
                self._last[member] = message.position
        elif (member, id) not in self._hung:
            self._record.violated("order", f"{member} got {id} behind a later one")
        self._got[member, id] = settled if event.detail == "in order" else None

    def _again(self, event: Event, member: str) -> None:
        self.duplicates += 1
        before = self._got[member, event.what]
        if before is None or (self._full is not None and self._full >= before):
            return
        if (member, event.what) in self._inherited and self._started >= before:
            return
        # The kernel may carry a push to its end at the moment of the crash.
        if not any(0 <= crash - before <= _FLUSH_SECONDS for crash in self._crashed):
            self._record.violated("twice", f"{member} got {event.what} again without a reason")

    def has(self, member: str, id: str) -> bool:
        """
        Whether a member was ever given a message, and did not put it off.
        """
        return (member, id) in self._taken
