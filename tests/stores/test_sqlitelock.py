"""
The lock beside a SQLite file.
"""

import os
import subprocess
import sys
from tempfile import TemporaryDirectory

from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.stores.sqlite.lock import FileLock

_KILLED = """
import os, signal, sys
from twisted_messenger.stores.sqlite.lock import FileLock

lock = FileLock(sys.argv[1])
lock.take()
lock.note("17")
os.kill(os.getpid(), signal.SIGKILL)
"""


class FileLockTests(SynchronousTestCase):
    """
    One server has a file, until it ends, however it ends.
    """

    def setUp(self) -> None:
        """
        Make an empty directory.
        """
        directory = TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.path = os.path.join(directory.name, "room.sqlite-lock")

    def taken(self) -> FileLock:
        """
        A lock that is held until the end of the test.
        """
        lock = FileLock(self.path)
        self.assertEqual(lock.take(), "")
        self.addCleanup(lambda: lock.release(inOrder=True))
        return lock

    def test_one(self) -> None:
        """
        A second one is refused, and does the first no harm by that.
        """
        self.taken()
        for _ in range(2):
            self.assertRaises(BlockingIOError, FileLock(self.path).take)

    def test_inOrder(self) -> None:
        """
        Nothing is left, and the next one can have it.
        """
        self.taken().release(inOrder=True)
        self.assertFalse(os.path.exists(self.path))
        self.taken()

    def test_note(self) -> None:
        """
        Where the end was not in order, the next one is told the last note.
        """
        lock = self.taken()
        lock.note("a long one")
        lock.note("short")
        lock.release(inOrder=False)
        self.assertEqual(FileLock(self.path).take(), "short")

    def test_twice(self) -> None:
        """
        Who lets go twice does not let go of another's.
        """
        lock = self.taken()
        lock.release(inOrder=True)
        self.taken()
        lock.release(inOrder=True)
        self.assertRaises(BlockingIOError, FileLock(self.path).take)

    def test_removed(self) -> None:
        """
        Whose file was removed does not remove the next one's.
        """
        lock = self.taken()
        os.remove(self.path)
        self.taken()
        lock.release(inOrder=True)
        self.assertRaises(BlockingIOError, FileLock(self.path).take)

    def test_killed(self) -> None:
        """
        A process that was killed holds nobody up.
        """
        ended = subprocess.run([sys.executable, "-c", _KILLED, self.path], timeout=30, check=False)
        self.assertEqual(ended.returncode, -9)
        lock = FileLock(self.path)
        self.assertEqual(lock.take(), "17")
        lock.release(inOrder=True)
