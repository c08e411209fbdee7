"""
Counts for Prometheus: ``/metrics``. It needs prometheus-client, which the extra ``metrics`` has.

Labels are words of ours, never names or addresses: there are no more of them, however many members
there are. What belongs to the room is the same on every node; what is counted is each node's own.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from twisted_messenger.deliveries import deliveriesOf, statusesOf
from twisted_messenger.durations import BOUNDS, Durations, commitsOf
from twisted_messenger.entry import LogExtent
from twisted_messenger.eventlog import Counters
from twisted_messenger.interfaces import MessageStore
from twisted_messenger.steering import CONDITIONS, MemberStatus
from twisted_messenger.web.problems import Problem
from twisted_messenger.web.requests import Asked
from twisted_messenger.web.rights import Right
from twisted_messenger.web.routes import Answer, Route

if TYPE_CHECKING:
    from prometheus_client.core import Metric

_PREFIX = "twisted_messenger_"

# Counters that are one for each code, outcome and so on, and what these are.
_GROUPS = {
    "refused": ("code", "Messages and requests that were refused"),
    "pushes": ("outcome", "Pushes that have ended"),
    "registered": ("change", "Registrations"),
    "steered": ("order", "Orders of operators"),
    "evicted": ("what", "Members and connections that had to go"),
}

_HELP = {
    "accepted": "Messages that were stored",
    "repeated": "Messages that came again and were stored already",
    "dropped": "Messages that some member has lost",
    "skipped": "Messages that were given up for a member",
    "unconfirmed": "Pushes that a member took and never confirmed",
    "unlogged": "Lines that were not logged, since there were too many",
}

#: How much there is of something at this moment, by a name that ends in what is counted.
Gauges = Callable[[], Mapping[str, float]]


@dataclass(frozen=True)
class RoomNow:
    """
    What is looked up for a scrape.

    :param members: how each of them is.
    :param extent: of the log.
    :param oldest: seconds for which the oldest message waits; 0 where none does.
    """

    members: Sequence[MemberStatus]
    extent: LogExtent
    oldest: float


class MetricRoutes:
    """
    Answers a scrape.

    :param store: of the room.
    :param counters: of this process.
    :param gauges: what else there is.
    :param clock: seconds since the epoch.
    """

    def __init__(
        self, store: MessageStore, counters: Counters, gauges: Gauges, clock: Callable[[], float]
    ) -> None:
        self._store = store
        self._counters = counters
        self._gauges = gauges
        self._clock = clock

    def routes(self) -> list[Route]:
        """
        What it answers.
        """
        return [Route("GET", "/metrics", Right.OPERATE, self.show)]

    async def show(self, asked: Asked) -> Answer:
        """
        All of it, in Prometheus's text.
        """
        try:
            from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
        except ImportError:
            raise Problem("no_metrics", "pip install prometheus-client") from None
        found = [
            *_counted(self._counters.snapshot()),
            *_measured(await self._now()),
            *_gauged(self._gauges()),
            *self._timed(),
        ]
        text: bytes = generate_latest(_Found(found))
        return Answer(text, contentType=CONTENT_TYPE_LATEST)

    def _timed(self) -> "Iterable[Metric]":
        deliveries = deliveriesOf(self._store)
        ages = Durations() if deliveries is None else deliveries.ages
        yield _histogram("delivery_seconds", "Age of messages when a member confirmed them", ages)
        yield _histogram("commit_seconds", "How long transactions took", commitsOf(self._store))

    async def _now(self) -> RoomNow:
        listed = await self._store.everybody()
        now = self._clock()
        members = statusesOf(listed, self._store, deliveriesOf(self._store), now)
        behind = [one.state.progress.cursor for one, how in zip(listed, members) if how.behind]
        first = await self._store.history(min(behind), 1, 1) if behind else []
        oldest = max(0.0, now - first[0].time) if first else 0.0
        return RoomNow(members, await self._store.extent(), oldest)


class _Found:
    """
    What was found, as a collector.

    :param metrics: all of it.
    """

    def __init__(self, metrics: Sequence["Metric"]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable["Metric"]:
        """
        See prometheus_client's collectors.
        """
        return self._metrics


def _counted(counts: Mapping[str, int]) -> Iterable["Metric"]:
    from prometheus_client.core import CounterMetricFamily

    groups: dict[str, Any] = {
        group: CounterMetricFamily(_PREFIX + group, text, labels=[label])
        for group, (label, text) in _GROUPS.items()
    }
    for name, text in _HELP.items():
        groups[name] = CounterMetricFamily(_PREFIX + name, text, value=counts.get(name, 0))
    for name, count in counts.items():
        group, dot, word = name.partition(".")
        if dot and group in _GROUPS:
            groups[group].add_metric([word], count)
        elif not dot and name not in _HELP:
            groups[name] = CounterMetricFamily(_PREFIX + name, f"Counted as {name}", value=count)
    return groups.values()


def _measured(room: RoomNow) -> Iterable["Metric"]:
    from prometheus_client.core import GaugeMetricFamily

    states = Counter(one.state for one in room.members)
    members = GaugeMetricFamily(_PREFIX + "members", "Members by their state", labels=["state"])
    for state in CONDITIONS:
        members.add_metric([state], states[state])
    yield members
    for name, text, value in (
        ("waiting_messages", "Messages that wait, counted for each member", _waiting(room)),
        ("oldest_waiting_seconds", "Age of the oldest message that waits", room.oldest),
        ("log_entries", "Messages in the log", room.extent.entries),
        ("log_bytes", "Bytes of these", room.extent.size),
        ("log_head", "Messages that the log was ever given", room.extent.head),
    ):
        yield GaugeMetricFamily(_PREFIX + name, text, value=value)


def _waiting(room: RoomNow) -> int:
    return sum(one.behind for one in room.members)


def _gauged(gauges: Mapping[str, float]) -> Iterable["Metric"]:
    from prometheus_client.core import GaugeMetricFamily

    for name, value in gauges.items():
        yield GaugeMetricFamily(_PREFIX + name, f"{name.replace('_', ' ')} now", value=value)


def _histogram(name: str, text: str, durations: Durations) -> "Metric":
    from prometheus_client.core import HistogramMetricFamily

    buckets = list(zip([*map(str, BOUNDS), "+Inf"], durations.read()))
    return HistogramMetricFamily(_PREFIX + name, text, buckets, durations.total)
