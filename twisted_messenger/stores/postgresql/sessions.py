"""
Sessions with a PostgreSQL server: how long they wait, what they are told first, and whether a
pooler hands them on.
"""

import uuid
from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo

from twisted_messenger.errors import StartError

#: Seconds that one statement may take, and that a transaction may stand still: a node that was
#: stopped in the middle of one keeps the room's lock for no longer.
STATEMENT_SECONDS = 10
STANDSTILL_SECONDS = 2

# Seconds until a server must answer.
_CONNECT_SECONDS = 3

# Seconds, and how often: a server whose machine has gone is given up after some ten seconds.
_KEEPALIVES = {"keepalives_idle": 4, "keepalives_interval": 2, "keepalives_count": 3}

# Of a program's own name, so that the node's is not cut off: PostgreSQL takes 63 bytes.
_PROGRAM = 26

# Seconds in which a notice must come back, at the start.
_PROBE_SECONDS = 5.0

_SET = (
    "SELECT set_config('search_path', %(path)s, false),"
    " set_config('statement_timeout', %(statement)s, false),"
    " set_config('idle_in_transaction_session_timeout', %(standstill)s, false),"
    " set_config('twisted_messenger.origin', %(origin)s, false)"
)

_UNTOLD = (
    psycopg.errors.InsufficientPrivilege,
    psycopg.errors.UndefinedFunction,
    psycopg.errors.FeatureNotSupported,
)

# A server that only follows another one does not answer.
_ORIGIN = (
    "SELECT system_identifier || '/' || left(pg_walfile_name(pg_current_wal_lsn()), 8)"
    " FROM pg_control_system()"
)


def sessionInfo(conninfo: str, asked: Mapping[str, Any], node: str) -> str:
    """
    How a node connects.

    :param conninfo: as the operator gave it.
    :param asked: what is in it.
    :param node: is shown in the server's list of sessions.
    """
    program = asked.get("application_name", "twisted_messenger")
    return make_conninfo(
        conninfo,
        client_encoding="UTF8",
        connect_timeout=asked.get("connect_timeout", _CONNECT_SECONDS),
        tcp_user_timeout=asked.get("tcp_user_timeout", 1000 * _CONNECT_SECONDS),
        **_KEEPALIVES,
        application_name=f"{program[:_PROGRAM]} {node}",
    )


def beginSession(connection: Any, schema: str, *, autocommit: bool) -> None:
    """
    Prepare a new connection. A pooler takes no settings along with its start.
    """
    # What a transaction sets is gone when it is undone.
    connection.autocommit = True
    try:
        values = {
            "path": f'"{schema}"',
            "statement": f"{STATEMENT_SECONDS}s",
            "standstill": f"{STANDSTILL_SECONDS}s",
            "origin": _originOf(connection),
        }
        connection.execute(_SET, values)
    except psycopg.Error:
        connection.close()
        raise
    connection.autocommit = autocommit


def probe(conninfo: str, name: str) -> None:
    """
    See that a session is one, before anything is set that strangers would find in theirs.

    :param name: of the server, for people.
    :raises StartError: it is of no use.
    """
    with (
        psycopg.connect(conninfo, autocommit=True) as listening,
        psycopg.connect(conninfo, autocommit=True) as telling,
    ):
        _mustBeUTF8(listening, name)
        channel = f"probe{uuid.uuid4().hex}"
        listening.execute(f"LISTEN {channel}")
        telling.execute("SELECT pg_notify(%s, '')", (channel,))
        if not any(True for _ in listening.notifies(timeout=_PROBE_SECONDS, stop_after=1)):
            raise StartError(
                f"--store: {name}: no notice comes back, as with a pooler in transaction"
                " mode; let it pool sessions, or give the database's own address"
            )


def _mustBeUTF8(connection: Any, name: str) -> None:
    (encoding,) = connection.execute("SHOW server_encoding").fetchone()
    if encoding != "UTF8":
        raise StartError(
            f"--store: {name}: the database's encoding is {encoding}, and not every"
            " message fits in there; make one with: createdb -E UTF8 -T template0"
        )


def _originOf(connection: Any) -> str:
    try:
        (origin,) = connection.execute(_ORIGIN).fetchone()
    except _UNTOLD:
        # Some who rent databases out keep this to themselves.
        return ""
    return str(origin)
