"""
A copy of a database, before it is changed for good. It blocks.
"""

import os
import sqlite3
from contextlib import closing


def keepCopy(database: sqlite3.Connection, path: str) -> None:
    """
    Copy a database as it is now.

    :param database: open, and not changed in this transaction.
    :param path: of the copy; an older one gives way when the new one is whole.
    :raises sqlite3.Error: it cannot be written.
    """
    unfinished = f"{path}-unfinished"
    try:
        if os.path.exists(unfinished):
            os.remove(unfinished)
        with closing(sqlite3.connect(unfinished)) as copy:
            database.backup(copy)
        os.replace(unfinished, path)
    except OSError as error:
        raise sqlite3.OperationalError(f"{path}: {error.strerror}") from error
