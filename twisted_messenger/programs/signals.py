"""
What the signals do that an operator, a terminal or a service manager sends to a program.

SIGINT and SIGTERM are the reactor's: it stops. So it does at SIGQUIT and SIGUSR1, which would end
the program at once, and at SIGHUP where there is nothing to read again. A second one stops at once.
"""

import os
import signal
from collections.abc import Callable
from typing import Any

# Seconds that a second signal leaves for the cursors.
_HURRY_SECONDS = 1.0

_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1)


def _running() -> Any:
    from twisted.internet import reactor

    return reactor


def onSecondSignal(hurry: Callable[[], object]) -> None:
    """
    While the program stops, a further signal stops it now.
    """
    reactor = _running()

    def again(number: int, frame: object) -> None:
        reactor.callFromThread(hurry)
        reactor.callFromThread(reactor.callLater, _HURRY_SECONDS, os._exit, 128 + number)

    for number in _STOPPING:
        # Only in place of the reactor's own, which would complain that it is stopping.
        if _isReactors(reactor, number) or isinstance(signal.getsignal(number), _HangUp):
            signal.signal(number, again)


def stopInOrder(reread: Callable[[], bool], rotate: Callable[[], object] | None) -> None:
    """
    Let every signal that would end the program at once stop it in order.

    :param reread: read again at SIGHUP what may have changed; whether there is any such thing.
    :param rotate: begin a new log at SIGUSR1; ``None`` where there is no file of ours.
    """
    reactor = _running()
    # The reactor takes its own when it starts to run; where it does not, somebody else has them.
    reactor.callWhenRunning(_takeSignals, reactor, reread, rotate)


def _takeSignals(
    reactor: Any, reread: Callable[[], bool], rotate: Callable[[], object] | None
) -> None:
    if not _isReactors(reactor, signal.SIGTERM):
        return
    _take(signal.SIGHUP, _HangUp(reactor, reread))
    _take(signal.SIGQUIT, reactor.sigTerm)
    _take(
        signal.SIGUSR1,
        reactor.sigTerm if rotate is None else lambda *_: reactor.callFromThread(rotate),
    )


def _take(number: signal.Signals, handler: Callable[[int, Any], object]) -> None:
    # What nohup ignores stays ignored.
    if signal.getsignal(number) == signal.SIG_DFL:
        signal.signal(number, handler)


def _isReactors(reactor: Any, number: signal.Signals) -> bool:
    handlers = [getattr(reactor, name, None) for name in ("sigInt", "sigTerm")]
    return signal.getsignal(number) in [one for one in handlers if one is not None]


class _HangUp:
    """
    Reads again what can be read again. A program that has no such thing stops: its terminal is
    gone.
    """

    def __init__(self, reactor: Any, reread: Callable[[], bool]) -> None:
        self._reactor = reactor
        self._reread = reread

    def __call__(self, number: int, frame: object) -> None:
        self._reactor.callFromThread(self._hungUp, number)

    def _hungUp(self, number: int) -> None:
        if not self._reread():
            self._reactor.sigTerm(number)
