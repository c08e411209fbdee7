"""
Where the lines that a person typed are kept across starts.
"""

import os
import pwd
import stat
from collections.abc import Mapping
from errno import EPERM
from pathlib import Path

#: Bytes of history that are kept: some thousands of lines.
MAX_HISTORY_BYTES = 512 * 1024

# What others may not do with the file.
_OTHERS = 0o077

# How an entry of prompt_toolkit's file begins.
_ENTRY = b"\n# "


def historyFile(environ: Mapping[str, str]) -> Path:
    """
    The file, in the user's state folder.

    :param environ: for ``XDG_STATE_HOME``, which the XDG base directory specification names, and
        ``HOME``; without one, the user's home is what the system knows.
    """
    state = Path(environ.get("XDG_STATE_HOME", ""))
    if not state.is_absolute():
        # The specification: relative paths are invalid and ignored.
        state = _home(environ.get("HOME", "")) / ".local" / "state"
    return state / "twisted_messenger" / "chatpeer-history"


def _home(given: str) -> Path:
    home = Path(given)
    if home.is_absolute():
        return home
    # Never the working directory: what is typed would lie in somebody's repository.
    try:
        return Path("/", pwd.getpwuid(os.getuid()).pw_dir)
    except KeyError:
        # A user of whom the system knows nothing, as in a container.
        return Path("/")


def prepare(path: Path, maxBytes: int = MAX_HISTORY_BYTES) -> None:
    """
    Make the file, for its user's eyes only, and drop the oldest entries of a long one.

    :param maxBytes: that are kept of it.
    :raises OSError: it cannot be written, or others can read it.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_APPEND, 0o600)
    try:
        _makePrivate(descriptor)
        if os.fstat(descriptor).st_size <= 2 * maxBytes:
            return
    finally:
        os.close(descriptor)
    kept = path.read_bytes()[-maxBytes:]
    start = kept.find(_ENTRY)
    shorter = path.with_suffix(f".{os.getpid()}")
    try:
        with open(os.open(shorter, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as file:
            file.write(kept[start:] if start >= 0 else b"")
        shorter.replace(path)
    except OSError:
        shorter.unlink(missing_ok=True)
        raise


def _makePrivate(descriptor: int) -> None:
    if _isOpenToOthers(descriptor):
        os.fchmod(descriptor, 0o600)
        if _isOpenToOthers(descriptor):
            # So it is on some file systems.
            raise OSError(EPERM, "others can read it")


def _isOpenToOthers(descriptor: int) -> bool:
    mode = os.fstat(descriptor).st_mode
    # A device that somebody has put there keeps its mode.
    return stat.S_ISREG(mode) and bool(mode & _OTHERS)


def add(path: Path, entry: bytes) -> None:
    """
    Write an entry at the end, for its user's eyes only.

    :raises OSError: it could not be written, or not all of it.
    """
    descriptor = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
    with open(descriptor, "ab") as file:
        file.write(entry)
