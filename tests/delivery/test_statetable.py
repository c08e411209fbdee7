"""
Every event in every state of a member's delivery.
"""

from collections.abc import Callable

from twisted.trial.unittest import SynchronousTestCase

from tests.delivery.test_state import STEPS, steady
from twisted_messenger.delivery.state import DeliveryState
from twisted_messenger.delivery.steps import Evict, Send, Step, Tell, Wait
from twisted_messenger.delivery.trouble import EVICT_ATTEMPTS
from twisted_messenger.roster import Progress

_NOW = 5000.0
_EVICT = 1000.0


def _resting() -> DeliveryState:
    return DeliveryState(Progress(20, reached=True), steady(), evictSeconds=_EVICT)


def _missing() -> DeliveryState:
    return DeliveryState(Progress(20, due=2, reached=True), steady(), evictSeconds=_EVICT)


def _delivering() -> DeliveryState:
    queue = _resting()
    queue.begin(30)
    return queue


def _telling() -> DeliveryState:
    queue = _missing()
    queue.beginNotice(2)
    return queue


def _backingOff() -> DeliveryState:
    queue = _delivering()
    queue.failed(_NOW)
    return queue


def _missingAndBackingOff() -> DeliveryState:
    queue = _telling()
    queue.failed(_NOW)
    return queue


def _evictable() -> DeliveryState:
    queue = _resting()
    for _ in range(EVICT_ATTEMPTS):
        queue.begin(30)
        queue.failed(_NOW - _EVICT)
    return queue


_EVENTS: dict[str, Callable[[DeliveryState], object]] = {
    "next": lambda queue: queue.next(_NOW),
    "begin": lambda queue: queue.begin(30),
    "begin behind": lambda queue: queue.begin(20),
    "beginNotice": lambda queue: queue.beginNotice(2),
    "beginNotice of nothing": lambda queue: queue.beginNotice(0),
    "skip": lambda queue: queue.skip(25),
    "skip behind": lambda queue: queue.skip(20),
    "trimmed": lambda queue: queue.trimmed(Progress(25, due=3)),
    "confirmed": lambda queue: queue.confirmed(),
    "hung": lambda queue: queue.hung(_NOW),
    "failed": lambda queue: queue.failed(_NOW),
    "failed connected": lambda queue: queue.failed(_NOW, connected=True),
    "heardFrom": lambda queue: queue.heardFrom(),
    "moved": lambda queue: queue.registered(),
}

#: Cursor, entry in flight, whether busy, and the next step.
Stand = tuple[int, int | None, bool, Step]

_FIRST = Wait(STEPS[0])
_SECOND = Wait(STEPS[1])

#: State and event to where the queue stands then; what is not here is a mistake of ours. The
#: queue has no clock: whoever begins has asked how long to wait.
_TABLE: dict[str, tuple[Callable[[], DeliveryState], dict[str, Stand]]] = {
    "resting": (
        _resting,
        {
            "next": (20, None, False, Send()),
            "begin": (20, 30, True, Send()),
            "beginNotice": (20, None, True, Send()),
            "skip": (25, None, False, Send()),
            "trimmed": (25, None, False, Tell(3)),
            "heardFrom": (20, None, False, Send()),
            "moved": (20, None, False, Send()),
        },
    ),
    "resting, missed": (
        _missing,
        {
            "next": (20, None, False, Tell(2)),
            "begin": (20, 30, True, Tell(2)),
            "beginNotice": (20, None, True, Tell(2)),
            "skip": (25, None, False, Tell(2)),
            "trimmed": (25, None, False, Tell(3)),
            "heardFrom": (20, None, False, Tell(2)),
            "moved": (20, None, False, Tell(2)),
        },
    ),
    "delivering": (
        _delivering,
        {
            "next": (20, 30, True, Send()),
            "trimmed": (25, 30, True, Tell(3)),
            "confirmed": (30, None, False, Send()),
            "hung": (20, None, False, _FIRST),
            "failed": (20, None, False, _FIRST),
            "failed connected": (20, None, False, _FIRST),
            "heardFrom": (20, 30, True, Send()),
            "moved": (20, 30, True, Send()),
        },
    ),
    "telling": (
        _telling,
        {
            "next": (20, None, True, Tell(2)),
            "trimmed": (25, None, True, Tell(3)),
            "confirmed": (20, None, False, Send()),
            "hung": (20, None, False, _FIRST),
            "failed": (20, None, False, _FIRST),
            "failed connected": (20, None, False, _FIRST),
            "heardFrom": (20, None, True, Tell(2)),
            "moved": (20, None, True, Tell(2)),
        },
    ),
    "backing off": (
        _backingOff,
        {
            "next": (20, None, False, _FIRST),
            "begin": (20, 30, True, _FIRST),
            "beginNotice": (20, None, True, _FIRST),
            "skip": (25, None, False, _FIRST),
            "trimmed": (25, None, False, _FIRST),
            "heardFrom": (20, None, False, Send()),
            "moved": (20, None, False, Send()),
        },
    ),
    "backing off, missed": (
        _missingAndBackingOff,
        {
            "next": (20, None, False, _FIRST),
            "begin": (20, 30, True, _FIRST),
            "beginNotice": (20, None, True, _FIRST),
            "skip": (25, None, False, _FIRST),
            "trimmed": (25, None, False, _FIRST),
            "heardFrom": (20, None, False, Tell(2)),
            "moved": (20, None, False, Tell(2)),
        },
    ),
    "evictable": (
        _evictable,
        {
            "next": (20, None, False, Evict()),
            "begin": (20, 30, True, Evict()),
            "beginNotice": (20, None, True, Evict()),
            "skip": (25, None, False, Evict()),
            "trimmed": (25, None, False, Evict()),
            "heardFrom": (20, None, False, Send()),
            "moved": (20, None, False, Send()),
        },
    ),
}


def _all(queue: DeliveryState) -> dict[str, object]:
    return {name: getattr(queue, name) for name in DeliveryState.__slots__}


def _after(queue: DeliveryState, happen: Callable[[DeliveryState], object]) -> Stand | str | None:
    """
    Where the queue stands after an event.

    :returns: ``None`` where it was forbidden and changed nothing.
    """
    before = _all(queue)
    try:
        happen(queue)
    except AssertionError:
        return None if _all(queue) == before else "forbidden, but changed something"
    return queue.cursor, queue.inFlight, queue.busy, queue.next(_NOW)


class TransitionTests(SynchronousTestCase):
    """
    Every event in every state does what the table says, or stops at once.
    """

    def test_everyPair(self) -> None:
        """
        No event at a wrong moment loses a message, sends one twice, or shortens a wait.
        """
        wrong = {
            (state, event): after
            for state, (makeQueue, allowed) in _TABLE.items()
            for event, happen in _EVENTS.items()
            if (after := _after(makeQueue(), happen)) != allowed.get(event)
        }
        self.assertEqual(wrong, {})

    def test_secondFailure(self) -> None:
        """
        Each kind of failure counts as one more.
        """
        for event in ("hung", "failed", "failed connected"):
            queue = _backingOff()
            queue.begin(30)
            self.assertEqual(_after(queue, _EVENTS[event]), (20, None, False, _SECOND))
