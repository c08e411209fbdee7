"""
The service that twistd runs for both taps: it chooses the log, obeys signals, and refuses to start
with one line.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

from twisted.application.service import MultiService
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

from twisted_messenger.errors import StartError
from twisted_messenger.programs.logfile import ReopenedLog, standardLog
from twisted_messenger.programs.signals import onSecondSignal, stopInOrder
from twisted_messenger.programs.tap import TapOptions


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
        self._logFile: ReopenedLog | None = None

    def setServiceParent(self, parent: Any) -> None:
        """
        Choose the log observer while twistd still asks for one.
        """
        observer = None if self._options.logsElsewhere else self._observer
        if isinstance(parent, Componentized):
            path = self._options.logFile
            if observer is None and path == "-":
                observer = standardLog(sys.stdout, sys.stderr)
            elif observer is None and path is not None:
                self._logFile = ReopenedLog(path)
                observer = self._logFile.observer
            if observer is not None:
                parent.setComponent(ILogObserver, observer)
        super().setServiceParent(parent)

    def stopService(self) -> "Deferred[Any]":
        """
        Stop, at the first signal in order, at the second at once.
        """
        onSecondSignal(self._hurry)
        stopped: Deferred[Any] = super().stopService()
        return stopped

    def _hurry(self) -> None:
        for service in self:
            hurry = getattr(service, "hurry", None)
            if hurry is not None:
                hurry()

    def privilegedStartService(self) -> None:
        """
        Take what only root may take, or end the program as :meth:`startService` does.
        """
        with self._orEnd():
            super().privilegedStartService()

    def startService(self) -> None:
        """
        Start, or end the program with one line and status 1.

        :raises StartError: as a daemon; twistd's parent process prints its text and exits.
        """
        with self._orEnd():
            super().startService()
        stopInOrder(self._reread, None if self._logFile is None else self._logFile.rotate)

    def _reread(self) -> bool:
        """
        Open the log again, and read the certificates.

        :returns: whether there is anything of that kind.
        """
        if self._logFile is not None:
            self._logFile.reopen()
        reloads = [getattr(service, "reload", None) for service in self]
        found = [reload() for reload in reloads if reload is not None]
        return any(found) or self._logFile is not None

    @contextmanager
    def _orEnd(self) -> Iterator[None]:
        try:
            yield
        except StartError as error:
            if not self._options.foreground:
                # twistd's parent process says it; here the log does, and once is enough.
                self.log.critical("{error}", error=error)
                sys.excepthook = _alreadySaid
                raise
            if sys.__stderr__ is not None:
                print(f"{self._options.command}: {error}", file=sys.__stderr__)
            raise SystemExit(1) from None


def _alreadySaid(kind: object, error: object, trace: object) -> None:
    """
    Print nothing.
    """


def warningsTo(file: TextIO) -> ILogObserver:
    """
    A log observer that writes warnings, and what is worse, as text.
    """
    return FilteringLogObserver(
        textFileLogObserver(file), [LogLevelFilterPredicate(defaultLogLevel=LogLevel.warn)]
    )
