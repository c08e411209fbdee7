"""
A callback host's name to address literals, few look-ups at a time.
"""

import errno
import socket
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from twisted_messenger.address import literal

#: Look-ups under way. A resolver that hangs holds its thread.
MAX_PENDING = 4

#: Of these, for one source: names that never resolve must leave some to other sources.
MAX_PENDING_PER_SOURCE = 2

#: Seconds a look-up may take before the registration is refused.
LOOKUP_TIMEOUT = 3.0


def _startThread(work: Callable[[], None]) -> None:
    # Not of the reactor's pool, whose end would wait for a resolver that never answers.
    threading.Thread(target=work, daemon=True).start()


class TooManyLookups(OSError):
    """
    No further look-up may begin now, in all or for this source; try later.
    """


# What the system's resolver says of itself, not of the name.
_PASSING = frozenset({socket.EAI_AGAIN, socket.EAI_MEMORY})


def mayPass(error: OSError) -> bool:
    """
    Whether the same look-up may succeed later.

    :param error: what a look-up failed with.
    :returns: false where there is no such name.
    """
    if isinstance(error, socket.gaierror):
        return error.errno in _PASSING
    # The machine's own trouble has a number: no descriptor, no thread, no memory.
    return isinstance(error, TimeoutError) or error.errno is not None


class Lookup:
    """
    Resolves names by the system's resolver, in the reactor's threads.

    Odd spellings of an address (``127.1``, ``0x7f000001``) come out as what they mean.

    :param reactor: provides ``IReactorThreads`` and ``IReactorTime``.
    :param start: runs something in a thread of its own.
    """

    def __init__(
        self, reactor: Any, start: Callable[[Callable[[], None]], object] = _startThread
    ) -> None:
        self._reactor = reactor
        self._start = start
        self._pending: Counter[str] = Counter()

    def addresses(self, host: str, asker: str) -> "Deferred[list[str]]":
        """
        Resolve a name once.

        :param asker: who wants to know, in one word.
        :returns: fires with address literals, at least one.
        :raises TooManyLookups: at once, as a failure.
        :raises OSError: there is no such name, or nobody knows now, see :func:`mayPass`; as a
            failure.
        """
        result: Deferred[list[str]] = Deferred()
        full = self._pending.total() >= MAX_PENDING
        if full or self._pending[asker] >= MAX_PENDING_PER_SOURCE:
            result.errback(TooManyLookups())
            return result
        self._pending[asker] += 1
        work: Deferred[list[str]] = Deferred()
        self._begin(lambda: self._look(host, work), work)
        # The thread is busy until the resolver answers, even if we have given up before.
        work.addBoth(self._finished, asker)
        work.chainDeferred(result)
        result.addTimeout(LOOKUP_TIMEOUT, self._reactor, onTimeoutCancel=_tookTooLong)
        return result

    def _begin(self, look: Callable[[], None], work: "Deferred[list[str]]") -> None:
        try:
            self._start(look)
        except RuntimeError:
            # So Python says it.
            work.errback(BlockingIOError(errno.EAGAIN, "no thread to spare"))

    def _look(self, host: str, work: "Deferred[list[str]]") -> None:
        try:
            found = _resolve(host)
        except Exception:
            # Whatever it is: without an end, the look-up would keep its place for good.
            self._reactor.callFromThread(work.errback, Failure())
        else:
            self._reactor.callFromThread(work.callback, found)

    def _finished(self, result: Any, asker: str) -> Any:
        self._pending[asker] -= 1
        if not self._pending[asker]:
            del self._pending[asker]
        return result


def _tookTooLong(reason: Any, seconds: float) -> list[str]:
    raise TimeoutError(f"no answer in {seconds:g} s")


def _resolve(host: str) -> list[str]:
    if not host.isprintable():
        # The system's resolver reads to the first NUL.
        raise OSError("not a host name")
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise OSError("not a host name") from error
    addresses = [literal(str(address[4][0])) for address in found]
    return [address for address in addresses if address is not None]
