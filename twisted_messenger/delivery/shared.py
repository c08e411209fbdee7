"""
What all recipients of one broadcaster push with, and whether they may.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from twisted.internet.defer import Deferred, succeed

from twisted_messenger.address import LOCALHOST, Source
from twisted_messenger.delivery.alarm import Alarm
from twisted_messenger.delivery.cursors import CursorWriter
from twisted_messenger.delivery.limits import DeliveryLimits
from twisted_messenger.delivery.listening import ListenerPusher
from twisted_messenger.delivery.outcomes import Outcomes
from twisted_messenger.delivery.pages import Pages
from twisted_messenger.delivery.payload import notice
from twisted_messenger.delivery.slots import Slots
from twisted_messenger.delivery.subscriptions import Subscriptions
from twisted_messenger.delivery.tail import Tail
from twisted_messenger.interfaces import MessageStore
from twisted_messenger.lease import Lease
from twisted_messenger.push.interfaces import Attempt, Pusher
from twisted_messenger.push.localhost import LocalhostPusher
from twisted_messenger.roster import Member, MemberOptions


# Many members may be at one host.
@lru_cache(maxsize=256)
def subscriberAt(host: str) -> str | None:
    """
    Whom limits on pushes to a callback host are kept for; see
    :attr:`~twisted_messenger.address.Source.subscriber`.
    """
    return Source(host).subscriber


@dataclass(eq=False)
class Shared:
    """
    What all recipients of one broadcaster use.

    :param store: pages are read from it, and members evicted.
    :param pusher: makes the connections.
    :param reactor: its time, and what listeners are called by.
    :param alarm: wakes those that wait.
    :param outcomes: takes note of how pushes end.
    :param cursors: is told how far members have come.
    :param tail: the newest entries; members must proceed after some were added.
    :param pages: older ones, for members that are far back.
    :param slots: the places.
    :param subscriptions: who listens in this program.
    :param limits: how pushes are made.
    :param serverName: whose notices tell a member what it missed.
    :param lease: asked before each push; ``None`` where it never ends.
    :param clock: seconds since the epoch.
    :param running: whether pushes may begin.
    """

    store: MessageStore
    pusher: Pusher
    reactor: Any
    alarm: Alarm
    outcomes: Outcomes
    cursors: CursorWriter
    tail: Tail
    pages: Pages
    slots: Slots[Any, Attempt]
    subscriptions: Subscriptions
    limits: DeliveryLimits
    serverName: str
    lease: Lease | None
    clock: Callable[[], float]
    running: bool = False
    #: Recipients that have nothing to do until there is a new entry. Those that wait for a time, a
    #: place or a push come back by themselves: a message costs nothing for who is away.
    resting: dict[Any, None] = field(default_factory=dict)
    #: Recipients that have a reason to look, whether there is a new entry or not.
    woken: dict[Any, None] = field(default_factory=dict)
    #: Recipients that are to be another node's, while a push to them is under way; what fires when
    #: it is over.
    retiring: "dict[Any, Deferred[None]]" = field(default_factory=dict)
    _told: int = -1
    _idle: "list[Deferred[None]]" = field(default_factory=list)

    @property
    def mayPush(self) -> bool:
        """
        Whether pushes may begin now. If not, because another node may serve the members, they
        are news again when this one may.
        """
        return self.running and (self.lease is None or self.lease.held)

    def pusherFor(self, member: Member) -> Pusher:
        """
        What makes the connections to a member, as long as it does not register again.
        """
        if member.isListener:
            return ListenerPusher(self.subscriptions, self.reactor)
        return LocalhostPusher(self.pusher) if member.host == LOCALHOST else self.pusher

    def gap(self, missed: int, member: Member) -> bytes:
        """
        The bytes that tell a member how many messages the log dropped; a listener, the number.
        """
        if member.isListener:
            return b"%d" % missed
        count = f"{missed} messages were" if missed > 1 else "1 message was"
        return self.notice(f"{count} dropped", member.options)

    def notice(self, text: str, options: MemberOptions) -> bytes:
        """
        The bytes of a notice to a member.
        """
        return notice(self.serverName, text, options, self.limits.lineEnd, self.clock())

    def takeWoken(self) -> list[Any]:
        """
        :returns: those that have something to look at; who then finds nothing to do rests again.
        """
        woken, self.woken = self.woken, {}
        if self.tail.head != self._told:
            self._told = self.tail.head
            woken.update(self.resting)
            self.resting = {}
        return list(woken)

    def idle(self) -> "Deferred[None]":
        """
        :returns: fires when no push is in flight.
        """
        if not self.slots.inFlight:
            return succeed(None)
        self._idle.append(Deferred())
        return self._idle[-1]

    def pushEnded(self) -> None:
        """
        One push less is in flight, and what follows from that is done.
        """
        if self._idle and not self.slots.inFlight:
            idle, self._idle = self._idle, []
            for waiting in idle:
                waiting.callback(None)
