"""
What makes a push, and how it may end.
"""

import typing
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

from twisted_messenger.entry import Entry
from twisted_messenger.lease import Lease
from twisted_messenger.roster import Member


class Outcome(Enum):
    """
    How a push ended.
    """

    #: The peer closed in order after the end of the message.
    CONFIRMED = "confirmed"
    #: The peer answered with a line that begins with ``~``: not now.
    DEFERRED = "deferred"
    #: The peer answered with a line that begins with ``!``: it will not have this message.
    REJECTED = "rejected"
    #: The peer has all the bytes, but did not close in time; nor say a word, if only that confirms.
    HUNG = "hung"
    #: Refused, reset, or no connection.
    FAILED = "failed"
    #: Not even tried, or taken back before its end: this machine had no port or descriptor left,
    #: or no right to push any more. It says nothing of the peer.
    EXHAUSTED = "exhausted"


@dataclass(frozen=True)
class PushResult:
    """
    What became of a push.

    :param outcome: how it ended.
    :param reply: what the peer wrote, its first bytes.
    :param detail: why, for people.
    :param connected: whether it got as far as a connection.
    :param sent: whether all of it went out, and our end of file: the peer may have it.
    :param error: the system's number for why there is no connection; ``None`` where there is none.
    :param host: from which address of ours it went, where the peer wrote something.
    """

    outcome: Outcome
    reply: bytes = b""
    detail: str = ""
    connected: bool = False
    sent: bool = False
    error: int | None = field(default=None, compare=False)
    host: str = field(default="", compare=False)


#: Confirmed by the close, and nothing else to say, as almost all are.
PLAINLY_CONFIRMED = PushResult(Outcome.CONFIRMED, connected=True, sent=True)


class Cancellable(typing.Protocol):
    """
    Something under way that can be given up, such as a ``Deferred``.
    """

    def cancel(self) -> None:
        """
        Give up: reset the connection. It ends as a failure, unless it is over already.
        """


class Attempt(Cancellable, typing.Protocol):
    """
    A push under way.
    """

    def recall(self) -> None:
        """
        Take the message back, unless all of it has been sent. If it is taken back, that says
        nothing of the peer; if not, it goes on, since a reset would harm a peer that reads it.
        """


class Pusher(typing.Protocol):
    """
    Delivers one message; :class:`~twisted_messenger.push.creator.PushCreator` is one.

    One of your own, given to :func:`~twisted_messenger.service.assembly.chatService`, reaches
    members in another way::

        class Printer:
            def begin(self, host, port, payload, settled, *rest, entry, member, **options):
                print(f"for {member.name}:", payload.decode() if entry is None else entry.text)
                return reactor.callLater(0, settled, PushResult(Outcome.CONFIRMED))
    """

    def begin(
        self,
        host: str,
        port: int,
        payload: bytes,
        settled: Callable[[PushResult], object],
        connectTimeout: float | None = None,
        lease: Lease | None = None,
        ack: bool = False,
        held: Callable[[], object] | None = None,
        source: str = "",
        *,
        entry: Entry | None,
        member: Member,
    ) -> Attempt:
        """
        Begin a push.

        :param settled: called once with the result, after this has returned.
        :param connectTimeout: seconds until it must be connected; ``None`` for the usual.
        :param lease: nothing is sent once it is over; it is held now. ``None`` for one that never
            ends.
        :param ack: only an answer that begins with ``+`` confirms: as soon as its line is whole, or
            at the close. A close without one is a failure.
        :param held: called, once at most and before ``settled``, when the usual time is up and the
            peer has everything, but keeps the connection open: the push goes on for much longer.
            There are few places for that, and without one the push has hung. ``None`` if it may
            not be held.
        :param source: whose share of these places it counts against.
        :param entry: what the payload says; ``None`` for a notice, which has no place in the log.
        :param member: whom it is for, as it was registered when this push began.
        """
