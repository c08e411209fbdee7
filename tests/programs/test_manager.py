"""
What the service manager gets to know.
"""

import socket
from pathlib import Path
from tempfile import TemporaryDirectory

from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.programs.manager import tellManager


class ManagerTests(SynchronousTestCase):
    """
    A manager waits until a service is ready.
    """

    def manager(self, address: str) -> socket.socket:
        """
        Who wants to know.
        """
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(listening.close)
        listening.bind(address)
        listening.setblocking(False)
        return listening

    def test_path(self) -> None:
        """
        It is told at a path, or at a name in the abstract namespace.
        """
        with TemporaryDirectory() as folder:
            path = str(Path(folder, "notify"))
            name = f"\0{path}"
            for address, told in ((path, path), (name, f"@{path}")):
                manager = self.manager(address)
                tellManager("READY=1", {"NOTIFY_SOCKET": told})
                self.assertEqual(manager.recv(100), b"READY=1")

    def test_nobody(self) -> None:
        """
        Without a manager, or with one that is gone, nothing happens.
        """
        for environ in ({}, {"NOTIFY_SOCKET": ""}, {"NOTIFY_SOCKET": "/nowhere/notify"}):
            tellManager("READY=1", environ)
