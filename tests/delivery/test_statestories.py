"""
Long stories of one member: whatever happens in whatever order, what is promised holds.
"""

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.delivery.test_state import STEPS, steady
from twisted_messenger.delivery.state import DeliveryState
from twisted_messenger.delivery.steps import Evict, Tell, Wait
from twisted_messenger.delivery.trouble import EVICT_ATTEMPTS, NEVER_REACHED_SECONDS
from twisted_messenger.roster import Progress

_HOUR = 3600.0


class Story:
    """
    One member, the log, two clocks (one of them is set), and what must hold after every event.
    """

    def __init__(self, test: SynchronousTestCase, reached: bool) -> None:
        self.test = test
        self.passed, self.clock = 0.0, 10 * _HOUR
        self.notBefore = 0.0
        self.failingSince: float | None = None
        self.forwards = 0.0
        self.attempts = 0
        self.telling = 0
        self.lost = self.poisoned = self.told = 0
        self.settled: list[int] = []
        self.progress = Progress(0, reached=reached)
        self.queue = self.rebuilt()

    def rebuilt(self) -> DeliveryState:
        """
        What a restart makes of it.
        """
        return DeliveryState(self.progress, steady(), evictSeconds=_HOUR)

    def check(self) -> None:
        """
        Entries are settled in order and without a gap, losses are counted, nothing shrinks.
        """
        new, old = self.queue.progress, self.progress
        self.test.assertEqual(self.settled, list(range(3, new.cursor + 1, 3)))
        self.test.assertEqual(self.queue.missed, self.lost + self.poisoned - self.told)
        self.test.assertGreaterEqual(
            (new.cursor, new.due, new.settled, new.reached),
            (old.cursor, old.due, old.settled, old.reached),
        )
        self.test.assertGreaterEqual(new.settled, old.settled)
        self.test.assertEqual(new.due, new.cursor // 3)
        self.test.assertGreaterEqual(new.reached, old.reached)
        self.progress = new

    def wait(self, seconds: float) -> None:
        """
        Time passes.
        """
        self.passed += seconds
        self.clock += seconds

    def set(self, seconds: float) -> None:
        """
        Somebody sets the clock. A member may then be tried, and given up, so much earlier.
        """
        self.clock += seconds
        if seconds > 0:
            self.forwards += seconds
            self.notBefore = self.passed

    def heard(self, moved: bool) -> None:
        """
        The member speaks, or registers at another address.
        """
        self.notBefore = self.passed
        if moved:
            self.queue.registered()
            self.forgiven()
        else:
            self.queue.heardFrom()

    def forgiven(self) -> None:
        """
        What failed before does not count any more.
        """
        self.failingSince, self.attempts, self.forwards = None, 0, 0.0

    def restart(self) -> None:
        """
        All that is left is the progress; how long the member has failed is a part of it.
        """
        self.queue = self.rebuilt()
        self.notBefore = self.passed
        self.telling = 0

    def trim(self, count: int) -> None:
        """
        The log drops some entries, the one that is in flight perhaps among them.
        """
        self.lost += count
        cursor = self.queue.cursor + 3 * count
        self.settled += range(self.queue.cursor + 3, cursor + 1, 3)
        self.queue.trimmed(Progress(cursor, due=cursor // 3))

    def trimLate(self, count: int) -> None:
        """
        News of a trim come after the member has got what was dropped, as the store did not know.
        """
        known = max(0, self.queue.cursor - 3 * count)
        self.queue.trimmed(Progress(known, due=known // 3))

    def attempt(self) -> bool:
        """
        Try, once the queue lets us.

        :returns: whether the member is still there.
        """
        step = self.queue.next(self.clock)
        if isinstance(step, Wait):
            self.test.assertLessEqual(step.seconds, max(STEPS))
            self.wait(step.seconds)
            step = self.queue.next(self.clock)
            self.test.assertNotIsInstance(step, Wait)
        if step == Evict():
            assert self.failingSince is not None
            failing = self.passed - self.failingSince + self.forwards
            limit = _HOUR if self.queue.progress.reached else NEVER_REACHED_SECONDS
            self.test.assertGreaterEqual(failing, limit)
            if self.queue.progress.reached:
                self.test.assertGreaterEqual(self.attempts, EVICT_ATTEMPTS)
            return False
        self.test.assertGreaterEqual(self.passed, self.notBefore)
        if isinstance(step, Tell):
            self.test.assertEqual(step.missed, self.queue.missed)
            self.telling = step.missed
            self.queue.beginNotice(step.missed)
        else:
            self.test.assertEqual(self.queue.missed, 0)
            self.queue.begin(self.queue.cursor + 3)
        return True

    def end(self, event: str) -> None:
        """
        End the attempt that is under way.
        """
        entry, missed = self.queue.inFlight, self.queue.missed
        # It was counted as dropped while it was on its way.
        late = entry is not None and entry <= self.queue.cursor
        taken = event == "confirmed"
        if taken:
            self.queue.confirmed()
        elif event == "hung":
            taken = self.queue.hung(self.clock)
        else:
            self.queue.failed(self.clock, connected=event == "reset")
        skipped = self.queue.missed > missed
        self.poisoned += skipped
        if entry is not None and (taken or skipped) and entry not in self.settled:
            self.settled.append(entry)
        if taken:
            self.told += self.telling + late
            self.notBefore = self.passed
            self.forgiven()
        else:
            self.notBefore = self.passed + STEPS[min(self.queue.failures, len(STEPS)) - 1]
            self.failingSince = self.passed if self.failingSince is None else self.failingSince
            self.attempts += 1
        self.telling = 0

    def happen(self, event: str, count: int) -> bool:
        """
        Let something happen; where it makes no sense, something near it.

        :returns: whether the member is still there.
        """
        if event == "time passes":
            self.wait(0.125 if count == 1 else 60.0 * count)
        elif event == "clock":
            self.set((count - 2) * _HOUR)
        elif event in ("heard", "moved"):
            self.heard(event == "moved")
        elif event == "restart":
            self.restart()
        elif event == "trimmed":
            self.trim(count)
        elif event == "trimmed late":
            self.trimLate(count)
        elif self.queue.busy:
            self.end(event)
        elif event == "skip":
            self.queue.skip(self.queue.cursor + 3)
            self.settled.append(self.queue.cursor)
        else:
            return self.attempt()
        return True


#: How often each may happen; where nothing is in flight, the ends of an attempt begin one.
_STORY = ["time passes", "clock", "heard", "moved", "restart", "trimmed", "trimmed late", "skip"]
_STORY += ["confirmed", "failed", "reset", "hung"]
_EVENT = st.tuples(st.sampled_from(_STORY), st.integers(1, 3))

#: Members who are away, and time that passes: how one comes to be skipped or given up.
_BAD_EVENT = st.tuples(
    st.sampled_from(["time passes", "clock", "heard", "failed", "reset", "reset"]),
    st.integers(1, 3),
)


class StoryTests(SynchronousTestCase):
    """
    Long stories of one member, while the log grows and the clock is set now and then.
    """

    def story(self, reached: bool, events: list[tuple[str, int]]) -> Story:
        """
        Tell one, up to the end or the member's.
        """
        story = Story(self, reached)
        for event, count in events:
            if not story.happen(event, count):
                break
            story.check()
        return story

    @settings(deadline=None, max_examples=300)
    @given(st.booleans(), st.lists(_EVENT, max_size=60))
    def test_anyStory(self, reached: bool, events: list[tuple[str, int]]) -> None:
        """
        Messages go out in order, each until it is settled; attempts keep the back-off apart
        unless the member speaks or moves; after the wait it was told, an attempt may be made.
        """
        self.story(reached, events)

    @settings(deadline=None, max_examples=100)
    @given(st.booleans(), st.lists(_BAD_EVENT, min_size=40, max_size=120))
    def test_anySadStory(self, reached: bool, events: list[tuple[str, int]]) -> None:
        """
        The same for members who are away for long, or cannot take an entry; nobody is given up
        before its time, least of all because the clock was set back.
        """
        self.story(reached, events)

    @settings(deadline=None, max_examples=100)
    @given(st.booleans(), st.lists(_EVENT, max_size=60))
    def test_everyLossIsTold(self, reached: bool, events: list[tuple[str, int]]) -> None:
        """
        Who comes back in the end was told of every loss, once.
        """
        story = self.story(reached, events)
        queue = story.queue
        if queue.busy:
            story.end("confirmed")
        story.heard(moved=True)
        while queue.missed:
            story.happen("confirmed", 1)
            story.happen("confirmed", 1)
        story.check()
        self.assertEqual(story.told, story.lost + story.poisoned)
