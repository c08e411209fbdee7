"""
What both programs do with twistd.
"""

import signal
import subprocess
import sys
import time
from contextlib import redirect_stdout
from io import StringIO
from typing import Any, TypeVar

from twisted.application.service import Application, IServiceCollection, Service
from twisted.internet import reactor
from twisted.internet.base import ReactorBase
from twisted.logger import ILogObserver
from twisted.python import usage
from twisted.trial.unittest import SynchronousTestCase

import twisted
import twisted_messenger
from twisted_messenger.errors import StartError
from twisted_messenger.programs import chatpeer, chatserver, script
from twisted_messenger.programs.process import useSteadyTime
from twisted_messenger.programs.tap import TapOptions
from twisted_messenger.programs.tapservice import TapService, warningsTo
from twisted_messenger.testing import MemoryNetwork

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


class VersionTests(SynchronousTestCase):
    """
    What people tell who report a fault.
    """

    def test_version(self) -> None:
        """
        Each program tells its own version, in one line, with Twisted's and Python's.
        """
        for options in (Anything(), chatserver.Options(), chatpeer.Options()):
            with redirect_stdout(StringIO()) as told:
                self.assertRaises(SystemExit, options.parseOptions, ["--version"])
            self.assertVersion(options.command, told.getvalue())
        with redirect_stdout(StringIO()) as told:
            script.main(["--version"])
        self.assertVersion("twisted-messenger", told.getvalue())

    def assertVersion(self, program: str, told: str) -> None:
        """
        It is that of the program.
        """
        self.assertEqual(told.split()[:2], [program, twisted_messenger.__version__])
        self.assertIn(twisted.__version__, told)
        self.assertEqual(told.count("\n"), 1)


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

    def test_observer(self) -> None:
        """
        A peer's terminal shows the conversation, unless the operator chose where the log goes.
        """
        observer = warningsTo(StringIO())
        for twistd, offered, chosen in (
            ({"nodaemon": True}, observer, observer),
            ({"nodaemon": True, "syslog": True}, observer, None),
            ({"nodaemon": False, "syslog": True}, None, None),
        ):
            application = Application("chatpeer")
            service = TapService(parsed(Anything(), **twistd), offered)
            service.setServiceParent(application)
            self.assertIs(application.getComponent(ILogObserver), chosen)
            self.assertIn(service, list(IServiceCollection(application)))

    def test_standardLog(self) -> None:
        """
        A log on standard output tells where it cannot be written.
        """
        observer = warningsTo(StringIO())
        for twistd, offered in (
            ({"nodaemon": True}, None),
            ({"nodaemon": True, "logfile": "-"}, observer),
        ):
            application = Application("chatpeer")
            TapService(parsed(Anything(), **twistd), offered).setServiceParent(application)
            chosen = application.getComponent(ILogObserver)
            self.assertTrue(ILogObserver.providedBy(chosen))
            self.assertIsNot(chosen, observer)

    def test_logFile(self) -> None:
        """
        A log in a file is one that can be opened again; a daemon's is in twistd.log.
        """
        for twistd, expected in (
            ({"nodaemon": True, "logfile": "peer.log"}, "peer.log"),
            ({"nodaemon": False}, "twistd.log"),
            ({"nodaemon": True}, "-"),
            ({"nodaemon": True, "logfile": "-"}, "-"),
            ({"nodaemon": False, "syslog": True, "logfile": "peer.log"}, None),
            ({"nodaemon": True, "logger": "a.name", "logfile": "peer.log"}, None),
        ):
            self.assertEqual((twistd, parsed(Anything(), **twistd).logFile), (twistd, expected))


#: A program whose stop waits for ever unless somebody is in a hurry; it signals itself.
_STUBBORN = """
import os, signal, sys
from twisted.application.service import Service
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted_messenger.programs.tap import TapOptions
from twisted_messenger.programs.tapservice import TapService

class Stubborn(Service):
    def stopService(self):
        self.stopped = Deferred()
        reactor.callLater(0, os.kill, os.getpid(), getattr(signal, sys.argv[1]))
        return self.stopped

    def hurry(self):
        print("hurried")
        if sys.argv[2] == "ends":
            self.stopped.callback(None)

service = TapService(TapOptions())
Stubborn().setServiceParent(service)
service.startService()
reactor.addSystemEventTrigger("before", "shutdown", service.stopService)
reactor.callWhenRunning(os.kill, os.getpid(), getattr(signal, sys.argv[1]))
reactor.run()
print("stopped")
"""


class SecondSignalTests(TapTestCase):
    """
    Who asks twice does not want to wait.
    """

    def test_hurried(self) -> None:
        """
        At the second signal the parts that wait are told to hurry, and the stop goes on in order.
        """
        for name in ("SIGINT", "SIGTERM"):
            done = subprocess.run(
                [sys.executable, "-c", _STUBBORN, name, "ends"],
                capture_output=True,
                timeout=60,
                text=True,
            )
            self.assertEqual((done.stdout, done.stderr), ("hurried\nstopped\n", ""))

    def test_ended(self) -> None:
        """
        A part that does not hurry is left behind soon after; the status says which signal it was.
        """
        done = subprocess.run(
            [sys.executable, "-c", _STUBBORN, "SIGINT", "never ends"],
            capture_output=True,
            timeout=60,
        )
        self.assertEqual(done.returncode, 128 + signal.SIGINT)

    def test_onlyTheReactors(self) -> None:
        """
        A program that has its own way with a signal keeps it.
        """
        running: Any = reactor
        before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
        self.addCleanup(signal.signal, signal.SIGINT, before[0])
        self.addCleanup(signal.signal, signal.SIGTERM, before[1])
        signal.signal(signal.SIGINT, running.sigInt)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        TapService(parsed(Anything())).stopService()
        self.assertNotEqual(signal.getsignal(signal.SIGINT), running.sigInt)
        self.assertTrue(callable(signal.getsignal(signal.SIGINT)))
        self.assertIs(signal.getsignal(signal.SIGTERM), signal.SIG_IGN)


class Bare(ReactorBase):
    """
    One of Twisted's reactors, which never runs.
    """

    def installWaker(self) -> None:
        """
        Nobody wakes it.
        """


class SteadyTimeTests(SynchronousTestCase):
    """
    Timers do not follow a clock that somebody sets.
    """

    def test_steady(self) -> None:
        """
        The times of a reactor are those since the machine was started.
        """
        bare = Bare()
        useSteadyTime(bare)
        before = time.monotonic()
        call = bare.callLater(100, str)
        self.assertTrue(before <= call.getTime() - 100 <= time.monotonic())
        self.assertTrue(before <= bare.seconds() <= time.monotonic())
        timeout = bare.timeout()
        assert timeout is not None
        self.assertTrue(90 < timeout <= 100)

    def test_others(self) -> None:
        """
        A clock that is not Twisted's own is left alone.
        """
        network = MemoryNetwork()
        useSteadyTime(network)
        network.advance(3)
        self.assertEqual(network.seconds(), 3)
