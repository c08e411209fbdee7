"""
Where the lines that a person typed are kept across starts.
"""

import os
from collections.abc import Mapping
from pathlib import Path

#: Bytes of history that are kept: some thousands of lines.
MAX_HISTORY_BYTES = 512 * 1024

# How an entry of prompt_toolkit's file begins.
_ENTRY = b"\n# "


def historyFile(environ: Mapping[str, str]) -> Path:
    """
    The file, in the user's state folder.

    :param environ: for ``XDG_STATE_HOME``, which the XDG base directory specification names, and
        ``HOME``.
    """
    state = Path(environ.get("XDG_STATE_HOME", ""))
    if not state.is_absolute():
        # The specification: relative paths are invalid and ignored.
        state = Path(environ.get("HOME", "/")) / ".local" / "state"
    return state / "twisted_messenger" / "chatpeer-history"


def prepare(path: Path, maxBytes: int = MAX_HISTORY_BYTES) -> None:
    """
    Make the file, for its user's eyes only, and drop the oldest entries of a long one.

    :param maxBytes: that are kept of it.
    :raises OSError: it cannot be written.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_APPEND, 0o600)
    try:
        if os.fstat(descriptor).st_size <= 2 * maxBytes:
            return
    finally:
        os.close(descriptor)
    kept = path.read_bytes()[-maxBytes:]
    start = kept.find(_ENTRY)
    shorter = path.with_suffix(f".{os.getpid()}")
    with open(os.open(shorter, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as file:
        file.write(kept[start:] if start >= 0 else b"")
    shorter.replace(path)
