"""
What the errors of a PostgreSQL server, and of the way to it, mean.
"""

import psycopg
from twisted.python.failure import Failure

from twisted_messenger.errors import StoreError, StoreFull, StoreLost

_FULL = (psycopg.errors.DiskFull,)

_LOST = (psycopg.OperationalError, psycopg.InterfaceError)

# Errors of these classes say something of the session or of the server, not of what was asked: it
# may only be read, it is about to end or not yet there. Another connection may find it otherwise.
_OF_THE_SESSION = ("25", "57")


def firstLine(error: Exception) -> str:
    """
    What went wrong, in one line.
    """
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__


def isOfTheSession(error: BaseException | None) -> bool:
    """
    Whether another connection may find it otherwise.
    """
    return isinstance(error, psycopg.Error) and (error.sqlstate or "")[:2] in _OF_THE_SESSION


def translated(reason: Failure) -> Failure:
    """
    What psycopg says, in the store's own words.
    """
    error = reason.value
    if not isinstance(error, psycopg.Error):
        return reason
    if isinstance(error, _FULL):
        return Failure(StoreFull(firstLine(error)))
    if isinstance(error, _LOST) or isOfTheSession(error):
        return Failure(StoreLost(firstLine(error)))
    return Failure(StoreError(firstLine(error)))
