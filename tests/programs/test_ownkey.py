"""
The key of a peer.
"""

import os
import tempfile
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from twisted_messenger.key import isKey
from twisted_messenger.programs.ownkey import NoKey, ownKey, readKey


class OwnKeyTests(SynchronousTestCase):
    """
    A user's state folder.
    """

    def setUp(self) -> None:
        """
        It is not there yet.
        """
        home = tempfile.TemporaryDirectory()
        self.addCleanup(home.cleanup)
        self.path = Path(home.name) / "state" / "chatpeer-key"

    def test_made(self) -> None:
        """
        It is made once, for its user's eyes only, and stays.
        """
        self.assertIsNone(readKey(self.path))
        self.assertFalse(self.path.parent.exists())
        key = ownKey(self.path)
        self.assertTrue(isKey(key))
        self.assertEqual((ownKey(self.path), readKey(self.path)), (key, key))
        self.assertEqual(self.path.stat().st_mode & 0o777, 0o600)
        self.assertEqual(os.listdir(self.path.parent), ["chatpeer-key"])

    def test_others(self) -> None:
        """
        A file that others could read is theirs no more.
        """
        key = ownKey(self.path)
        self.path.chmod(0o644)
        self.assertEqual(ownKey(self.path), key)
        self.assertEqual(self.path.stat().st_mode & 0o777, 0o600)

    def test_noKey(self) -> None:
        """
        What is none is not overwritten, and the text names the file.
        """
        self.path.parent.mkdir()
        for content in (b"", b"short", b"two,options", b"two|fields", b"\xff" * 20, b"two\nlines!"):
            self.path.write_bytes(content)
            for read in (ownKey, readKey):
                problem = self.assertRaises(NoKey, read, self.path)
                self.assertIn("chatpeer-key", str(problem))
            self.assertEqual(self.path.read_bytes(), content)

    def test_nowhere(self) -> None:
        """
        Where none can be kept, there is none.
        """
        problem = self.assertRaises(NoKey, ownKey, Path("/dev/null/chatpeer-key"))
        self.assertIn("Not a directory", str(problem))
