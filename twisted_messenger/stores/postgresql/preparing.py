"""
Makes the tables of a room where there are none, and brings older ones up.
"""

from pathlib import Path
from typing import Any

from twisted.logger import Logger

from twisted_messenger.errors import StartError
from twisted_messenger.stores.postgresql.leasetables import ALIVE

#: The version of ``schema.sql``.
SCHEMA_VERSION = 2

# Two nodes that make the first start of a room at once must not both make its tables.
_SCHEMA_LOCK = 0x7717ED

_log = Logger()


def prepareTables(cursor: Any, schema: str) -> None:
    """
    Make the room's tables where there are none, and bring older ones up.

    :param schema: its name.
    :raises StartError: they cannot be used.
    """
    cursor.execute("SELECT pg_advisory_xact_lock(%s)", (_SCHEMA_LOCK,))
    # Of the catalogue itself: what a session remembers of names is older than the lock.
    (there,) = cursor.execute(
        "SELECT EXISTS (SELECT FROM pg_tables WHERE schemaname = %s AND tablename = 'room')",
        (schema,),
    ).fetchone()
    if not there:
        _create(cursor, schema)
    (version,) = cursor.execute("SELECT version FROM room").fetchone()
    if version == 1:
        _upgrade(cursor)
    elif version != SCHEMA_VERSION:
        raise StartError(
            f"--store: the room's tables have version {version}, and this program knows"
            f" {SCHEMA_VERSION}; run the program that made them, or give another --room"
        )
    for setting in ("synchronous_commit", "fsync"):
        (value,) = cursor.execute(f"SHOW {setting}").fetchone()
        if value == "off":
            _log.warn(
                "the database has {setting} off: what was accepted can be lost when it crashes",
                setting=setting,
            )


def _create(cursor: Any, schema: str) -> None:
    (made,) = cursor.execute(
        "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = %s)", (schema,)
    ).fetchone()
    if not made:
        # Where somebody else has made it, this node may not be allowed to.
        cursor.execute(f'CREATE SCHEMA "{schema}"')
    cursor.execute(_script("schema.sql"))


def _upgrade(cursor: Any) -> None:
    """
    Bring tables of version 1 up, in the transaction that the start is.
    """
    (alive,) = cursor.execute(ALIVE).fetchone()
    if alive:
        raise StartError(
            f"--store: the room's tables have version 1, and {alive} nodes that know no other"
            " are running (or ended a moment ago); stop them, then start this one again"
        )
    cursor.execute("SET LOCAL statement_timeout = 0")
    cursor.execute(_script("upgrade1.sql"))
    _log.info("the room's tables were brought from version 1 to 2")


def _script(name: str) -> str:
    return Path(__file__).with_name(name).read_text("utf-8")
