"""
Pushes to a program on this machine that listens at one of its two loopback addresses.
"""

from collections.abc import Callable

from twisted_messenger.entry import Entry
from twisted_messenger.lease import Lease
from twisted_messenger.push.interfaces import Attempt, Outcome, Pusher, PushResult
from twisted_messenger.roster import Member

_FIRST, _SECOND = "127.0.0.1", "::1"

# How a push ends that somebody has got.
_TAKEN = (Outcome.CONFIRMED, Outcome.REJECTED, Outcome.HUNG)

_Settled = Callable[[PushResult], object]


class LocalhostPusher:
    """
    Pushes to one port of this machine: at 127.0.0.1, and if nobody is there, at ::1.

    Where a push was taken, and nowhere else, the next ones go: while the member is away, the other
    address may be somebody else's.

    :param pusher: makes the connections.
    """

    def __init__(self, pusher: Pusher) -> None:
        self._pusher = pusher
        self._taker: str | None = None

    def begin(
        self,
        host: str,
        port: int,
        payload: bytes,
        settled: _Settled,
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
        See :class:`~twisted_messenger.push.interfaces.Pusher`.
        """

        def beginAt(address: str, ended: _Settled) -> Attempt:
            options = connectTimeout, lease, ack, held, source
            return self._pusher.begin(
                address, port, payload, ended, *options, entry=entry, member=member
            )

        if self._taker is not None:
            return beginAt(self._taker, settled)
        return _Search(beginAt, settled, self._found)

    def _found(self, address: str) -> None:
        self._taker = address


class _Search:
    """
    A push that is tried at one address after the other.

    :param beginAt: begins it at an address.
    :param settled: called once with the result.
    :param found: called with the address that has taken it.
    """

    def __init__(
        self,
        beginAt: Callable[[str, _Settled], Attempt],
        settled: _Settled,
        found: Callable[[str], object],
    ) -> None:
        self._beginAt = beginAt
        self._settled = settled
        self._found = found
        self._givenUp = False
        self._refusal: PushResult
        self._attempt = beginAt(_FIRST, self._firstEnded)

    def cancel(self) -> None:
        """
        See :class:`~twisted_messenger.push.interfaces.Attempt`.
        """
        self._givenUp = True
        self._attempt.cancel()

    def recall(self) -> None:
        """
        See :class:`~twisted_messenger.push.interfaces.Attempt`.
        """
        self._givenUp = True
        self._attempt.recall()

    def _firstEnded(self, result: PushResult) -> None:
        if result.connected or self._givenUp or result.outcome is not Outcome.FAILED:
            self._end(_FIRST, result)
        else:
            self._refusal = result
            self._attempt = self._beginAt(_SECOND, self._secondEnded)

    def _secondEnded(self, result: PushResult) -> None:
        # A machine without IPv6 must not look like one that lacks something for now.
        self._end(_SECOND, result if result.connected or self._givenUp else self._refusal)

    def _end(self, address: str, result: PushResult) -> None:
        if result.outcome in _TAKEN:
            self._found(address)
        self._settled(result)
