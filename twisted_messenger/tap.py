"""
What both taps share: options that refuse with one line, and a service that does so at its start.
"""

import atexit
import os
import re
import signal
import sys
import time
from collections.abc import Callable
from typing import Any, TextIO, TypeVar

from twisted.application.service import MultiService
from twisted.internet.base import ReactorBase
from twisted.internet.defer import Deferred
from twisted.logger import (
    FilteringLogObserver,
    ILogObserver,
    Logger,
    LogLevel,
    LogLevelFilterPredicate,
    textFileLogObserver,
)
from twisted.python.components import Componentized
from twisted.python.usage import Options, UsageError

from twisted_messenger.errors import StartError

# Seconds that a second signal leaves for the cursors.
_HURRY_SECONDS = 1.0

Number = TypeVar("Number", int, float)


class TapOptions(Options):
    """
    Options of a twistd sub-command.
    """

    command = ""

    def parseOptions(self, options: Any = None) -> None:
        """
        Parse, and end the program with one line where that fails.

        twistd itself would print its whole help and exit with status 0.
        """
        try:
            super().parseOptions(options)
        except UsageError as error:
            sys.exit(f"{self.command}: {error} (--help lists the options)")

    def postOptions(self) -> None:
        """
        In the foreground there is no use for a pid file, and two programs in one directory
        would fight for it.
        """
        parent = self._twistd
        if parent.get("nodaemon") and parent.get("pidfile") == "twistd.pid":
            parent["pidfile"] = ""

    @property
    def _twistd(self) -> dict[str, Any]:
        # The twist runner has no such options.
        return {} if self.parent is None else self.parent

    @property
    def foreground(self) -> bool:
        """
        Whether the program keeps its terminal.
        """
        return bool(self._twistd.get("nodaemon", True))

    @property
    def logsElsewhere(self) -> bool:
        """
        Whether the operator has said where the log goes.
        """
        return any(self._twistd.get(option) for option in ("logfile", "syslog", "logger"))

    def number(self, option: str, kind: type[Number], least: Number, most: Number) -> Number:
        """
        Read an option's number.

        :returns: the number, ``least`` to ``most``.
        :raises UsageError: it is none, or out of range.
        """
        text = str(self[option])
        if re.fullmatch(r"[0-9]+(\.[0-9]+)?", text, re.ASCII):
            try:
                value = kind(text)
            except ValueError:
                pass
            else:
                if least <= value <= most:
                    return value
        raise UsageError(f"--{option} {text}: give a number from {least} to {most}")


class TapService(MultiService):
    """
    The service twistd runs.

    :param options: of the sub-command.
    :param observer: gets the log in place of standard output, unless the operator has said where
        it goes.
    """

    log = Logger()

    def __init__(self, options: TapOptions, observer: ILogObserver | None = None) -> None:
        super().__init__()
        self._options = options
        self._observer = observer

    def setServiceParent(self, parent: Any) -> None:
        """
        Choose the log observer while twistd still asks for one.
        """
        chosen = self._observer is not None and not self._options.logsElsewhere
        if chosen and isinstance(parent, Componentized):
            parent.setComponent(ILogObserver, self._observer)
        super().setServiceParent(parent)

    def stopService(self) -> "Deferred[Any]":
        """
        Stop, at the first signal in order, at the second at once.
        """
        _onSecondSignal(self._hurry)
        stopped: Deferred[Any] = super().stopService()
        return stopped

    def _hurry(self) -> None:
        for service in self:
            hurry = getattr(service, "hurry", None)
            if hurry is not None:
                hurry()

    def startService(self) -> None:
        """
        Start, or end the program with one line and status 1.

        :raises StartError: as a daemon; twistd's parent process prints its text and exits.
        """
        try:
            super().startService()
        except StartError as error:
            if not self._options.foreground:
                # twistd's parent process says it; here the log does, and once is enough.
                self.log.critical("{error}", error=error)
                sys.excepthook = _alreadySaid
                raise
            print(f"{self._options.command}: {error}", file=sys.__stderr__)
            raise SystemExit(1) from None


def useSteadyTime(reactor: Any) -> None:
    """
    Let a reactor's timers follow a clock that nobody sets.

    Twisted's follow the wall clock: set back by an hour, they all stall for an hour; set forward,
    they all fire at once. Call it before the reactor runs, in a program of one's own.

    :param reactor: one that is not Twisted's own is left alone.
    """
    if isinstance(reactor, ReactorBase):
        vars(reactor)["seconds"] = time.monotonic


def endWith(status: int) -> None:
    """
    Make the program's exit status one that twistd would not choose itself.
    """
    atexit.register(_exit, status)


def _exit(status: int) -> None:
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(status)


def _alreadySaid(kind: object, error: object, trace: object) -> None:
    """
    Print nothing.
    """


def _onSecondSignal(hurry: Callable[[], object]) -> None:
    """
    While the program stops, a further signal stops it now.
    """
    from twisted.internet import reactor as running

    reactor: Any = running

    def again(number: int, frame: object) -> None:
        reactor.callFromThread(hurry)
        reactor.callFromThread(reactor.callLater, _HURRY_SECONDS, os._exit, 128 + number)

    for number, handler in (("SIGINT", "sigInt"), ("SIGTERM", "sigTerm")):
        # Only in place of the reactor's own, which would complain that it is stopping.
        if signal.getsignal(signal.Signals[number]) == getattr(reactor, handler, None):
            signal.signal(signal.Signals[number], again)


def warningsTo(file: TextIO) -> ILogObserver:
    """
    A log observer that writes warnings, and what is worse, as text.
    """
    return FilteringLogObserver(
        textFileLogObserver(file), [LogLevelFilterPredicate(defaultLogLevel=LogLevel.warn)]
    )
