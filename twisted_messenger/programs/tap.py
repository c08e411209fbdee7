"""
What the options of all programs share: they refuse with one line. Both taps read twistd's, too.
"""

import re
import sys
from typing import Any, TypeVar

from twisted.python.usage import Options, UsageError

import twisted
from twisted_messenger.errors import StartError
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
    Options of a twistd sub-command, or of a command of ``twisted-messenger``.
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
