"""
A lock that keeps a second server out of a file, and nobody who reads it.

SQLite's own exclusive lock would keep out backups too. This one lies on a file beside the database:
the kernel lets go of it when its process ends, however it ends. On the database itself it would do
harm: whoever closes a file loses all of SQLite's locks on it.
"""

import fcntl
import os

# Longer than any note.
_NOTE_BYTES = 64


class FileLock:
    """
    The right to use what lies beside a file.

    :param path: of the file; it is made, and removed at an orderly end.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._descriptor = -1

    def take(self) -> str:
        """
        Take it.

        :returns: what its last owner has noted, if that one did not end in order; else "".
        :raises BlockingIOError: somebody has it.
        :raises OSError: the file cannot be made.
        """
        while True:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if self._isThere(descriptor):
                    self._descriptor = descriptor
                    return os.pread(descriptor, _NOTE_BYTES, 0).decode("ascii", "replace")
            except BaseException:
                os.close(descriptor)
                raise
            # Its last owner has removed it since it was opened here: others do not see this lock.
            os.close(descriptor)

    def _isThere(self, descriptor: int) -> bool:
        try:
            return os.path.samestat(os.fstat(descriptor), os.stat(self._path))
        except FileNotFoundError:
            return False

    def note(self, text: str) -> None:
        """
        Leave something for the next owner, should this one not end in order.

        :param text: a few ASCII characters.
        """
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, text.encode("ascii"), 0)
        os.fsync(self._descriptor)

    def release(self, *, inOrder: bool) -> None:
        """
        Let go; a second time, nothing happens.

        :param inOrder: the next owner needs no note.
        """
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor < 0:
            return
        if inOrder and self._isThere(descriptor):
            os.remove(self._path)
        os.close(descriptor)


def noteIn(path: str) -> str:
    """
    The note of a lock, whoever has it; "" where there is none.
    """
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            return file.read(_NOTE_BYTES)
    except FileNotFoundError:
        return ""
