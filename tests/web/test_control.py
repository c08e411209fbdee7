"""
The control socket, and where else the door is open.
"""

import os
import socket
import stat
from tempfile import TemporaryDirectory
from typing import Any

from twisted.internet.protocol import Factory
from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.errors import StartError
from twisted_messenger.testing import MemoryNetwork
from twisted_messenger.web.control import ControlPort
from twisted_messenger.web.listening import mustBeGuarded, webListeners


class ControlTests(SynchronousTestCase):
    """
    A Unix socket.
    """

    def setUp(self) -> None:
        """
        A directory of its own.
        """
        folder = TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.path = os.path.join(self.folder, "room.control")

    def opened(self, path: str | None = None) -> ControlPort:
        """
        Listen.
        """
        port = ControlPort(path or self.path, Factory(), MemoryReactorClock())
        port.startListening()
        self.addCleanup(self.close, port)
        return port

    def close(self, port: Any) -> None:
        """
        Stop listening.
        """
        if port.connected:
            port.connectionLost(None)

    def refused(self, path: str | None = None) -> str:
        """
        Fail unless it is refused in one line.
        """
        before = os.umask(0o022)
        os.umask(before)
        why = str(self.assertRaises(StartError, self.opened, path))
        self.assertEqual(os.umask(before), before)
        self.assertIn(path or self.path, why)
        self.assertNotIn("\n", why)
        return why

    def test_mode(self) -> None:
        """
        Nobody but its owner can open it, whatever the umask; and that stays as it was.
        """
        before = os.umask(0)
        self.addCleanup(os.umask, before)
        self.opened()
        self.assertEqual(stat.S_IMODE(os.stat(self.path).st_mode), 0o600)
        self.assertEqual(os.umask(0), 0)

    def test_alive(self) -> None:
        """
        One that somebody listens at is not taken over.
        """
        self.opened()
        made = os.stat(self.path)
        self.assertIn("in use", self.refused())
        self.assertEqual(os.stat(self.path).st_ino, made.st_ino)

    def test_dead(self) -> None:
        """
        One that a crash has left is replaced.
        """
        with socket.socket(socket.AF_UNIX) as crashed:
            crashed.bind(self.path)
        self.opened()
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(self.path)

    def test_something(self) -> None:
        """
        A file that is no socket is left alone.
        """
        with open(self.path, "w", encoding="ascii") as file:
            file.write("mine")
        self.assertIn("something else", self.refused())
        self.assertTrue(os.path.exists(self.path))

    def test_long(self) -> None:
        """
        A path that is too long for the kernel is refused, and told so.
        """
        self.assertIn("107", self.refused("x" * 108))
        self.assertIn("No such file", self.refused(os.path.join(self.folder, "a", "b")))

    def test_gone(self) -> None:
        """
        It goes at the stop; one that is another's by then stays.
        """
        self.close(self.opened())
        self.assertFalse(os.path.exists(self.path))
        first = self.opened()
        os.unlink(self.path)
        self.opened()
        self.close(first)
        self.assertTrue(os.path.exists(self.path))


class PlaceTests(SynchronousTestCase):
    """
    Where the door is open for HTTP.
    """

    def beyond(self, *places: str) -> list[bool]:
        """
        Whether others than this machine can come in.
        """
        return [one.isBeyond for one in webListeners(MemoryNetwork(), places, "--web")]

    def test_port(self) -> None:
        """
        A number is a port of this machine alone, by both of its names.
        """
        self.assertEqual(self.beyond("8881"), [False, False])

    def test_beyond(self) -> None:
        """
        Everything but the loopback and Unix sockets lets others in.
        """
        for place, isBeyond in (
            ("tcp:8881", True),
            ("tcp6:8881", True),
            ("tcp:8881:interface=10.0.0.1", True),
            ("tcp:8881:interface=localhost", True),
            ("haproxy:tcp:8881:interface=127.0.0.1", True),
            ("tcp:8881:interface=127.0.0.1", False),
            ("tcp:8881:interface=127.0.0.7:backlog=5", False),
            ("tcp6:8881:interface=\\:\\:1", False),
            ("unix:/run/room", False),
        ):
            self.assertEqual((place, self.beyond(place)), (place, [isBeyond]))

    def test_guarded(self) -> None:
        """
        Where others can come in there must be a token.
        """
        listeners = webListeners(MemoryNetwork(), ["tcp:8881"], "--web")
        error = self.assertRaises(ValueError, mustBeGuarded, listeners, "", "--web-token FILE")
        self.assertIn("--web tcp:8881", str(error))
        self.assertIn("--web-token FILE", str(error))
        mustBeGuarded(listeners, "x" * 16, "--web-token FILE")
        mustBeGuarded(webListeners(MemoryNetwork(), ["8881"]), "", "--web-token FILE")

    def test_none(self) -> None:
        """
        What is no place is refused with one that is.
        """
        for place in ("", "nowhere:1", "tcp:x", "tcp", "99999999"):
            error = self.assertRaises(ValueError, webListeners, MemoryNetwork(), [place], "--web")
            self.assertIn(f"--web {place}", str(error))
            self.assertNotIn("\n", str(error))
