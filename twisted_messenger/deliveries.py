"""
Who pushes the log of a store, as far as other parts of the program must know.
"""

from collections.abc import Sequence
from typing import Protocol
from weakref import WeakSet

from twisted.internet.defer import Deferred

from twisted_messenger.durations import Durations
from twisted_messenger.interfaces import MessageStore
from twisted_messenger.steering import ListedMember, MemberStatus, Serving, statusOf
from twisted_messenger.subscription import Listener, Subscription


class Deliveries(Protocol):
    """
    What pushes the log of one store; a
    :class:`~twisted_messenger.delivery.broadcaster.Broadcaster` does.
    """

    @property
    def store(self) -> MessageStore:
        """
        Whose log it is.
        """

    @property
    def ages(self) -> Durations:
        """
        How old messages were when a member confirmed them.
        """

    def whenRunning(self) -> "Deferred[None]":
        """
        :returns: fires when it runs: at once, or when it is started.
        """

    def serving(self, memberId: int) -> Serving | None:
        """
        :returns: how the pushes to a member go; ``None`` where nothing is pushed to it from here.
        """

    def subscribe(
        self, name: str, listener: Listener, after: int | None
    ) -> "Deferred[Subscription]":
        """
        Push to a listener from now on, or from when it runs.

        :param name: clean.
        :param after: see :class:`~twisted_messenger.roster.Enrolment`.
        :returns: fires once its place is stored; fails with ``ValueError`` where the name is
            somebody's.
        """

    def removed(self, name: str) -> None:
        """
        A member was removed; if it was a listener, it is one no longer.
        """


# Those that run.
_running: WeakSet[Deliveries] = WeakSet()


def deliveriesOf(store: MessageStore) -> Deliveries | None:
    """
    What pushes the log of a store in this program, if anything does.
    """
    return next((one for one in _running if one.store is store), None)


def statusesOf(
    listed: Sequence[ListedMember], store: MessageStore, deliveries: Deliveries | None, now: float
) -> list[MemberStatus]:
    """
    How members are.

    :param listed: they, as the store lists them.
    :param deliveries: what pushes its log; ``None`` where nothing does.
    :param now: seconds since the epoch.
    """
    running = store.running()
    servings = (
        None if deliveries is None else deliveries.serving(one.state.member.id) for one in listed
    )
    return [statusOf(one, how, running, now) for one, how in zip(listed, servings)]


def began(deliveries: Deliveries) -> None:
    """
    It pushes from now on.
    """
    _running.add(deliveries)


def ended(deliveries: Deliveries) -> None:
    """
    Nothing is under way any more.
    """
    _running.discard(deliveries)
