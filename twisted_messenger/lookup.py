"""
A callback host's name to address literals, few look-ups at a time.
"""

import socket
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThreadPool

from twisted_messenger.roster import literal

#: Look-ups under way. A resolver that hangs holds its thread; four leave the reactor's pool of
#: ten some air.
MAX_PENDING = 4

#: Seconds a look-up may take before the registration is refused.
LOOKUP_TIMEOUT = 3.0


class TooManyLookups(OSError):
    """
    All look-ups that may be under way are; try later.
    """


class Lookup:
    """
    Resolves names by the system's resolver, in the reactor's threads.

    Odd spellings of an address (``127.1``, ``0x7f000001``) come out as what they mean.

    :param reactor: provides ``IReactorThreads`` and ``IReactorTime``.
    """

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._pending = 0

    def addresses(self, host: str) -> "Deferred[list[str]]":
        """
        Resolve a name once.

        :returns: fires with address literals, at least one.
        :raises TooManyLookups: at once, as a failure.
        :raises OSError: there is no such name, or it took too long; as a failure.
        """
        result: Deferred[list[str]] = Deferred()
        if self._pending >= MAX_PENDING:
            result.errback(TooManyLookups())
            return result
        self._pending += 1
        work = deferToThreadPool(self._reactor, self._reactor.getThreadPool(), _resolve, host)
        # The thread is busy until the resolver answers, whatever became of our patience.
        work.addBoth(self._finished)
        work.chainDeferred(result)
        result.addTimeout(LOOKUP_TIMEOUT, self._reactor, onTimeoutCancel=_tookTooLong)
        return result

    def _finished(self, result: Any) -> Any:
        self._pending -= 1
        return result


def _tookTooLong(reason: Any, seconds: float) -> list[str]:
    raise OSError(f"no answer in {seconds:g} s")


def _resolve(host: str) -> list[str]:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise OSError("not a host name") from error
    addresses = [literal(str(address[4][0])) for address in found]
    return [address for address in addresses if address is not None]
