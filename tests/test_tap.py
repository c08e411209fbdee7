"""
What both programs do with twistd.
"""

import sys
from typing import TypeVar

from twisted.application.service import Application, IServiceCollection, Service
from twisted.logger import ILogObserver
from twisted.python import usage
from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.errors import StartError
from twisted_messenger.tap import TapOptions, TapService

Tap = TypeVar("Tap", bound=TapOptions)


def parsed(options: Tap, *arguments: str, **twistd: object) -> Tap:
    """
    Parse a command line.

    :param twistd: twistd's own options.
    """
    if twistd:
        options.parent = usage.Options()
        options.parent.update(twistd)
    options.parseOptions(arguments)
    return options


class TapTestCase(SynchronousTestCase):
    """
    Tests of command lines.
    """

    def refused(self, options: TapOptions, *arguments: str, **twistd: object) -> str:
        """
        Fail unless the program ends with one line for its operator.

        :returns: the line.
        """
        ended = self.assertRaises(SystemExit, parsed, options, *arguments, **twistd)
        return self.oneLine(options, ended)

    def oneLine(self, options: TapOptions, ended: SystemExit) -> str:
        """
        Fail unless the program ends with one line, and its name, and a status that is not 0.
        """
        line = ended.code
        assert isinstance(line, str), line
        self.assertTrue(line.startswith(f"{options.command}: "), line)
        self.assertNotIn("\n", line)
        return line


class Anything(TapOptions):
    """
    A program without options of its own.
    """

    command = "anything"


class Failing(Service):
    """
    A service that cannot start.
    """

    def startService(self) -> None:
        """
        Say why.
        """
        raise StartError("--port 8880: taken; choose another")


class TapServiceTests(TapTestCase):
    """
    What both programs do with twistd.
    """

    def test_pidFile(self) -> None:
        """
        Two programs run in the foreground of one directory; a chosen pid file is written.
        """
        for foreground, file, left in (
            (True, "twistd.pid", ""),
            (True, "/run/room.pid", "/run/room.pid"),
            (False, "twistd.pid", "twistd.pid"),
        ):
            options = parsed(Anything(), nodaemon=foreground, pidfile=file)
            assert options.parent is not None
            self.assertEqual(options.parent["pidfile"], left)

    def test_failsInTheForeground(self) -> None:
        """
        A start that fails ends the program with status 1.
        """
        service = TapService(parsed(Anything(), nodaemon=True))
        Failing().setServiceParent(service)
        self.assertEqual(self.assertRaises(SystemExit, service.startService).code, 1)

    def test_failsAsADaemon(self) -> None:
        """
        A daemon leaves it to its parent process to say why.
        """
        self.addCleanup(setattr, sys, "excepthook", sys.excepthook)
        service = TapService(parsed(Anything(), nodaemon=False))
        Failing().setServiceParent(service)
        self.assertRaises(StartError, service.startService)

    def test_quiet(self) -> None:
        """
        A peer's terminal shows the conversation, unless the operator chose where the log goes.
        """
        for twistd, quiet, chosen in (
            ({"nodaemon": True}, True, True),
            ({"nodaemon": True}, False, False),
            ({"nodaemon": True, "logfile": "peer.log"}, True, False),
            ({"nodaemon": True, "syslog": True}, True, False),
        ):
            application = Application("chatpeer")
            service = TapService(parsed(Anything(), **twistd), quiet)
            service.setServiceParent(application)
            self.assertEqual(application.getComponent(ILogObserver) is not None, chosen)
            self.assertIn(service, list(IServiceCollection(application)))
