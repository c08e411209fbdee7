"""
A room in a database, read as it is at one moment, or filled with another's contents. It blocks.
"""

from collections.abc import Callable
from typing import Any

from twisted_messenger.contents import RoomContents
from twisted_messenger.errors import StartError
from twisted_messenger.stores.postgresql.database import PostgreSQLDatabase
from twisted_messenger.stores.postgresql.leasetables import ALIVE
from twisted_messenger.stores.postgresql.preparing import SCHEMA_VERSION, prepareTables
from twisted_messenger.stores.postgresql.tables import PostgreSQLTables

# All of a room takes longer than any statement of a node, and waits for the other store.
_PATIENTLY = "SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0"


def exportRoom(
    database: PostgreSQLDatabase,
    tables: PostgreSQLTables,
    taken: Callable[[RoomContents], object],
    *,
    inUse: bool,
) -> None:
    """
    See :class:`~twisted_messenger.interfaces.IPortableStore`.
    """

    def export(cursor: Any) -> None:
        # What others commit from now on is not seen.
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute(_PATIENTLY)
        _mustBeKnown(cursor, database)
        if not inUse:
            _mustBeIdle(cursor, database)
        taken(tables.on(cursor).exported())

    database.once(export)


def fillRoom(
    database: PostgreSQLDatabase, tables: PostgreSQLTables, contents: RoomContents
) -> None:
    """
    See :class:`~twisted_messenger.interfaces.IPortableStore`.
    """

    def fill(cursor: Any) -> None:
        prepareTables(cursor, database.schema)
        cursor.execute(_PATIENTLY)
        _mustBeIdle(cursor, database)
        if not tables.on(cursor).receive(contents):
            raise StartError(f"{database.name}: there is a room already; give another --to-room")

    database.once(fill)


def _mustBeKnown(cursor: Any, database: PostgreSQLDatabase) -> None:
    there = cursor.execute("SELECT to_regclass(%s)", (f"{database.schema}.room",)).fetchone()[0]
    if there is None:
        raise StartError(f"{database.name}: no such room")
    (version,) = cursor.execute("SELECT version FROM room").fetchone()
    if version != SCHEMA_VERSION:
        raise StartError(
            f"{database.name}: it has version {version}, and this program knows {SCHEMA_VERSION};"
            " chatserver brings older ones up when it opens them"
        )


def _mustBeIdle(cursor: Any, database: PostgreSQLDatabase) -> None:
    (alive,) = cursor.execute(ALIVE).fetchone()
    if alive:
        raise StartError(
            f"{database.name}: in use by {alive} nodes (or was a moment ago); stop them first"
        )
