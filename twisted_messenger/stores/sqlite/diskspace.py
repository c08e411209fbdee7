"""
How much may be written to a disk that is nearly full, so that it can be emptied again.

Everything that is written goes into the write-ahead log first and into the file later. If that
log filled the disk, nothing could be moved out of it, and nothing be deleted.
"""

import math
import os

# Bytes of a disk that new messages leave, for the changes that free space: some pages of the
# write-ahead log. On a small disk, a quarter of it.
_SPARE_BYTES = 64 * 1024
_SPARE_SHARE = 4

# When less than so many times that is left, it is worth looking closely.
_SCARCE = 4

# When more bytes than so are left, others will not fill the disk in a moment.
_PLENTY = 1024 * 1024 * 1024


class DiskSpace:
    """
    The room for new messages, as long as nobody else writes much.

    :param disk: bytes that may be written to the disk.
    :param inside: bytes that the file can take without growing.
    :param spare: bytes of the disk that are left alone.
    """

    def __init__(self, disk: float, inside: int, spare: float) -> None:
        self.scarce = disk < _SCARCE * spare
        self._disk = disk - spare
        self._inside = inside

    @classmethod
    def at(cls, path: str, inside: int) -> "DiskSpace":
        """
        Look at the disk.

        :param path: of the file; in memory there is always room.
        :param inside: bytes that the file can take without growing.
        """
        try:
            disk = os.statvfs(os.path.dirname(path) or ".")
            waiting = os.path.getsize(f"{path}-wal")
        except OSError:
            return cls(math.inf, inside, 0)
        spare = min(_SPARE_BYTES, disk.f_blocks * disk.f_frsize / _SPARE_SHARE)
        return cls(disk.f_bavail * disk.f_frsize - waiting, inside, spare)

    @property
    def plenty(self) -> bool:
        """
        Whether the disk has much more room than is needed.
        """
        return self._disk > _PLENTY

    def take(self, size: int) -> bool:
        """
        Use some: once for the write-ahead log, once for the file.

        :returns: whether there was enough.
        """
        self._disk -= size
        self._inside -= size
        if self._inside < 0:
            self._disk += self._inside
            self._inside = 0
        return self._disk >= 0
