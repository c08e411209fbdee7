"""
What both taps share: options that refuse with one line, and a service that does so at its start.
"""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO, TypeVar

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
from twisted.python.usage import Options, UsageError

import twisted
from twisted_messenger.errors import StartError
from twisted_messenger.programs.logfile import ReopenedLog, standardLog
from twisted_messenger.programs.signals import onSecondSignal, stopInOrder
from twisted_messenger.programs.standardio import fillDescriptors, standardOutput
from twisted_messenger.version import VERSION

Number = TypeVar("Number", int, float)


def versionOf(program: str) -> str:
    """
    The version of a program of ours, and of what it runs on, in one line.
    """
    python = ".".join(map(str, sys.version_info[:3]))
    return f"{program} {VERSION} (Twisted {twisted.__version__}, Python {python})"


class TapOptions(Options):
    """
    Options of a twistd sub-command.
    """

    #: What it is called in a line that refuses something.
    command = ""
    #: How a command line is written, and what comes of it, for ``--help`` and the manual page.
    synopsis = "[options]"
    longdesc = ""

    def parseOptions(self, options: Any = None) -> None:
        """
        Parse, and end the program with one line where that fails.

        twistd itself would print its whole help and exit with status 0.
        """
        try:
            fillDescriptors()
            with standardOutput():
                super().parseOptions(options)
        except UsageError as error:
            sys.exit(f"{self.command}: {error} (--help lists the options)")
        except StartError as error:
            sys.exit(f"{self.command}: {error}")

    def opt_version(self) -> None:
        """
        Display the version and exit.
        """
        print(versionOf(self.command))
        raise SystemExit

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

    @property
    def logFile(self) -> str | None:
        """
        The file into which twistd would write the log, ``-`` for standard output; ``None`` where
        it goes elsewhere.
        """
        if any(self._twistd.get(option) for option in ("syslog", "logger")):
            return None
        return str(self._twistd.get("logfile") or ("-" if self.foreground else "twistd.log"))

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
