"""
The key of a person's peer, kept in a file for its user's eyes only.
"""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from twisted_messenger.key import isKey

# Random bytes of a key.
_KEY_BYTES = 16

# What others may not do with the file.
_OTHERS = 0o077


class NoKey(Exception):
    """
    There is no key; the text says why.
    """


def readKey(path: Path) -> str | None:
    """
    Read the key, and take the file out of others' sight.

    :returns: ``None`` where there is no file.
    :raises NoKey: it cannot be read, or holds none.
    """
    try:
        if path.stat().st_mode & _OTHERS:
            path.chmod(0o600)
        key = path.read_text("utf-8").strip()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise NoKey(f"{path}: {getattr(error, 'strerror', None) or error}") from None
    if not isKey(key):
        raise NoKey(f"{path}: this is no key")
    return key


def ownKey(path: Path) -> str:
    """
    Read the key, and make one where there is none.

    :raises NoKey: it can neither be read nor made.
    """
    key = readKey(path)
    if key is not None:
        return key
    made = secrets.token_urlsafe(_KEY_BYTES)
    try:
        _keep(path, made)
    except OSError as error:
        raise NoKey(f"{path}: {error.strerror}") from None
    # Another peer may have been faster.
    return readKey(path) or made


def _keep(path: Path, key: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    whole = path.with_name(f"{path.name}.{os.getpid()}")
    flags = os.O_CREAT | os.O_WRONLY | os.O_TRUNC
    with open(os.open(whole, flags, 0o600), "w", encoding="utf-8") as file:
        file.write(f"{key}\n")
    try:
        # It is there as a whole or not at all, and never in the place of another one.
        with suppress(FileExistsError):
            os.link(whole, path)
    finally:
        whole.unlink()
